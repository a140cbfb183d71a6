"""Grades many submissions at once: unit cases on all cores, images one job at a time on each device."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import sandbox
from grader.accuracy.grade import check_device
from grader.batch.entries import Entry
from grader.batch.ledger import Ledger, Stage
from grader.batch.runner import DELAYS, Patience, Runner
from grader.batch.terms import Terms
from grader.sandbox.tier import Tier
from grader.submission.layout import lay_out

CPU = "cpu"
_LAST_SECONDS = 5.0  # for threads to end when they are stopped; what they do in that time is not kept


@dataclass(frozen=True)
class Graded:
    """A stage is finished."""

    entry: Entry
    stage: str
    graded: Stage


@dataclass(frozen=True)
class Visited:
    """All that needs no device is finished; accuracies may be left."""

    entry: Entry
    left: Sequence[str]


Event = Graded | Visited


class Engine:
    """Runners in threads, each with a tier of its own.

    Args:
        terms: what submissions are graded with.
        ledger: where grades are kept.
        jobs: how many submissions are graded at once.
        devices: where images are generated: on the CPU after all unit cases, on a GPU at the same time.
        scratch: a folder in which submissions are laid out.
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
        start_tier: Callable[[str], Tier] = sandbox.start,
        delays: tuple[float, ...] = DELAYS,
    ):
        self._terms, self._ledger, self._scratch = terms, ledger, scratch
        self._jobs, self._devices, self._start_tier = jobs, devices, start_tier
        self._stopped = threading.Event()
        self._patience = Patience(self._stopped.wait, delays)
        self._events: queue.SimpleQueue[Event | Exception | None] = queue.SimpleQueue()  # None: a thread has ended
        self._entries: queue.SimpleQueue[Entry] = queue.SimpleQueue()
        self._sampling: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()  # None: nothing more comes
        self._tiers: list[Tier] = []

    def run(self, entries: Sequence[Entry], on_event: Callable[[Event], None]) -> None:
        """Grade what is unfinished of these entries.

        Args:
            entries: at least one.
            on_event: gets what happens, in this thread.

        Raises:
            LedgerError: grades cannot be kept.
            InfrastructureError: no tier can be started.
            KeyboardInterrupt: what is not finished is left for the next run.
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
            self._until_ended(graders, on_event)
            for _ in at_once + afterwards:
                self._sampling.put(None)
            for thread in afterwards:
                thread.start()
            self._until_ended(at_once + afterwards, on_event)
        finally:
            self._stop(graders + at_once + afterwards)

    def _stop(self, threads: Sequence[threading.Thread]) -> None:
        self._stopped.set()
        for tier in list(self._tiers):
            tier.close()
        deadline = time.monotonic() + _LAST_SECONDS
        for thread in threads:
            if thread.ident:
                thread.join(max(0.0, deadline - time.monotonic()))

    def _thread(self, work: Callable[..., None], *arguments: str) -> threading.Thread:
        def run() -> None:
            try:
                work(*arguments)
            except Exception as error:
                self._events.put(error)
            finally:
                self._events.put(None)

        return threading.Thread(target=run, daemon=True)  # one that does not end in time is left behind

    def _until_ended(self, threads: Sequence[threading.Thread], on_event: Callable[[Event], None]) -> None:
        left = len(threads)
        while left:
            event = self._events.get()
            if isinstance(event, Exception):
                raise event
            if event is None:
                left -= 1
            else:
                on_event(event)

    def _grade(self) -> None:
        runner = self._runner(None)
        while not self._stopped.is_set():
            try:
                entry = self._entries.get_nowait()
            except queue.Empty:
                return
            left = runner.grade(entry)
            self._events.put(Visited(entry, left))
            if left:
                self._sampling.put(entry)

    def _sample(self, device: str) -> None:
        runner = None
        while (entry := self._sampling.get()) and not self._stopped.is_set():
            runner = runner or self._runner(device)  # its tier takes memory, and there may be nothing to do
            runner.grade(entry)

    def _runner(self, device: str | None) -> Runner:
        tier = self._start_tier(self._terms.tier)
        self._tiers.append(tier)
        if device:
            self._check(tier, device)
        return Runner(
            self._terms,
            self._ledger,
            tier,
            device,
            self._scratch,
            self._patience,
            self._stopped,
            lambda entry, stage, graded: self._events.put(Graded(entry, stage, graded)),
        )

    def _check(self, tier: Tier, device: str) -> None:
        """Refuse a device that cannot be used: it would fail for every submission."""
        assignment = self._terms.assignment
        with lay_out(assignment.student, assignment.allowlist, assignment.student, self._scratch) as stubs:
            check_device(self._terms.grading(tier, stubs), device)
