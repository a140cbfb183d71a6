"""What the unit cases themselves compute on the solution: the time inside a child, from the first line to the last.

    python benchmarks/compute.py [--rounds 5]

Each case runs for the first time in its process, as it does in every new interpreter, but without isolation; the fork,
the pipes and the end of the process are not counted. Prints the sum over all cases.
"""

import argparse
import os
import statistics
import sys
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from grader.course import assignment as assignments  # noqa: E402  (after the path)
from grader.runtime import experiment  # noqa: E402
from grader.runtime.rng import case_seed  # noqa: E402
from grader.sandbox import linux, worker  # noqa: E402


def seconds_in_child(case, seed):
    """How long an experiment takes in a forked child."""
    read, write = os.pipe()
    if os.fork() == 0:
        begin = time.perf_counter()
        experiment.run(case.observe, ROOT / "solution", case_seed(seed, case.id), {})
        os.write(write, repr(time.perf_counter() - begin).encode())
        os._exit(0)
    os.wait()
    os.close(write)
    with open(read) as answer:
        return float(answer.read())


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    assignment = assignments.load()
    warnings.simplefilter("ignore")
    worker.prepare({case.observe.__module__ for case in assignment.cases})
    linux.gather_pages()
    seed = assignment.policy.public_seed
    sums = [sum(seconds_in_child(case, seed) for case in assignment.cases) for _ in range(rounds)]
    print(statistics.median(sums))


if __name__ == "__main__":
    main()
