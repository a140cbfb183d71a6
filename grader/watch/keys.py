"""Single keys of a terminal, without Enter, and the terminal as it was afterwards."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

QUIT = "q"
GLANCE = 0.05  # seconds between looks at the keyboard on Windows, which has nothing to wait for


@contextlib.contextmanager
def keys(tell: Callable[[str], object]) -> Iterator[None]:
    """Call `tell` in a thread with each character that is typed; QUIT when the terminal has gone.

    Sequences of arrows and function keys are left out. Ctrl-C and Ctrl-Z do what they always do.
    """
    if sys.platform == "win32":
        threading.Thread(target=_read_console, args=(tell,), daemon=True).start()
        yield
        return
    with _unbuffered(sys.stdin.fileno()), _pipe() as (stopped, stop):
        thread = threading.Thread(target=_read_terminal, args=(sys.stdin.fileno(), stopped, tell), daemon=True)
        thread.start()
        try:
            yield
        finally:
            os.write(stop, b"!")
            thread.join()


@contextlib.contextmanager
def _unbuffered(terminal):
    """Characters at once and without an echo; again after Ctrl-Z and `fg`, for shells have modes of their own."""
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
def _pipe():
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def _read_terminal(terminal, stopped, tell):
    while stopped not in select.select([terminal, stopped], [], [])[0]:
        try:
            typed = os.read(terminal, 1024)
        except OSError:
            typed = b""
        if not typed:
            tell(QUIT)
            return
        if not typed.startswith(b"\x1b"):
            for character in typed.decode("utf-8", "replace"):
                tell(character)


def _read_console(tell):
    import msvcrt

    while True:
        if not msvcrt.kbhit():
            time.sleep(GLANCE)
        elif (character := msvcrt.getwch()) in "\x00\xe0":  # of an arrow or a function key; the second half follows
            msvcrt.getwch()
        else:
            tell(character)
