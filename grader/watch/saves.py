"""Notices that files of a folder were saved, by looking at the folder many times a second.

Looking is cheap for the files of a course. It also works where the system's notifications do not: on network and
virtual file systems, in a folder that is removed and comes back, and for editors that save by renaming.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

LOOK = 0.05  # seconds between looks; a save counts once two looks see the same


@contextlib.contextmanager
def saves(folder: Path, notify: Callable[[], object]) -> Iterator[None]:
    """Call `notify` in a thread after each save of a .py file in `folder`, and after its removal.

    Args:
        folder: need not exist.
        notify: called once for several saves in a row.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_look, args=(folder, _state(folder), notify, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


State = dict[str, tuple[int, int, int, int]]  # by name of file


def _look(folder: Path, reported: State, notify: Callable[[], object], stop: threading.Event) -> None:
    last = reported
    while not stop.wait(LOOK):
        now = _state(folder)
        if now == last != reported:
            reported = now
            notify()
        last = now


def _state(folder: Path) -> State:
    """Read, for each .py file, what changes with its content: times, size and inode."""
    state = {}
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                with contextlib.suppress(OSError):
                    status = os.stat(entry.path)  # on Windows an entry's own may be out of date
                    state[entry.name] = status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
    return state
