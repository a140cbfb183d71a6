"""The commands of README and docs/ that students and TAs type, run one after the other on a copy of the repository.

Grading is limited to part 6, which takes seconds. What trains, needs a GPU or a cluster, or waits for keys has tests of
its own; `test_commands.py` looks at those commands and their options.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from grader import ROOT
from tests.docs.following import blocks, copy_of_repository

pytestmark = pytest.mark.slow

PAGES = ("README.md", "docs/students.md", "docs/grading-a-class.md", "docs/accuracy.md", "docs/threat-model.md")
NOT_HERE = ("make ", " watch", "cuda", "--slurm", "--accuracy", "train", "iclevr", "warm_up", "main.py")
OFTEN = (0, 1)  # 1: stubs do not pass
QUICK = {"grade": "--part 6 --no-accuracy --trust-submissions", "batch": "--part 6 --no-accuracy --trust-submissions"}


def lines():
    seen = set()
    for page in PAGES:
        for block in blocks(ROOT / page):
            for line in block.text.splitlines() if block.language == "sh" else ():
                if line not in seen and not any(word in line for word in NOT_HERE):
                    seen.add(line)
                    yield pytest.param(line, id=f"{Path(page).name}: {line}")


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy with two submissions to part 6, as zips and as a class."""
    copy = copy_of_repository(tmp_path_factory.mktemp("commands") / "repository")
    for name in ("ada", "ben"):
        with zipfile.ZipFile(copy / f"{name}.zip", "w") as archive:
            archive.writestr("theory.py", f"{(ROOT / 'solution' / 'theory.py').read_text()}\n# {name}\n")
        (copy / "CLASS").mkdir(exist_ok=True)
        shutil.copy(copy / f"{name}.zip", copy / "CLASS")
    return copy


@pytest.mark.parametrize("line", list(lines()))
def test_a_command_of_the_documents_runs(line, copied):
    words = shlex.split(line, comments=True)
    if "grader" in words[0] or words[1:3] == ["-m", "grader"]:
        rest = words[1:] if words[0].endswith("grader") else words[3:]
        more = shlex.split(QUICK.get(rest[0], ""))
        if "--part" in rest:
            more = [word for word in more if word not in ("--part", "6")]
        command = [sys.executable, "-m", "grader", *rest, *more]
    elif words[0].endswith("pytest"):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words[1:]]
    else:
        command = words
    environment = os.environ | {
        "PYTHONPATH": str(copied),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(command, cwd=copied, capture_output=True, text=True, env=environment, timeout=570)
    assert done.returncode in OFTEN, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "No such" not in done.stderr
    if done.returncode == 1:
        assert "pytest" in line, done.stdout + done.stderr
