"""What a submission costs in the tier `sandbox`: on a warm fork server, on a new one each time, and the bare floor.

    python benchmarks/warm_and_cold.py [--submissions 20] [--cold 3] [--tier sandbox]

All unit cases that exist, on the solution, with the public seed. The cases' own compute is printed twice: each for the
first time in a process that has torch (`compute.py`), as it is in both a warm and a cold submission; and again and
again in one process, where caches and memory are warm too. Also prints what the parent's memory grows from the 20th
submission to the last: with --submissions 500 this takes some ten minutes.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.nothing import nothing  # noqa: E402  (after the path)
from grader import assignment as assignments  # noqa: E402
from grader import golden  # noqa: E402
from grader.grading import open_submission  # noqa: E402
from grader.sandbox import start  # noqa: E402
from grader.sandbox.serial import Serial  # noqa: E402

SETTLED = 20  # submissions after which the parent's memory should not grow any more


def seconds_of(action):
    """How long something takes."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def grade(assignment, tier, known, cases):
    """One whole submission: lay it out, run every case, judge."""
    with open_submission(assignment, tier, known, ROOT / "solution") as grading:
        verdicts = [grading.verdict(case) for case in cases]
    assert all(v.points == v.case.points for v in verdicts), [v for v in verdicts if v.points != v.case.points]


def resident():
    """Bytes of this process in memory."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return 1024 * int(fields["VmRSS"].split()[0])


def floor():
    """A new interpreter that imports torch."""
    subprocess.run([sys.executable, "-c", "import torch"], cwd=ROOT, check=True)


def empty(assignment, tier, rounds=50):
    """Median seconds of a case that does nothing."""

    def observe():
        tier.observe(nothing, ROOT / "student", 0, assignment.limits)

    observe()
    return statistics.median(seconds_of(observe) for _ in range(rounds))


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=SETTLED)
    parser.add_argument("--cold", type=int, default=3)
    parser.add_argument("--tier", default="sandbox", choices=("sandbox", "restricted", "process"))
    arguments = parser.parse_args()
    assignment = assignments.load()
    known, cases = golden.load(assignment.resources), assignment.cases

    def cold_submission():
        tier = start(arguments.tier)
        grade(assignment, tier, known, cases)
        tier.close()

    bare = statistics.median(seconds_of(floor) for _ in range(arguments.cold))
    cold = statistics.median(seconds_of(cold_submission) for _ in range(arguments.cold))
    first = float(subprocess.check_output([sys.executable, ROOT / "benchmarks" / "compute.py"], cwd=ROOT))
    serial = Serial()
    grade(assignment, serial, known, cases)
    again = statistics.median(seconds_of(lambda: grade(assignment, serial, known, cases)) for _ in range(5))
    again -= len(cases) * empty(assignment, serial)
    serial.close()
    tier, warm, memory = start(arguments.tier), [], []
    overhead = empty(assignment, tier)
    for _ in range(arguments.submissions):
        warm.append(seconds_of(lambda: grade(assignment, tier, known, cases)))
        memory.append(resident())
    tier.close()
    each = statistics.median(warm)
    print(f"{len(cases)} cases, tier {arguments.tier}, {arguments.submissions} submissions on a warm fork server")
    print(f"{bare:8.2f} s   floor: python -c 'import torch'")
    print(f"{cold:8.2f} s   cold: a submission on a new fork server")
    print(f"{each:8.2f} s   warm: a submission on a fork server that has torch")
    print(f"{first:8.2f} s   the cases' own compute, each for the first time in its process")
    print(f"{(each - first) / cold:8.3f}     ratio of warm less that compute to cold (aim: at most 0.1)")
    print(f"{again:8.2f} s   the cases' own compute, again and again in one process")
    print(f"{(each - again) / cold:8.3f}     ratio of warm less that compute to cold")
    print(f"{1000 * overhead:8.1f} ms  an empty forked case (aim: at most 30)")
    print(f"{60 / each:8.0f}     submissions a minute on one worker")
    if len(memory) > SETTLED:
        grown = (memory[-1] - memory[SETTLED - 1]) / 2**20
        print(f"{grown:8.2f} MB  growth of the parent from submission {SETTLED} to {len(memory)}")


if __name__ == "__main__":
    main()
