"""Reads single keys from a terminal, without Enter, and leaves the terminal as it was."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

QUIT = "q"
GLANCE = 0.05  # seconds between looks at the keyboard on Windows, where there is nothing to wait for


@contextlib.contextmanager
def keys(press: Callable[[str], object]) -> Iterator[None]:
    """Call `press` in a thread with each character that is typed, and with QUIT when the terminal has gone.

    Arrows and function keys are ignored. Ctrl-C and Ctrl-Z do what they always do.
    """
    if sys.platform == "win32":
        threading.Thread(target=_read_console, args=(press,), daemon=True).start()
        yield
        return
    with _unbuffered(sys.stdin.fileno()), _pipe() as (stopped, stop):
        thread = threading.Thread(target=_read_terminal, args=(sys.stdin.fileno(), stopped, press), daemon=True)
        thread.start()
        try:
            yield
        finally:
            os.write(stop, b"!")
            thread.join()


@contextlib.contextmanager
def _unbuffered(terminal: int) -> Iterator[None]:
    """Read characters at once and without an echo, also after Ctrl-Z and `fg`: a shell sets modes of its own."""
    import termios
    import tty

    before = termios.tcgetattr(terminal)
    continued = signal.signal(signal.SIGCONT, lambda *_: tty.setcbreak(terminal))
    try:
        tty.setcbreak(terminal)
        yield
    finally:
        signal.signal(signal.SIGCONT, continued)
        with contextlib.suppress(termios.error):  # the terminal has gone
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


@contextlib.contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def _read_terminal(terminal: int, stopped: int, press: Callable[[str], object]) -> None:
    while stopped not in select.select([terminal, stopped], [], [])[0]:
        try:
            typed = os.read(terminal, 1024)
        except OSError:
            typed = b""
        if not typed:
            press(QUIT)
            return
        if not typed.startswith(b"\x1b"):
            for character in typed.decode("utf-8", "replace"):
                press(character)


def _read_console(press: Callable[[str], object]) -> None:
    import msvcrt

    console: Any = msvcrt  # the stubs of other systems have none of its functions
    while True:
        if not console.kbhit():
            time.sleep(GLANCE)
        elif (character := console.getwch()) in "\x00\xe0":  # the first half of an arrow or a function key
            console.getwch()
        else:
            press(character)
