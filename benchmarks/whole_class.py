"""Grades a whole made-up class, with two interruptions by SIGKILL, and checks every grade.

    python benchmarks/whole_class.py [--size 300] [--layout folder|gradescope|canvas] [--jobs 2] [--uninterrupted]

Runs `grader batch CLASS --out GRADES --no-accuracy` and kills it twice: after a third of the class the first process
alone, after two thirds all processes of its group. The third run resumes and finishes. Then the benchmark prints what
the runs cost, whether anything was graded twice, and whether each grade is the expected one (`a_class.py`).

--uninterrupted grades the class once more without interruptions: this gives the seconds and must give the same
verdicts. --slurm grades it once more in two array tasks of a real Slurm of one node, which it starts. The baseline is
`grader grade`, one submission after the other. It runs on a few submissions only, so its figure for the class is an
extrapolation. Without --public-only, the secret is the one in $GRADER_SECRET, or a new one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.a_class import HandedIn, make  # noqa: E402  (after the path)
from benchmarks.class_layouts import LAYOUTS  # noqa: E402
from benchmarks.process_tree import run  # noqa: E402
from benchmarks.record import figure, named, record  # noqa: E402
from grader.batch.cache_keys import UNIT  # noqa: E402
from grader.batch.entries import Intake  # noqa: E402
from grader.batch.intake import read_class  # noqa: E402
from grader.batch.ledger import Ledger  # noqa: E402
from grader.course import assignment as assignments  # noqa: E402
from grader.report.record import everything_asked  # noqa: E402
from grader.runtime.case import Outcome  # noqa: E402
from grader.similarity.pairs import pairs  # noqa: E402
from tests import one_node  # noqa: E402

TASKS = 2  # of Slurm, with one core each
Verdicts = Mapping[str, Mapping[str, tuple[Outcome, float]]]  # record -> case -> outcome and points


def finished(grades: Path) -> dict[str, tuple[int, int]]:
    """The identity of each graded submission's file, which changes when the file is written again."""
    identities = {}
    for path in (grades / "ledger").glob(f"*/{UNIT}.json"):
        stat = path.stat()
        identities[path.parent.name] = stat.st_ino, stat.st_mtime_ns
    return identities


def verdicts(grades: Path, intake: Intake, asked: Mapping) -> Verdicts:
    """Read the verdicts on each submission of the class from the ledger."""
    ledger = Ledger(grades, asked)
    stages = {entry.record: ledger.read(entry.record, UNIT) for entry in intake.entries}
    return {
        record: {v.case.id: (v.outcome, v.points) for v in stage.verdicts} if stage else {}
        for record, stage in stages.items()
    }


def wrong(handed_in: Sequence[HandedIn], intake: Intake, found: Verdicts, hidden: bool) -> list[str]:
    """A line for each submission whose grade is not the expected one."""
    records = {path.name: e.record for e in intake.entries for path in (e.path, *e.loose.values()) if path}
    lines = []
    for h in handed_in:
        what, given = f"{h.work.kind} {h.work.about}".strip(), found.get(records.get(h.path.name, ""))
        if not given:
            lines.append(f"{what} ({h.path}) is not graded")
            continue
        due = h.points if hidden or not h.work.needs_secret else {}
        off = [f"{id} {given[id][1]:g}, not {p:g}" for id, p in due.items() if abs(given[id][1] - p) > 1e-9]
        off += [f"{id} {outcome}" for id, (outcome, _) in given.items() if outcome is Outcome.INFRASTRUCTURE]
        if off:
            lines.append(f"{what} ({h.path}): {'; '.join(off[:5])}")
    return lines


def other(first: Verdicts, second: Verdicts) -> list[str]:
    """The names of the records whose verdicts differ."""
    return sorted(record for record in first if first[record] != second.get(record))


def baseline(folder: Path, handed_in: Sequence[HandedIn], count: int, options: Sequence[str]) -> float:
    """Mean seconds of `grader grade` on some submissions, with a new process for each. Leaves out those that hang."""
    chosen = [h for h in handed_in if h.work.kind != "hanging"]
    start = time.perf_counter()
    for h in chosen[:: max(1, len(chosen) // count)][:count]:
        command = [sys.executable, "-m", "grader", "grade", "--json", "--no-accuracy", *options, "--", folder / h.path]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - start) / count


@contextlib.contextmanager
def cluster(place: Path) -> Iterator[dict[str, str]]:
    """Start a Slurm of one node, and write its settings to `place`. Yields the environment that reaches it."""
    if lacks := one_node.lacks():
        sys.exit(f"--slurm: {lacks}")
    (place / "cluster.toml").write_text(f"tasks = {TASKS}\nminutes = 60\ncpus = 1\nmemory_gb = 4\n")
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, one_node.cluster(Path(folder)) as environment:
        yield environment


def main():
    """Measure, print, and return whether something is wrong, the name of the result, and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--layout", choices=LAYOUTS, default="folder")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--baseline", type=int, default=5, help="submissions to time `grader grade` on")
    parser.add_argument("--public-only", action="store_true", help="skip the hidden inputs")
    parser.add_argument("--uninterrupted", action="store_true", help="grade the class again in one go, and compare")
    parser.add_argument("--slurm", action="store_true", help="grade it again in two tasks of Slurm, and compare")
    parser.add_argument("--keep", type=Path, help="keep the class and its grades in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="whole-class-") as temporary:
        failed, figures = measure((arguments.keep or Path(temporary)).resolve(), arguments)
    return failed, named("whole_class", arguments.layout if arguments.layout != "folder" else ""), figures


def measure(place, arguments):
    """Make the class, grade it, and return whether something is wrong and the figures."""
    assignment, folder = assignments.load(), place / "class"
    asked, hidden = everything_asked(assignment), not arguments.public_only
    os.environ.setdefault("GRADER_SECRET", str(place / "secret"))
    options = [] if hidden else ["--public-only"]
    handed_in = make(folder, arguments.size, arguments.layout)
    intake = read_class(folder, assignment)

    def batch(grades, *more):
        head = [sys.executable, "-m", "grader", "batch", str(folder), "--out", str(place / grades), "--no-accuracy"]
        return [*head, "--jobs", str(arguments.jobs), *options, *more]

    start = time.perf_counter()
    subprocess.run(batch("grades", "--dry-run"), cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    print(f"{len(handed_in)} submissions, {arguments.layout}; goldens of hidden inputs, made once: ", end="")
    print(f"{time.perf_counter() - start:.0f} s")

    grades, runs, kept, failed, twice = place / "grades", [], {}, False, 0
    for third, whole_group in ((1, False), (2, True), (3, False)):
        most = arguments.size * third // 3 if third < 3 else float("inf")
        runs.append(run(batch("grades"), lambda most=most: len(finished(grades)) >= most, whole_group))
        now = finished(grades)
        again = [name for name, file in kept.items() if now.get(name) != file]
        print(f"run {third}: {runs[-1].seconds:.0f} s, ended with {runs[-1].status}, ", end="")
        print(f"{runs[-1].left} processes left behind, {len(now)} finished, {len(again)} graded twice", flush=True)
        graded, kept, twice = len(kept), now, twice + len(again)
        failed |= bool(again) or (third < 3) != (runs[-1].status == -signal.SIGKILL)
    last = len(kept) - graded
    if last < 1:
        sys.exit("the last run graded nothing: its output above says why")
    cpu_seconds, peak = runs[-1].cpu_seconds / last, max(r.memory for r in runs) / 2**20
    print(f"{cpu_seconds:.2f} CPU seconds per submission in the last run, which graded {last}")
    total, given = sum(r.seconds for r in runs), verdicts(grades, intake, asked)
    print(f"{total / arguments.size:.2f} s per submission with both interruptions, {arguments.jobs} jobs; ", end="")
    print(f"peak {peak:.0f} MiB of all processes together")
    lines = wrong(handed_in, intake, given, hidden)
    print(f"{len(handed_in) - len(lines)} of {len(handed_in)} grades are the expected ones", *lines, sep="\n  ")
    figures = [
        figure(f"Grades that are the expected ones, of {len(handed_in)}", len(handed_in) - len(lines)),
        figure("Submissions graded twice", twice),
        figure("A submission, with both interruptions", total / arguments.size, "s"),
        figure("CPU time of a submission, in the run that was not interrupted", cpu_seconds, "s"),
        figure("Memory of all processes together, at its peak", peak, "MiB"),
    ]

    again = run(batch("grades"))
    size = (grades / "report.html").stat().st_size
    print(f"nothing left to grade: {again.seconds:.1f} s; report.html has {size / 2**20:.2f} MiB")
    start = time.perf_counter()
    alike = pairs({entry.record: entry.path for entry in intake.entries if entry.path}, assignment)
    comparing = time.perf_counter() - start
    print(f"of those, to compare all submissions: {comparing:.1f} s; {len(alike)} pairs are similar")
    figures += [
        figure("`grader batch` when nothing is left to grade", again.seconds, "s"),
        figure("Of those, to compare all submissions for similarity", comparing, "s"),
    ]

    compared = [("uninterrupted", [])] if arguments.uninterrupted else []
    compared += [("slurm", ["--slurm", str(place / "cluster.toml")])] if arguments.slurm else []
    each = total / arguments.size
    for name, more in compared:
        with cluster(place) if more else contextlib.nullcontext() as environment:
            once = run(batch(name, *more), environment=environment)
        differ = other(given, verdicts(place / name, intake, asked))
        where = f"in {TASKS} tasks of Slurm" if more else "without interruptions"
        figures += [
            figure(f"A submission, {where}", once.seconds / arguments.size, "s"),
            figure(f"Submissions whose verdicts differ {where}", len(differ)),
        ]
        print(f"{name}: {once.seconds:.0f} s, {once.seconds / arguments.size:.2f} s per submission, ", end="")
        print(f"verdicts differ for {len(differ)} submissions", *differ, flush=True)
        failed |= bool(differ)
        each = each if more else once.seconds / arguments.size
    one = baseline(folder, handed_in, arguments.baseline, options)
    base = ("`grader grade`, one process for each", one)
    figures.append(figure("A submission in `grader batch`", each, "s", baseline=base, ratio=one / each))
    print(f"baseline, `grader grade` one by one: {one:.2f} s per submission, {one / each:.1f} times as long ", end="")
    print(f"(mean of {arguments.baseline} that do not hang; {one * arguments.size:.0f} s for the class, extrapolated)")
    return failed or bool(lines), figures


if __name__ == "__main__":
    wrong_grades, name, measured = main()
    record(name, measured, note="Unit cases only. The class is made up, with hostile submissions among the others.")
    sys.exit(1 if wrong_grades else 0)
