"""What code at a tier can reach: an experiment that tries, for `grader doctor` and our tests."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from grader.case import case


def _tries(action):
    try:
        return bool(action())
    except (OSError, ValueError):
        return False


def _connects(port):
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


def _signals(process):
    os.kill(process, 0)
    return True


@case("0.reach", points=0, equation="", shows={})
def reach(code, rng, *, goldens, files, port, process):
    """Try to reach what is none of a submission's business

    Args:
        code: unused.
        rng: unused.
        goldens: path of a file of the grader's.
        files: to try to write; whoever calls looks whether they are there.
        port: of a server on this machine's loopback.
        process: of the grader.
    """
    for file in files:
        _tries(lambda file=file: Path(file).write_text("reached"))
    return {
        "read the grader's goldens": _tries(lambda: Path(goldens).read_bytes()),
        "connect to the network": _tries(lambda: _connects(port)),
        "signal the grader's process": _tries(lambda: _signals(process)),
        "read the grader's memory": _tries(lambda: Path(f"/proc/{process}/mem").open("rb")),
        "list other processes": _tries(lambda: any(p.name == str(process) for p in Path("/proc").iterdir())),
    }
