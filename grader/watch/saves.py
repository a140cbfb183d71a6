"""Notices that files of a folder were saved, by looking at it: a folder of some twenty files, as often a second.

Looking works where the system's notifications do not (network and virtual file systems, a folder that is removed and
comes back), through the renames that some editors save by, and costs 0.05 ms.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

LOOK = 0.05  # seconds between looks; a save is told once two of them show the same


@contextlib.contextmanager
def saves(folder: Path, tell: Callable[[], object]) -> Iterator[None]:
    """Call `tell` in a thread after each save of a .py file in `folder`, and after its removal.

    Args:
        folder: need not be there.
        tell: is called once for several saves in a row.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_look, args=(folder, _state(folder), tell, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _look(folder, told, tell, stop):
    last = told
    while not stop.wait(LOOK):
        now = _state(folder)
        if now == last != told:
            told = now
            tell()
        last = now


def _state(folder):
    """Of every .py file what changes with its content."""
    state = {}
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                with contextlib.suppress(OSError):
                    status = os.stat(entry.path)  # on Windows an entry's own is that of another moment
                    state[entry.name] = status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
    return state
