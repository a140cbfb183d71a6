"""Measures how fast part 5's reference DDPM samples with the grader's settings of glibc's allocator, and without them.

    python benchmarks/allocator.py [--pictures 32] [--steps 10] [--rounds 3]

Each round starts one process of each kind, in the environment in which the grader runs student code. The medians are
compared.
"""

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.record import figure, record  # noqa: E402  (after the path)
from grader.sandbox.exchange import clean_environment  # noqa: E402

SAMPLE = """
import os, sys, time
import torch
from conditional_diffusion import CONDITIONS, MultiLabelDDPM, MultiLabelUnet
pictures, steps = map(int, sys.argv[1:])
torch.set_num_threads(os.cpu_count())
model = MultiLabelDDPM(MultiLabelUnet(), num_steps=steps).eval()
labels = torch.eye(CONDITIONS)[torch.arange(pictures) % CONDITIONS]
model.generate_sample(labels, torch.device("cpu"))  # the first call is slower
start = time.perf_counter()
model.generate_sample(labels, torch.device("cpu"))
print(time.perf_counter() - start)
"""


def seconds(environment, pictures, steps):
    """Seconds that a process samples in an environment."""
    command = [sys.executable, "-c", SAMPLE, str(pictures), str(steps)]
    environment = environment | {"PYTHONPATH": str(ROOT / "solution")}
    return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def main():
    """Measure, print the seconds of each kind and their ratio, and return the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=32)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    ours = clean_environment()
    kinds = {"ours": ours, "glibc": {name: v for name, v in ours.items() if not name.startswith("MALLOC_")}}
    times_of = {name: [] for name in kinds}
    for _ in range(arguments.rounds):
        for name, environment in kinds.items():
            times_of[name].append(seconds(environment, arguments.pictures, arguments.steps))
    medians = {name: statistics.median(times) for name, times in times_of.items()}
    for name, median in medians.items():
        print(f"{name:12} {median:6.2f} s for {arguments.pictures} pictures, {arguments.steps} steps")
    ratio = medians["glibc"] / medians["ours"]
    print(f"ours is {ratio:.2f} times as fast as glibc's own")
    what = f"{arguments.pictures} pictures by part 5's DDPM in {arguments.steps} steps, with the grader's settings"
    return [figure(what, medians["ours"], "s", baseline=("without them", medians["glibc"]), ratio=ratio)]


if __name__ == "__main__":
    record("allocator", main(), note="The ratio says how many times as fast sampling is with the settings.")
