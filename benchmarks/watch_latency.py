"""Measures the time from a save until `grader watch` shows the verdict, compared with `pytest grader/`.

    python benchmarks/watch_latency.py [--saves 30] [--baseline 5] [--case 4.add_noise]

Each runs in its own pseudo-terminal, on a copy of the solution in which the case is right and wrong by turns. The
clock runs from the save, or from the start of `pytest grader/ -k CASE`, until the case's line is on the screen. The
first saves come while nothing else runs, the later ones while the cases of the previous save are still being graded.
The baseline is measured between the saves, so both run on the same machine load.
"""

import argparse
import contextlib
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pexpect

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.record import figure, record  # noqa: E402  (after the path)
from grader.authoring.patching import patched  # noqa: E402
from grader.course import assignment as assignments  # noqa: E402

PATIENCE = 300  # seconds
SETTLED = r"q quit"


@contextlib.contextmanager
def terminal(*arguments):
    """Run Python in a pseudo-terminal of 80 columns."""
    opened = pexpect.spawn(sys.executable, list(arguments), PATIENCE, cwd=str(ROOT), dimensions=(24, 80))
    try:
        yield opened
    finally:
        opened.close(force=True)


class Student:
    """Saves a file that is right and wrong by turns.

    Args:
        case: the case that passes on the right file and fails on the wrong one.
        folder: where the student's files are.
    """

    def __init__(self, case, folder):
        assignment = assignments.load(staff=True)
        mistake = next(m for m in assignment.mistakes if case in m.fails)
        for path in assignment.solution.glob("*.py"):
            shutil.copy(path, folder)
        self.file, right = folder / mistake.file, (assignment.solution / mistake.file).read_text()
        self.texts = [(right, "PASSED"), (patched(right, mistake.patches, mistake.id), "FAILED")]
        self.case, self.number = case, 0

    def save(self):
        """Replace the file by one with the other text. Returns the pattern of the next verdict."""
        self.number += 1
        text, outcome = self.texts[self.number % 2]
        new = self.file.with_suffix(".new")
        new.write_text(f"{text}\n# {self.number}\n")
        new.replace(self.file)
        return rf"{outcome}\S*  {re.escape(self.case)}"


def seconds_until_shown(student, watch):
    """Seconds from a save until its verdict is on the screen."""
    time.sleep(random.uniform(0.1, 0.3))  # so that saves fall anywhere between two looks at the folder
    pattern = student.save()
    begin = time.perf_counter()
    watch.expect(pattern)
    return time.perf_counter() - begin


def seconds_of_pytest(student):
    """Seconds from the start of pytest until the verdict is on the screen."""
    begin = time.perf_counter()
    with terminal("-m", "pytest", "grader/", "-k", student.case, "--submission", str(student.file.parent)) as pytest:
        pytest.expect(rf"{re.escape(student.case)}\] \S*(PASSED|FAILED)")
        return time.perf_counter() - begin


def main():
    """Measure, print the figures and return them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=30, help="saves of each kind")
    parser.add_argument("--baseline", type=int, default=5, help="runs of pytest")
    parser.add_argument("--case", default="4.add_noise")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        student = Student(arguments.case, Path(temporary))
        student.save()  # wrong
        part = arguments.case.split(".")[0]
        with terminal("-m", "grader", "watch", "--part", part, "--submission", temporary) as watch:
            watch.expect(r"next: .*" + SETTLED)
            quiet, busy, cold = [], [], []
            for number in range(arguments.saves):
                quiet.append(seconds_until_shown(student, watch))
                watch.expect(SETTLED)
                if number % max(1, arguments.saves // arguments.baseline) == 0 and len(cold) < arguments.baseline:
                    cold.append(seconds_of_pytest(student))
            for _ in range(arguments.saves):
                busy.append(seconds_until_shown(student, watch))
            watch.send("q")
            watch.expect(pexpect.EOF)
    baseline = statistics.median(cold)
    print(
        f"{baseline:7.2f} s   pytest grader/ -k {arguments.case}, median of {len(cold)} runs (worst {max(cold):.2f} s)"
    )
    for what, taken in (("all quiet", quiet), ("earlier save still being graded", busy)):
        median = statistics.median(taken)
        print(f"{median:7.2f} s   save to verdict, {what}: median of {len(taken)} (worst {max(taken):.2f} s)")
        print(f"{baseline / median:7.1f}     times as fast as pytest")
    pytest = f"`pytest grader/ -k {arguments.case}`"
    return [
        figure(
            f"From a save to its verdict in `grader watch`, {what} (worst of {len(taken)}: {max(taken):.2f} s)",
            statistics.median(taken),
            "s",
            baseline=(pytest, baseline),
            ratio=baseline / statistics.median(taken),
        )
        for what, taken in (
            ("while nothing else runs", quiet),
            ("while the previous save is still being graded", busy),
        )
    ]


if __name__ == "__main__":
    record("watch_latency", main(), note="Medians. The ratio says how many times as fast as pytest the verdict comes.")
