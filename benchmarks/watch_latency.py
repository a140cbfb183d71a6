"""How long after a save `grader watch` shows the verdict of the case that a student is at, against `pytest grader/`.

    python benchmarks/watch_latency.py [--saves 30] [--baseline 5] [--case 4.add_noise]

Both run in a pseudo-terminal of their own, on a copy of the solution in which that case is right and wrong by turns: a
clock runs from the save until its line is on the screen, or from the start of `pytest grader/ -k CASE` likewise. Saves
come when all is quiet, and then again while the cases of the save before are still being graded. The machine is as busy
as it is: the baseline is measured between the saves.
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

from grader import assignment as assignments  # noqa: E402  (after the path)
from grader.release import patched  # noqa: E402

PATIENCE = 300  # seconds
SETTLED = r"q quit"


@contextlib.contextmanager
def terminal(*arguments):
    """A pseudo-terminal of 80 columns in which Python runs."""
    opened = pexpect.spawn(sys.executable, list(arguments), PATIENCE, cwd=str(ROOT), dimensions=(24, 80))
    try:
        yield opened
    finally:
        opened.close(force=True)


class Student:
    """Saves a file that is right and wrong by turns.

    Args:
        case: that tells them apart.
        folder: of the student's files.
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
        """Save the other text, a new file in the place of the old one. Returns the pattern of the verdict to come."""
        self.number += 1
        text, outcome = self.texts[self.number % 2]
        new = self.file.with_suffix(".new")
        new.write_text(f"{text}\n# {self.number}\n")
        new.replace(self.file)
        return rf"{outcome}\S*  {re.escape(self.case)}"


def seconds_until_shown(student, watch):
    """From a save to its verdict on the screen."""
    time.sleep(random.uniform(0.1, 0.3))  # as anywhere between two looks at the folder
    pattern = student.save()
    begin = time.perf_counter()
    watch.expect(pattern)
    return time.perf_counter() - begin


def seconds_of_pytest(student):
    """From the start of pytest to the verdict on the screen."""
    begin = time.perf_counter()
    with terminal("-m", "pytest", "grader/", "-k", student.case, "--submission", str(student.file.parent)) as pytest:
        pytest.expect(rf"{re.escape(student.case)}\] \S*(PASSED|FAILED)")
        return time.perf_counter() - begin


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=30, help="of each kind")
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


if __name__ == "__main__":
    main()
