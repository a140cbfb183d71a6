"""Measures the time and memory that Gradescope's autograder needs to grade the solution.

    python benchmarks/gradescope_container.py [--accuracy vae --accuracy gan] [--part 4]

Needs root on Linux. Runs in Gradescope's layout and without namespaces, as in its container. Memory that processes
share counts once. The files of torch that they have mapped count too.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import process_tree  # noqa: E402  (after the path)
from benchmarks.record import figure, named, record  # noqa: E402
from tests import gradescope_machine  # noqa: E402


def main():
    """Build and run the autograder, print a line, and return the name of the result and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accuracy", action="append", default=[], help="also grade this model's samples")
    parser.add_argument("--part", help="grade only this part")
    chosen = parser.parse_args()
    options = [text for name in chosen.accuracy for text in ("--accuracy", name)]
    options += ["--part", chosen.part] if chosen.part else []
    with tempfile.TemporaryDirectory() as folder:
        zipped, machine = Path(folder) / "autograder.zip", Path(folder) / "autograder"
        subprocess.run([sys.executable, "-m", "grader", "gradescope", "--out", zipped, *options], cwd=ROOT, check=True)
        gradescope_machine.lay_out(zipped, ROOT / "solution", machine)
        done = process_tree.run([sys.executable, "-m", "tests.gradescope_machine", str(machine)])
        results = json.loads((machine / "results" / "results.json").read_text())
    score, megabytes = results.get("score", "no score"), done.memory / 1e6
    print(f"{len(results['tests'])} tests, {score} points, {done.seconds:.0f} s, at most {megabytes:.0f} MB")
    figures = [
        figure(f"Grading the solution, {len(results['tests'])} tests", done.seconds, "s"),
        figure("Memory of all processes at its peak (Gradescope's default limit: 768 MB)", megabytes, "MB"),
        figure("Points of the solution", score),
    ]
    return named("gradescope_container", *chosen.accuracy, chosen.part), figures


if __name__ == "__main__":
    name, measured = main()
    record(name, measured, note="Public and hidden inputs. The kernel can drop some of that memory: files of torch.")
