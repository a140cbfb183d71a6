"""Measures how long `pytest grader/` takes on the solution, compared with a bare `import torch`.

    python benchmarks/unit_grading.py [--rounds 5]

Also prints how long each case takes once the worker has imported torch. The time of an empty case is that of the fork
and the pipes.
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
from benchmarks.record import figure, record  # noqa: E402
from grader.course import assignment as assignments  # noqa: E402
from grader.sandbox import start  # noqa: E402
from grader.sandbox.exchange import Job  # noqa: E402
from grader.submission.layout import lay_out  # noqa: E402

COMMANDS = {
    "python -c 'import torch'": ["-c", "import torch"],
    "pytest grader/ --submission solution": ["-m", "pytest", "grader/", "--submission", "solution"],
}


def whole_commands(rounds):
    """Median seconds of each command. The commands take turns, so that both run on the same machine load."""
    seconds = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, arguments in COMMANDS.items():
            begin = time.perf_counter()
            subprocess.run([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
            seconds[name].append(time.perf_counter() - begin)
    return {name: statistics.median(times) for name, times in seconds.items()}


def warm_cases(rounds):
    """Median seconds of each case on a warm worker, by id."""
    assignment, tier = assignments.load(), start("process")
    with lay_out(ROOT / "solution", assignment.allowlist, assignment.student) as submission:
        cases = [nothing, *assignment.cases]
        tier.observe(Job(nothing, submission.folder, 0, assignment.limits))  # waits until torch is imported
        seconds = {c.id: [] for c in cases}
        for _ in range(rounds):
            for c in cases:
                job = Job(c, submission.folder, 0, assignment.limits)
                begin = time.perf_counter()
                tier.observe(job)
                seconds[c.id].append(time.perf_counter() - begin)
    tier.close()
    return {id: statistics.median(times) for id, times in seconds.items()}


def main():
    """Measure, print the figures and return them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    whole = whole_commands(rounds)
    for name, seconds in whole.items():
        print(f"{seconds:7.2f} s  {name}")
    baseline, grading = whole.values()
    print(f"{grading / baseline:7.2f}    ratio (aim: at most 2.5)\n")
    warm = warm_cases(rounds)
    for id, seconds in warm.items():
        print(f"{1000 * seconds:7.1f} ms {id}")
    empty = warm.pop(nothing.id)
    print(f"{1000 * sum(warm.values()):7.1f} ms all other cases, warm")
    return [
        figure(
            f"`pytest grader/ --submission solution`, {len(warm)} cases",
            grading,
            "s",
            baseline=("`import torch`", baseline),
            ratio=grading / baseline,
        ),
        figure("All cases, one after the other, on a worker that has imported torch", sum(warm.values()), "s"),
        figure("An empty case on such a worker", 1000 * empty, "ms"),
    ]


if __name__ == "__main__":
    record("unit_grading", main(), note="Medians; no sandbox, public inputs only.")
