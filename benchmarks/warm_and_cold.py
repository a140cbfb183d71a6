"""Measures what grading a submission costs on a warm fork server, and what it costs on a new one each time.

    python benchmarks/warm_and_cold.py [--submissions 20] [--cold 3] [--tier sandbox]

Grades the solution on all unit cases, with the public seed. Prints the cases' own compute time twice. The first figure
runs each case once in a process that has imported torch (`compute.py`), as a real submission does. The second repeats
the cases in one process, where caches and memory are warm too. Also prints how much the grader's memory grows between
the 20th submission and the last, if there are more than 20: a submission takes seconds, so allow an hour for
--submissions 500.
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
from benchmarks.record import figure, named, record  # noqa: E402
from grader.course import assignment as assignments  # noqa: E402
from grader.grading import goldens  # noqa: E402
from grader.grading.run import open_submission  # noqa: E402
from grader.sandbox import start  # noqa: E402
from grader.sandbox.exchange import Job  # noqa: E402
from grader.sandbox.serial import Serial  # noqa: E402

SETTLED = 20  # submissions after which the grader's memory should stop growing


def seconds_of(action):
    """Seconds that an action takes."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def grade(assignment, tier, known, cases):
    """Grade one whole submission: lay it out, run every case, judge."""
    with open_submission(assignment, tier, known, ROOT / "solution") as grading:
        verdicts = [grading.verdict(case) for case in cases]
    assert all(v.points == v.case.points for v in verdicts), [v for v in verdicts if v.points != v.case.points]


def resident():
    """Bytes of memory that this process uses."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return 1024 * int(fields["VmRSS"].split()[0])


def floor():
    """Start a new interpreter that imports torch."""
    subprocess.run([sys.executable, "-c", "import torch"], cwd=ROOT, check=True)


def empty(assignment, tier, rounds=50):
    """Median seconds of a case that does nothing."""

    def observe():
        tier.observe(Job(nothing, ROOT / "student", 0, assignment.limits))

    observe()
    return statistics.median(seconds_of(observe) for _ in range(rounds))


def main():
    """Measure, print the figures, and return the tier and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=SETTLED)
    parser.add_argument("--cold", type=int, default=3)
    parser.add_argument("--tier", default="sandbox", choices=("sandbox", "restricted", "process"))
    arguments = parser.parse_args()
    assignment = assignments.load()
    known, cases = goldens.load(assignment.resources), assignment.cases

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
    floor_of = {"baseline": ("`import torch`", bare)}
    figures = [
        figure(f"A submission on a new fork server, {len(cases)} cases", cold, "s", **floor_of, ratio=cold / bare),
        figure("A submission on a fork server that has imported torch", each, "s", **floor_of, ratio=each / bare),
        figure("What the cases themselves compute, each for the first time in its process", first, "s"),
        figure("What they compute when they are repeated in one process", again, "s"),
        figure(
            "What the grader adds to that compute time when warm (ratio: aim at most 0.1)",
            each - first,
            "s",
            baseline=("a submission on a new fork server", cold),
            ratio=(each - first) / cold,
        ),
        figure("An empty case (aim: at most 30 ms)", 1000 * overhead, "ms"),
        figure("Submissions a minute on one worker", 60 / each),
    ]
    if len(memory) > SETTLED:
        grown = (memory[-1] - memory[SETTLED - 1]) / 2**20
        print(f"{grown:8.2f} MB  growth of the parent from submission {SETTLED} to {len(memory)}")
        figures.append(figure(f"Growth of the grader's memory from submission {SETTLED} to {len(memory)}", grown, "MB"))
    return arguments.tier, figures


if __name__ == "__main__":
    tier, measured = main()
    note = f"Tier `{tier}`, public inputs, medians."
    record(named("warm_and_cold", tier if tier != "sandbox" else ""), measured, note=note)
