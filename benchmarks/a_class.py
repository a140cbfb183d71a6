"""Makes a class: what many students hand in, good, unfinished, wrong, hostile and unreadable, with what is due for it.

    python benchmarks/a_class.py CLASS [--size 300] [--layout folder|gradescope|canvas] [--seed 0]

The same seed makes the same class. Beside CLASS a file CLASS.expected.json tells for each submission what it is, and
the points of the unit cases where they are certain: of the solution and its variants all, of a mistake those that it
loses. `folder` mixes zips and folders, with plausible and nasty names; `gradescope` is a bulk export, with groups and
older attempts; `canvas` a download, with late flags, older attempts and single files instead of a zip.
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
from grader import assignment as assignments  # noqa: E402


@dataclass(frozen=True)
class HandedIn:
    """A submission of the class."""

    path: Path  # of what counts, relative to the class: a folder, a zip, or one of several single files
    work: Work
    points: dict[str, float]  # of unit cases, where they are certain


def make(folder: Path, size: int = 300, layout: str = "folder", seed: int = 0) -> list[HandedIn]:
    """Make a class.

    Args:
        folder: that is not there yet.
        size: how many submissions count; older attempts come on top.
        layout: of LAYOUTS.
        seed: of everything.

    Raises:
        ValueError: too small for every kind, or no such layout.
        FileExistsError: the folder is there.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"there is no layout {layout!r}: take one of {', '.join(LAYOUTS)}")
    assignment, rng = assignments.load(staff=True), random.Random(seed)
    handing_in, handed_in = works(assignment, rng, size), []
    folder.mkdir(parents=True)
    write = LAYOUTS[layout](folder, rng)
    for work in handing_in:
        with tempfile.TemporaryDirectory(prefix="handing-in-") as place, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names that are in a zip twice, on purpose
            built = work.build(Path(place))
            for name in work.checkpoints if built.is_dir() else ():
                (built / "checkpoints").mkdir(exist_ok=True)
                shutil.copyfile(assignment.solution / "checkpoints" / name, built / "checkpoints" / name)
            path, faithful = write.one(built, work)
        handed_in.append(HandedIn(path.relative_to(folder), work, dict(work.points) if faithful else {}))
    write.finish()
    return handed_in


def expected(handed_in: list[HandedIn]) -> dict:
    """Ready for JSON: {path: what it is, and the points that are certain}."""
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
    """Make one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--layout", choices=LAYOUTS, default="folder")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    handed_in = make(arguments.folder, arguments.size, arguments.layout, arguments.seed)
    told = arguments.folder.with_name(f"{arguments.folder.name}.expected.json")
    told.write_text(json.dumps(expected(handed_in), indent=1))
    print(f"{arguments.folder}: {len(handed_in)} submissions; {told} tells what is due")


if __name__ == "__main__":
    main()
