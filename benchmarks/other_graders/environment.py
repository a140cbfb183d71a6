"""The virtual environment of the other graders, and how to run their commands in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from benchmarks.other_graders.table import total_of_results

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
SECONDS = 600  # for any one command; only an attack that hangs gets there


class UnavailableError(Exception):
    """A grader cannot be run here; the message says why."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the other graders and the project's torch."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def install(self, package: str) -> None:
        """Install the package, in the version that requirements.txt pins.

        Raises:
            UnavailableError: it cannot be installed.
        """
        if not self.python.exists():
            _call([_uv(), "venv", "--python", sys.executable, self.folder])
        pinned = next(line for line in REQUIREMENTS.read_text().splitlines() if line.startswith(f"{package}=="))
        # The environment also sees the project's packages, after its own, so torch is not downloaded again.
        packages = next((self.folder / "lib").glob("python*")) / "site-packages"
        (packages / "zz_project.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
        _call([_uv(), "pip", "install", "--quiet", "--python", self.python, pinned])

    def run(self, command: list, cwd: Path, run: Path, **variables) -> int:
        """Run a command whose home, temporary files and log are in the folder `run`.

        Returns:
            The exit code, or -1 after a time-out.
        """
        environment = {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(run / "home"),
            "TMPDIR": str(run / "tmp"),
            "VIRTUAL_ENV": str(self.folder),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            **variables,
        }
        for name in ("home", "tmp"):
            (run / name).mkdir(parents=True, exist_ok=True)
        # A file, because a process that an attack leaves behind would hold a pipe open.
        with open(run / "log.txt", "ab") as log:
            try:
                return subprocess.run(
                    command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=SECONDS
                ).returncode
            except subprocess.TimeoutExpired:
                return -1


def _uv():
    beside = Path(sys.executable).with_name("uv")
    found = shutil.which("uv") or (beside if beside.exists() else None)
    if not found:
        raise UnavailableError("uv is not there: pip install uv")
    return found


def _call(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise UnavailableError(f"{Path(command[0]).name} {command[1]}: {done.stderr.strip()[-300:]}")


def score_in(path: Path) -> float | None:
    """The score in a Gradescope results.json, or None if there is no readable file."""
    try:
        return total_of_results(json.loads(path.read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        return None
