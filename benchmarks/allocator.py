"""Seconds in which part 5's reference DDPM samples, with the grader's settings of glibc's allocator and without them.

    python benchmarks/allocator.py [--pictures 32] [--steps 10] [--rounds 3]

Each round starts a process of either kind, in the environment in which the grader runs student code; the medians are
compared.
"""

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from grader.sandbox.exchange import clean_environment  # noqa: E402  (after the path)

SAMPLE = """
import os, sys, time
import torch
from conditional_diffusion import CONDITIONS, MultiLabelDDPM, MultiLabelUnet
pictures, steps = map(int, sys.argv[1:])
torch.set_num_threads(os.cpu_count())
model = MultiLabelDDPM(MultiLabelUnet(), num_steps=steps).eval()
labels = torch.eye(CONDITIONS)[torch.arange(pictures) % CONDITIONS]
model.generate_sample(labels, torch.device("cpu"))  # the first is slower
start = time.perf_counter()
model.generate_sample(labels, torch.device("cpu"))
print(time.perf_counter() - start)
"""


def seconds(environment, pictures, steps):
    """How long a process of this environment samples."""
    command = [sys.executable, "-c", SAMPLE, str(pictures), str(steps)]
    environment = environment | {"PYTHONPATH": str(ROOT / "solution")}
    return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def main():
    """Print the seconds of either kind, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=32)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    ours = clean_environment()
    kinds = {"ours": ours, "glibc": {name: v for name, v in ours.items() if not name.startswith("MALLOC_")}}
    found = {name: [] for name in kinds}
    for _ in range(arguments.rounds):
        for name, environment in kinds.items():
            found[name].append(seconds(environment, arguments.pictures, arguments.steps))
    medians = {name: statistics.median(times) for name, times in found.items()}
    for name, median in medians.items():
        print(f"{name:12} {median:6.2f} s for {arguments.pictures} pictures, {arguments.steps} steps")
    print(f"ours is {medians['glibc'] / medians['ours']:.2f} times as fast as glibc's own")


if __name__ == "__main__":
    main()
