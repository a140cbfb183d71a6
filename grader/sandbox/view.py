"""What code in the sandbox can see of this machine: the interpreter and its libraries. Nothing of the grader's."""

from __future__ import annotations

import functools
import os
import stat
import sys
import sysconfig
from pathlib import Path

DEVICES = ("null", "zero", "full", "random", "urandom")  # of /dev
SUBMISSION = "/submission"  # where the view holds it, read-only
SCRATCH = "/scratch"  # the one writable place; /tmp leads there, unless there are libraries below it
WORK = "submission"  # the folder within a place for scratch files in which code runs


@functools.cache
def libraries() -> list[tuple[str, str]]:
    """(path in the view, real path) of everything that an interpreter with its packages needs, parents first."""
    installed = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    wanted = {
        *installed,
        *(f"{prefix}/lib" for prefix in (sys.prefix, sys.base_prefix)),
        *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"),
        sys.executable,
        os.path.realpath(sys.executable),
        f"{sys.prefix}/pyvenv.cfg",
    }
    needed: list[tuple[str, str]] = []
    for path in sorted(wanted):
        inside = any(path.startswith(f"{parent}/") for parent, _ in needed)
        if os.path.exists(path) and not inside:
            needed.append((path, os.path.realpath(path)))
    return needed


def temporary_is_free(*others: tuple[str, str]) -> bool:
    """Whether none of the libraries lies below /tmp, nor any other (path in the view, real path)."""
    return not any(path.startswith("/tmp/") for path, _ in (*libraries(), *others))


def everyone_reads() -> bool:
    """Whether other users of this machine can read the libraries where they lie."""
    return all(
        os.stat(place).st_mode & (stat.S_IXOTH if os.path.isdir(place) else stat.S_IROTH)
        for _, source in libraries()
        for place in (source, *map(str, Path(source).parents))
    )


def gpus() -> list[str]:
    """The devices of NVIDIA's driver on this machine."""
    return sorted(str(path) for path in Path("/dev").glob("nvidia*"))


def lay_links(scratch: Path, submission: Path) -> Path:
    """Make a folder of links to the files of a submission: code may write beside them, but not to them.

    Returns:
        The folder, which becomes the working directory of the code.
    """
    work = scratch / WORK
    for top, _, files in os.walk(submission):
        place = os.path.join(work, os.path.relpath(top, submission))
        os.mkdir(os.path.normpath(place))
        for file in files:
            os.symlink(os.path.join(top, file), os.path.join(place, file))
    return work
