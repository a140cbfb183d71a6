"""What Gradescope's autograder takes: seconds, and the most memory of all its processes together, for the reference.

    python benchmarks/gradescope_container.py [--accuracy vae --accuracy gan] [--part 4]

As root on Linux, in Gradescope's layout and without namespaces, as a container has it. Memory that processes share
counts once, and torch's files that they have mapped count as well.
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
from tests import gradescope_machine  # noqa: E402


def main():
    """Build, run, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accuracy", action="append", default=[], help="a model whose samples are graded as well")
    parser.add_argument("--part", help="one part only")
    chosen = parser.parse_args()
    options = [text for name in chosen.accuracy for text in ("--accuracy", name)]
    options += ["--part", chosen.part] if chosen.part else []
    with tempfile.TemporaryDirectory() as folder:
        zipped, machine = Path(folder) / "autograder.zip", Path(folder) / "autograder"
        subprocess.run([sys.executable, "-m", "grader", "gradescope", "--out", zipped, *options], cwd=ROOT, check=True)
        gradescope_machine.lay_out(zipped, ROOT / "solution", machine)
        done = process_tree.run([sys.executable, "-m", "tests.gradescope_machine", str(machine)])
        results = json.loads((machine / "results" / "results.json").read_text())
    score = results.get("score", "no score")
    print(f"{len(results['tests'])} tests, {score} points, {done.seconds:.0f} s, at most {done.memory / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
