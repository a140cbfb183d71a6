"""Milliseconds of an empty case at tier `process`, with its scratch files in memory and among the temporary files.

    python benchmarks/scratch_place.py [--cases 3000]

The cases of a place run one after the other, as in `grader check`: ext4 slows down with the files that were removed in
the last minute.
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
from grader import assignment as assignments  # noqa: E402
from grader.sandbox import start  # noqa: E402
from grader.submission import lay_out  # noqa: E402


def milliseconds(cases):
    """How long an empty case takes, on the solution, in the environment as it is."""
    assignment = assignments.load(staff=True)
    submission = lay_out(assignment.solution, assignment.allowlist, assignment.student)
    with submission as laid, closing(start("process")) as tier:
        tier.observe(nothing, laid.folder, 0, assignment.limits)  # waits for the import of torch
        begin = time.perf_counter()
        for _ in range(cases):
            tier.observe(nothing, laid.folder, 0, assignment.limits)
        return 1000 * (time.perf_counter() - begin) / cases


def main():
    """Print the milliseconds of either place, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=3000)
    cases = parser.parse_args().cases
    os.environ.pop("TMPDIR", None)
    in_memory = milliseconds(cases)
    os.environ["TMPDIR"] = tempfile.gettempdir()
    among_temporary = milliseconds(cases)
    print(f"{in_memory:6.1f} ms in memory\n{among_temporary:6.1f} ms in {os.environ['TMPDIR']}")
    print(f"in memory {among_temporary / in_memory:.2f} times as fast")


if __name__ == "__main__":
    main()
