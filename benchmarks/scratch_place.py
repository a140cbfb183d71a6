"""Measures an empty case at tier `process` with its scratch files in memory, and with them in the temporary folder.

    python benchmarks/scratch_place.py [--cases 3000]

The cases run one after the other, as in `grader check`. On ext4 they slow down because many files were removed in the
last minute, so a small number of cases shows a smaller difference.
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.nothing import nothing  # noqa: E402  (after the path)
from benchmarks.record import figure, record  # noqa: E402
from grader.course import assignment as assignments  # noqa: E402
from grader.sandbox import start  # noqa: E402
from grader.sandbox.exchange import Job  # noqa: E402
from grader.submission.layout import lay_out  # noqa: E402


def milliseconds(cases):
    """Mean milliseconds of an empty case on the solution, with the scratch place that the environment chooses."""
    assignment = assignments.load(staff=True)
    submission = lay_out(assignment.solution, assignment.allowlist, assignment.student)
    with submission as laid, closing(start("process")) as tier:
        job = Job(nothing, laid.folder, 0, assignment.limits)
        tier.observe(job)  # waits until torch is imported
        begin = time.perf_counter()
        for _ in range(cases):
            tier.observe(job)
        return 1000 * (time.perf_counter() - begin) / cases


def main():
    """Measure, print the milliseconds of each place and their ratio, and return the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=3000)
    cases = parser.parse_args().cases
    os.environ.pop("TMPDIR", None)
    in_memory = milliseconds(cases)
    os.environ["TMPDIR"] = tempfile.gettempdir()
    among_temporary = milliseconds(cases)
    print(f"{in_memory:6.1f} ms in memory\n{among_temporary:6.1f} ms in {os.environ['TMPDIR']}")
    ratio = among_temporary / in_memory
    print(f"in memory {ratio:.2f} times as fast")
    what = f"An empty case at tier `process`, {cases:,} one after the other, scratch files in memory"
    return [figure(what, in_memory, "ms", baseline=("in the temporary folder", among_temporary), ratio=ratio)]


if __name__ == "__main__":
    record("scratch_place", main(), note="The ratio says how many times as fast a case is with its files in memory.")
