"""Runs `./run_autograder` as Gradescope does: as root, in /autograder, in a container that refuses namespaces.

A script: `python -m tests.gradescope_machine FOLDER`. FOLDER is what /autograder holds, seen by this process alone.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import pyseccomp

from grader.sandbox import linux

HOME = "/autograder"


def main() -> None:
    """Arrange the machine for this process, and become the autograder."""
    linux.unshare(linux.NEW_MOUNT)
    linux.mount("", "/", flags=linux.PRIVATE | linux.RECURSIVE)
    for prefix in {sys.base_prefix, os.path.realpath(sys.prefix)}:
        _let_everyone_reach(Path(prefix))
    os.makedirs(HOME, exist_ok=True)
    linux.mount(sys.argv[1], HOME, flags=linux.BIND)
    os.chdir(HOME)
    _refuse_namespaces()
    os.environ["GRADER_PYTHON"] = sys.executable
    os.execv("./run_autograder", ["./run_autograder"])


def lay_out(zipped: Path, submission: Path, folder: Path) -> None:
    """Make FOLDER: the autograder's zip in source/, its run_autograder beside it, and what was handed in."""
    for name in ("source", "results"):
        (folder / name).mkdir(parents=True)
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(folder / "source")
    shutil.copy(folder / "source" / "run_autograder", folder)
    (folder / "run_autograder").chmod(0o755)
    shutil.copytree(submission, folder / "submission", ignore=shutil.ignore_patterns("__pycache__"))


def _let_everyone_reach(prefix):
    """An interpreter in a home that is its owner's alone: on Gradescope setup.sh installs one for everybody."""
    closed = next((place for place in reversed(prefix.parents) if not place.stat().st_mode & 0o001), None)
    if closed:
        kept = tempfile.mkdtemp(dir="/dev/shm")
        linux.mount(str(prefix), kept, flags=linux.BIND | linux.RECURSIVE)
        linux.mount("tmpfs", str(closed), "tmpfs", options="mode=755")
        prefix.mkdir(parents=True)
        linux.mount(kept, str(prefix), flags=linux.BIND | linux.RECURSIVE)
        linux.unmount(kept)
        os.rmdir(kept)


def _refuse_namespaces():
    """As Docker does by default."""
    rules, refuse = pyseccomp.SyscallFilter(pyseccomp.ALLOW), pyseccomp.ERRNO(1)
    for call in ("unshare", "setns", "mount", "pivot_root"):
        rules.add_rule(refuse, call)
    rules.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, linux.NEW_USER, linux.NEW_USER))
    rules.load()


if __name__ == "__main__":
    main()
