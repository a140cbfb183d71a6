"""A student's first day: the commands of the handout's README, as they are written there, from nothing.

    python benchmarks/first_run.py [--python python3.12] [--keep FOLDER]

Makes the handout, and runs every command of its README up to the points table, with plain pip and venv: in a home that
is empty, without a git identity, without this repository's environment. First on the stubs, then with the solution's
files and checkpoints in their place. Prints the seconds and the exit status of each. Fails if a command prints a
traceback, ends with more than 1 on the stubs, or with anything but 0 on the solution. pip downloads some gigabytes.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 1800  # for one command; the installation is the longest
TRACEBACK = "Traceback (most recent call last)"


def commands(readme: str) -> list[str]:
    """The commands of a README's sh blocks, up to its points, without their comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", readme.partition("## Points")[0], re.MULTILINE | re.DOTALL)
    lines = [re.sub(r"(^|\s)#.*", "", line).strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def environment(home: Path, python: str) -> dict[str, str]:
    """Of somebody who has just got the machine: an empty home, a `python3`, and what pip needs to reach its index."""
    found = shutil.which(python)
    if not found:
        sys.exit(f"there is no {python}: name one that is there with --python")
    tools = home / "bin"
    tools.mkdir(parents=True)
    (tools / "python3").symlink_to(Path(found).resolve())
    passed = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "GENMODELS_DATA"))}
    return {
        "HOME": str(home),
        "PATH": f"{tools}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "GIT_CONFIG_NOSYSTEM": "1",
        **passed,
    }


def follow(lines: list[str], folder: Path, env: dict[str, str], worst: int) -> list[str]:
    """Run commands one after the other. Returns a line for each that ended badly."""
    bad = []
    for line in lines:
        start = time.perf_counter()
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
        )
        last = (done.stdout.strip().splitlines() or [""])[-1]
        print(f"{time.perf_counter() - start:7.1f} s  exit {done.returncode}  {line}\n{'':19}{last[:120]}", flush=True)
        if done.returncode > worst or done.returncode < 0 or TRACEBACK in done.stdout:
            bad.append(f"{line}\n{done.stdout}")
    return bad


def main():
    """Follow the README, twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default="python3", help="the interpreter that is python3 there")
    parser.add_argument("--keep", type=Path, help="a folder for all of it, to look at afterwards")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="first-run-") as temporary:
        place = (arguments.keep or Path(temporary)).resolve()
        folder, env = place / "handout", environment(place / "home", arguments.python)
        subprocess.run([sys.executable, "-m", "grader", "release", "--out", str(folder)], cwd=ROOT, check=True)
        lines = commands((folder / "README.md").read_text())
        setup = [line for line in lines if "venv .venv" in line or "pip install" in line]
        rest = [line for line in lines if line not in setup]
        print("on the stubs", flush=True)
        bad = follow(setup, folder, env, worst=0) or follow(rest, folder, env, worst=1)
        for path in (ROOT / "solution").glob("*.py"):
            shutil.copy(path, folder / "student")
        shutil.copytree(ROOT / "solution" / "checkpoints", folder / "student" / "checkpoints", dirs_exist_ok=True)
        if not bad:
            print("on the solution", flush=True)
            bad = follow(rest, folder, env, worst=0)
        print(*bad, sep="\n\n")
        sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
