"""Reads what a job writes while the job runs, and forgets what is too much. Linux only."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import time
from collections.abc import Collection
from typing import Self

from grader.sandbox.exchange import Limits

PIPE_BYTES = 2**20  # the most that a pipe can hold


class Capped(bytearray):
    """Keeps the first `cap` bytes and forgets the rest."""

    def __init__(self, cap: int):
        super().__init__()
        self.cap = cap

    def add(self, data: bytes) -> None:
        """Append as much of `data` as there is room for."""
        self.extend(data[: max(0, self.cap - len(self))])


class Collector:
    """Two pipes from a job, for its reply and for what it prints, which are read while it runs. A context manager.

    Attributes:
        output_end, reply_end: descriptors to hand over; `handed_over` closes them here.
        output, reply: what has come so far.
    """

    def __init__(self, limits: Limits):
        # One byte more than is allowed distinguishes 'full' from 'too much'.
        self.reply, self.output = Capped(limits.reply_bytes + 1), Capped(limits.output_bytes)

    def __enter__(self) -> Self:
        (reply, self.reply_end), (output, self.output_end) = os.pipe(), os.pipe()
        self._open, self._ends = {reply: self.reply, output: self.output}, [self.reply_end, self.output_end]
        for descriptor in self._open:
            os.set_blocking(descriptor, False)
            with contextlib.suppress(OSError):  # this user already has as many large pipes as are allowed
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
            readable = {descriptor for descriptor, _ in poll.poll(1000 * left)}
            for descriptor in readable & self._open.keys():
                if not self._read(descriptor):
                    poll.unregister(descriptor)  # everything that could write to it has ended
            if readable & set(ready):
                return readable & set(ready)
        return set()

    def rest(self) -> None:
        """Collect what is still in the pipes, when everything that could write more has ended."""
        for descriptor in self._open:
            while self._read(descriptor):
                pass

    def _read(self, descriptor: int) -> int:
        with contextlib.suppress(BlockingIOError):
            data = os.read(descriptor, PIPE_BYTES)
            self._open[descriptor].add(data)
            return len(data)
        return 0

    def __exit__(self, *_: object) -> None:
        self.handed_over()
        for descriptor in self._open:
            os.close(descriptor)
