"""Measures a student's first day: every command of the handout's README, on a machine that has only Python.

    python benchmarks/first_run.py [--python python3.12] [--keep FOLDER]

Makes the handout, and runs every command of its README up to the points table, with plain pip and venv. The home
folder is empty; there is no git identity, and nothing of this repository's environment. The commands run on the stubs
first, then on the solution's files and checkpoints. Prints the seconds and the exit status of each. Fails if a command
prints a traceback, exits with more than 1 on the stubs, or with anything but 0 on the solution. pip downloads
gigabytes.
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
sys.path.insert(0, str(ROOT))

from benchmarks.record import figure, named, record  # noqa: E402  (after the path)


def commands(readme: str) -> list[str]:
    """The commands in a README's sh blocks above its points table, without comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", readme.partition("## Points")[0], re.MULTILINE | re.DOTALL)
    lines = [re.sub(r"(^|\s)#.*", "", line).strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def environment(home: Path, python: str) -> dict[str, str]:
    """The environment variables of a new user: an empty home, a `python3`, and the settings of pip."""
    interpreter = shutil.which(python)
    if not interpreter:
        sys.exit(f"there is no {python} on this machine: choose another interpreter with --python")
    tools = home / "bin"
    tools.mkdir(parents=True)
    (tools / "python3").symlink_to(Path(interpreter).resolve())
    passed = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "GENMODELS_DATA"))}
    return {
        "HOME": str(home),
        "PATH": f"{tools}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "GIT_CONFIG_NOSYSTEM": "1",
        **passed,
    }


def follow(lines: list[str], folder: Path, env: dict[str, str], worst: int) -> tuple[list[str], float]:
    """Run commands one after the other.

    Args:
        worst: the highest exit status that is not a failure.

    Returns:
        The command and output of each that failed, and the seconds of all.
    """
    bad, began = [], time.perf_counter()
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
    return bad, time.perf_counter() - began


def main():
    """Follow the README twice. Returns the output of the commands that failed, the result's name, and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default="python3", help="the interpreter that the student calls python3")
    parser.add_argument("--keep", type=Path, help="keep everything in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="first-run-") as temporary:
        place = (arguments.keep or Path(temporary)).resolve()
        folder, env = place / "handout", environment(place / "home", arguments.python)
        subprocess.run([sys.executable, "-m", "grader", "release", "--out", str(folder)], cwd=ROOT, check=True)
        lines = commands((folder / "README.md").read_text())
        setup = [line for line in lines if "venv .venv" in line or "pip install" in line]
        rest = [line for line in lines if line not in setup]
        print("on the stubs", flush=True)
        bad, installing = follow(setup, folder, env, worst=0)
        figures = [figure("Setting up: venv and pip", installing, "s")]
        if not bad:
            bad, seconds = follow(rest, folder, env, worst=1)
            figures.append(figure("All other commands of the README, on the stubs", seconds, "s"))
        for path in (ROOT / "solution").glob("*.py"):
            shutil.copy(path, folder / "student")
        shutil.copytree(ROOT / "solution" / "checkpoints", folder / "student" / "checkpoints", dirs_exist_ok=True)
        if not bad:
            print("on the solution", flush=True)
            bad, seconds = follow(rest, folder, env, worst=0)
            figures.append(figure("All other commands of the README, on the solution", seconds, "s"))
        print(*bad, sep="\n\n")
        figures.append(figure("Commands that failed", len(bad)))
        version = subprocess.run([env_python(env), "--version"], capture_output=True, text=True, check=True)
        return bad, named("first_run", version.stdout.split()[-1].rpartition(".")[0]), figures


def env_python(env: dict[str, str]) -> Path:
    """The interpreter that an environment calls python3."""
    return Path(env["PATH"].partition(os.pathsep)[0]) / "python3"


if __name__ == "__main__":
    failed, name, measured = main()
    record(name, measured, note="The student's Python is the one in the command, or `python3`.")
    sys.exit(1 if failed else 0)
