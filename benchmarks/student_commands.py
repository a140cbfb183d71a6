"""Measures how long the commands take with which a student tries a model out: training, sampling and grading it.

    python benchmarks/student_commands.py [--only NAME...] [--device cpu]

Runs the warm-up and `main.py --profile tiny` for each model of part 4 on the solution, then grades the shipped
checkpoints of part 4 with `pytest grader/ --accuracy`. Needs FashionMNIST, in $GENMODELS_DATA or as a download.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.record import figure, named, record  # noqa: E402  (after the path)

MODELS = ("ddpm", "ddim", "vae", "lddpm")
NAMES = ("warm_up", *MODELS, "accuracy")
TIMES_AS_FAR = re.compile(r"([\d.]+) times as far")


def seconds_of(command, folder):
    """Run a command. Returns its seconds and its output; ends this process with the output if it fails."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}")
    return time.perf_counter() - began, done.stdout


def measure(name, device, outputs):
    """The figures of one of NAMES."""
    solution = ROOT / "solution"
    if name == "warm_up":
        command = [sys.executable, "warm_up.py", "--part", "4", "--outputs", str(outputs)]
        seconds, output = seconds_of(command, solution)
        far = float(TIMES_AS_FAR.search(output)[1])
        what = "The warm-up of part 4: distance of its samples from the data, as a multiple of that of other data"
        return [figure(what, far), figure("The warm-up of part 4: training and sampling", seconds, "s")]
    if name == "accuracy":
        command = [sys.executable, "-m", "pytest", "grader/", "--part", "4", "--accuracy", "--submission", "solution"]
        seconds, _ = seconds_of(command, ROOT)
        return [figure(f"`{' '.join(command[2:])}`", seconds / 60, "min")]
    command = [sys.executable, "main.py", "--model", name, "--profile", "tiny", "--device", device]
    seconds, _ = seconds_of([*command, "--checkpoint", str(outputs / f"{name}.pt")], solution)
    return [figure(f"`{' '.join(command[1:-2])}`: train a little, generate, grade", seconds, "s")]


def main():
    """Measure, print the figures, and return the name of the result and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="default: all")
    parser.add_argument("--device", default="cpu", help="for main.py")
    arguments = parser.parse_args()
    figures = []
    with tempfile.TemporaryDirectory() as outputs:
        for name in arguments.only:
            figures += (new := measure(name, arguments.device, Path(outputs)))
            for one in new:
                print(f"{one['value']:8.1f} {one['unit']:4} {one['what']}", flush=True)
    return named("student_commands", arguments.device if arguments.device != "cpu" else ""), figures


if __name__ == "__main__":
    result, measured = main()
    record(result, measured)
