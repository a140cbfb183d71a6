"""What a process and everything that it has started use, read from outside. Linux."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path


def descendants(pid: int) -> Iterator[int]:
    """The processes that a process has started, and those that they have, as far as their parents still live."""
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield int(child)
            yield from descendants(int(child))


def used(pid: int, base_bytes: int = 0) -> tuple[int, int]:
    """(bytes of memory, threads) of all that a process has started.

    Args:
        pid: the process, itself not counted.
        base_bytes: of memory that each of them shares with where it was forked from.
    """
    memory = threads = 0
    for descendant in descendants(pid):
        own, count = _status(descendant)
        memory += max(0, own - base_bytes)
        threads += count
    return memory, threads


def own_memory(pid: int) -> int:
    """Bytes of memory of a process that are not files."""
    return _status(pid)[0]


def _status(pid):
    fields = {}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in ("RssAnon", "RssShmem", "VmSwap", "Threads"):
                fields[name] = int(value.split()[0])
    return 1024 * sum(fields.get(name, 0) for name in ("RssAnon", "RssShmem", "VmSwap")), fields.get("Threads", 0)


def threads_of(user: int) -> int:
    """How many threads of a user there are on this machine."""
    total = 0
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdigit() and process.stat().st_uid == user:
                total += _status(int(process.name))[1]
    return total


def kill_descendants() -> None:
    """Kill all that descends from this process, which must adopt orphans to know them all."""
    for pid in list(descendants(os.getpid())):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def end_descendants() -> None:
    """Kill all that descends from this process, and wait until none is left."""
    while True:
        kill_descendants()
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return
