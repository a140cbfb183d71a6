"""What a process and everything that it has started use, read from outside. Linux only."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from grader.sandbox.exchange import Limits


def descendants(pid: int) -> Iterator[int]:
    """The processes that a process has started, and those that they have, as far as their parents still live."""
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield int(child)
            yield from descendants(int(child))


def excess(pid: int, deadline: float, limits: Limits, base_bytes: int = 0, spare_threads: int = 0) -> str | None:
    """What the descendants of a process use too much of: 'time', 'memory', 'processes', or None.

    Args:
        pid: the process, itself not counted.
        deadline: by the monotonic clock.
        limits: of the job.
        base_bytes: of memory that each descendant shares with the process that it was forked from.
        spare_threads: of the grader's own, beyond those that the code may have.
    """
    if time.monotonic() > deadline:
        return "time"
    memory, threads = 0, -spare_threads
    for descendant in descendants(pid):
        own, count = _status(descendant)
        memory += max(0, own - base_bytes)
        threads += count
    if memory > limits.memory_bytes:
        return "memory"
    return "processes" if threads > limits.processes else None


def own_memory() -> int:
    """How many bytes of this process's memory are not files."""
    return _status(os.getpid())[0]


def _status(pid: int) -> tuple[int, int]:
    """The memory of a process in bytes, and its number of threads; zeros if it has ended."""
    fields = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in ("RssAnon", "RssShmem", "VmSwap", "Threads"):
                fields[name] = int(value.split()[0])
    return 1024 * sum(fields.get(name, 0) for name in ("RssAnon", "RssShmem", "VmSwap")), fields.get("Threads", 0)


def threads_of(user: int) -> int:
    """How many threads a user has on this machine."""
    total = 0
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdigit() and process.stat().st_uid == user:
                total += _status(int(process.name))[1]
    return total


def kill_descendants() -> None:
    """Kill all descendants of this process, which must adopt orphans to know them all."""
    for pid in list(descendants(os.getpid())):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def end_descendants() -> None:
    """Kill all descendants of this process, and wait until none is left."""
    while True:
        kill_descendants()
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return
