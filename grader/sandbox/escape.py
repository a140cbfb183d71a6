"""What code at a tier can reach: an experiment that tries, for `grader doctor` and our tests."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from grader.runtime.case import case

if TYPE_CHECKING:
    from grader.runtime.experiment import Code
    from grader.runtime.rng import TensorStreams


def _succeeds(action: Callable[[], object]) -> bool:
    try:
        return bool(action())
    except (OSError, ValueError):
        return False


def _connects(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


def _signals(process: int) -> bool:
    os.kill(process, 0)
    return True


@case("0.reach", points=0, equation="", shows={})
def reach(
    code: Code, rng: TensorStreams, *, goldens: str, files: Sequence[str], port: int, process: int
) -> dict[str, bool]:
    """Try to reach what is none of a submission's business

    Args:
        code: unused.
        rng: unused.
        goldens: path of a file of the grader's.
        files: to try to write; the caller looks whether they exist.
        port: of a server on this machine's loopback.
        process: of the grader.
    """
    for file in files:
        _succeeds(partial(Path(file).write_text, "reached"))
    return {
        "read the grader's goldens": _succeeds(lambda: Path(goldens).read_bytes()),
        "connect to the network": _succeeds(lambda: _connects(port)),
        "signal the grader's process": _succeeds(lambda: _signals(process)),
        "read the grader's memory": _succeeds(lambda: Path(f"/proc/{process}/mem").open("rb")),
        "list other processes": _succeeds(lambda: any(p.name == str(process) for p in Path("/proc").iterdir())),
    }
