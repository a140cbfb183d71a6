"""Grades many submissions at once: unit cases on all cores, samples one job at a time on each device."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import sandbox
from grader.accuracy import check_device
from grader.batch.intake import Entry
from grader.batch.ledger import Ledger, Stage
from grader.batch.terms import Terms
from grader.batch.worker import DELAYS, Patience, Worker
from grader.submission import lay_out

CPU = "cpu"
_LAST_SECONDS = 5.0  # for threads to end when they are stopped; what they do then is not kept


@dataclass(frozen=True)
class Graded:
    """A stage is done."""

    entry: Entry
    stage: str
    graded: Stage


@dataclass(frozen=True)
class Visited:
    """All is done that needs no device; accuracies may be left."""

    entry: Entry
    left: Sequence[str]


class Engine:
    """Threads that grade, each with a tier of its own.

    Args:
        terms: with what is graded.
        ledger: where it is kept.
        jobs: how many submissions at once.
        devices: where samples are generated: after all else on the CPU, at the same time on a GPU.
        scratch: a folder for what was handed in.
        start_tier: makes the tier of a thread.
        delays: seconds before each further attempt after a fault.
    """

    def __init__(
        self,
        terms: Terms,
        ledger: Ledger,
        jobs: int,
        devices: Sequence[str],
        scratch: Path,
        start_tier: Callable = sandbox.start,
        delays: tuple[float, ...] = DELAYS,
    ):
        self._terms, self._ledger, self._scratch = terms, ledger, scratch
        self._jobs, self._devices, self._start_tier = jobs, devices, start_tier
        self._stopped = threading.Event()
        self._patience = Patience(self._stopped.wait, delays)
        self._events, self._entries, self._sampling = (queue.SimpleQueue() for _ in range(3))
        self._tiers = []

    def run(self, entries: Sequence[Entry], tell: Callable[[Graded | Visited], None]) -> None:
        """Grade what is unfinished of these entries.

        Args:
            entries: at least one.
            tell: gets what happens, in this thread.

        Raises:
            LedgerError: grades cannot be kept.
            InfrastructureError: no tier can be started.
            KeyboardInterrupt: and what was not finished is left for the next run.
        """
        for entry in entries:
            self._entries.put(entry)
        graders = [self._thread(self._grade) for _ in range(min(self._jobs, len(entries)))]
        at_once, afterwards = (
            [self._thread(self._sample, device) for device in self._devices if (device == CPU) is last]
            for last in (False, True)
        )
        try:
            for thread in graders + at_once:
                thread.start()
            self._until_ended(graders, tell)
            for _ in at_once + afterwards:
                self._sampling.put(None)
            for thread in afterwards:
                thread.start()
            self._until_ended(at_once + afterwards, tell)
        finally:
            self._stopped.set()
            for tier in list(self._tiers):
                tier.close()
            deadline = time.monotonic() + _LAST_SECONDS
            for thread in graders + at_once + afterwards:
                if thread.ident:
                    thread.join(max(0.0, deadline - time.monotonic()))

    def _thread(self, work, *arguments):
        def run() -> None:
            try:
                work(*arguments)
            except Exception as error:
                self._events.put(error)
            finally:
                self._events.put(None)

        return threading.Thread(target=run, daemon=True)  # one that does not end in time is left behind

    def _until_ended(self, threads, tell):
        left = len(threads)
        while left:
            event = self._events.get()
            if isinstance(event, Exception):
                raise event
            if event is None:
                left -= 1
            else:
                tell(event)

    def _grade(self):
        worker = self._worker(None)
        while not self._stopped.is_set():
            try:
                entry = self._entries.get_nowait()
            except queue.Empty:
                return
            left = worker.grade(entry)
            self._events.put(Visited(entry, left))
            if left:
                self._sampling.put(entry)

    def _sample(self, device):
        worker = None
        while (entry := self._sampling.get()) and not self._stopped.is_set():
            worker = worker or self._worker(device)  # its tier takes memory, and there may be nothing to do
            worker.grade(entry)

    def _worker(self, device):
        tier = self._start_tier(self._terms.tier)
        self._tiers.append(tier)
        if device:
            self._check(tier, device)
        told = lambda *what: self._events.put(Graded(*what))  # noqa: E731
        return Worker(self._terms, self._ledger, tier, device, self._scratch, self._patience, self._stopped, told)

    def _check(self, tier, device):
        """A device that cannot be used fails for everybody: then nothing need be tried."""
        assignment = self._terms.assignment
        with lay_out(assignment.student, assignment.allowlist, assignment.student, self._scratch) as stubs:
            check_device(self._terms.grading(tier, stubs), device)
