"""Reads what a job writes while it runs, and forgets what is too much. POSIX."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import time
from collections.abc import Collection

from grader.sandbox.exchange import Limits

PIPE_BYTES = 2**20  # as much as a pipe can hold


class Capped(bytearray):
    """Keeps the first `cap` bytes and forgets the rest."""

    def __init__(self, cap: int):
        super().__init__()
        self.cap = cap

    def add(self, data: bytes) -> None:
        """Append as much of `data` as there is room for."""
        self.extend(data[: max(0, self.cap - len(self))])


class Collector:
    """Two pipes from a job, for its reply and for what it prints, read while it runs. A context manager.

    Attributes:
        output_end, reply_end: descriptors to hand over; `handed_over` closes them here.
    """

    def __init__(self, limits: Limits):
        # One byte more than is allowed tells 'full' from 'too much'.
        self.reply, self.output = Capped(limits.reply_bytes + 1), Capped(limits.output_bytes)

    def __enter__(self):
        (reply, self.reply_end), (output, self.output_end) = os.pipe(), os.pipe()
        self._open, self._ends = {reply: self.reply, output: self.output}, [self.reply_end, self.output_end]
        for descriptor in self._open:
            os.set_blocking(descriptor, False)
            with contextlib.suppress(OSError):  # this user has as many large pipes as allowed
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        return self

    def handed_over(self) -> None:
        """Close our copies of what the job writes to."""
        while self._ends:
            os.close(self._ends.pop())

    def until(self, ready: Collection[int], deadline: float) -> set[int]:
        """Collect until one of `ready` can be read. Returns those that can; none if the deadline comes first."""
        poll = select.poll()
        for descriptor in (*ready, *self._open):
            poll.register(descriptor, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            found = {descriptor for descriptor, _ in poll.poll(1000 * left)}
            for descriptor in found & self._open.keys():
                if not self._read(descriptor):
                    poll.unregister(descriptor)  # all that could write to it has ended
            if found & set(ready):
                return found & set(ready)
        return set()

    def rest(self) -> None:
        """Collect what is still in the pipes, when all that could write more has ended."""
        for descriptor in self._open:
            while self._read(descriptor):
                pass

    def _read(self, descriptor):
        with contextlib.suppress(BlockingIOError):
            data = os.read(descriptor, PIPE_BYTES)
            self._open[descriptor].add(data)
            return len(data)
        return 0

    def __exit__(self, *_):
        self.handed_over()
        for descriptor in self._open:
            os.close(descriptor)
