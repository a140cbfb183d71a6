"""Makes a class of submissions (right, unfinished, wrong, hostile and unreadable) and the grades to expect for them.

    python benchmarks/a_class.py CLASS [--size 300] [--layout folder|gradescope|canvas] [--seed 0]

The same seed makes the same class. CLASS.expected.json, beside CLASS, describes each submission, with its points for
unit cases where these are certain: full points for the solution and its variants, and no points for the cases that a
mistake fails. `folder` mixes zips and folders, with plausible and nasty names. `gradescope` is a bulk export, with
groups and older attempts. `canvas` is a download, with late flags, older attempts and single files instead of a zip.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.class_layouts import LAYOUTS  # noqa: E402  (after the path)
from benchmarks.handed_in import Work, works  # noqa: E402
from grader.course import assignment as assignments  # noqa: E402


@dataclass(frozen=True)
class HandedIn:
    """A submission in the class."""

    path: Path  # path relative to the class: a folder, a zip, or one of several single files
    work: Work
    points: dict[str, float]  # points of unit cases, where these are certain


def make(folder: Path, size: int = 300, layout: str = "folder", seed: int = 0) -> list[HandedIn]:
    """Make a class.

    Args:
        folder: a folder that does not exist yet.
        size: number of submissions that count; older attempts come on top.
        layout: one of LAYOUTS.
        seed: seed of every random choice.

    Raises:
        ValueError: the size is too small for all kinds, or there is no such layout.
        FileExistsError: the folder exists.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"there is no layout {layout!r}: choose from {', '.join(LAYOUTS)}")
    assignment, rng = assignments.load(staff=True), random.Random(seed)
    handing_in, handed_in = works(assignment, rng, size), []
    folder.mkdir(parents=True)
    write = LAYOUTS[layout](folder, rng)
    for work in handing_in:
        with tempfile.TemporaryDirectory(prefix="handing-in-") as place, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some zips contain a name twice, on purpose
            built = work.build(Path(place))
            for name in work.checkpoints if built.is_dir() else ():
                (built / "checkpoints").mkdir(exist_ok=True)
                shutil.copyfile(assignment.solution / "checkpoints" / name, built / "checkpoints" / name)
            path, faithful = write.one(built, work)
        handed_in.append(HandedIn(path.relative_to(folder), work, dict(work.points) if faithful else {}))
    write.finish()
    return handed_in


def expected(handed_in: list[HandedIn]) -> dict:
    """Describe the class for JSON: {path: its kind, what it is about, and the points that are certain}."""
    return {
        os.fsencode(h.path).decode(errors="backslashreplace"): {
            "kind": h.work.kind,
            "about": h.work.about,
            "points": h.points,
            "needs_secret": h.work.needs_secret,
        }
        for h in handed_in
    }


def main():
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--layout", choices=LAYOUTS, default="folder")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    handed_in = make(arguments.folder, arguments.size, arguments.layout, arguments.seed)
    grades = arguments.folder.with_name(f"{arguments.folder.name}.expected.json")
    grades.write_text(json.dumps(expected(handed_in), indent=1))
    print(f"{arguments.folder}: {len(handed_in)} submissions; {grades} tells what is due")


if __name__ == "__main__":
    main()
