"""Several workers of one tier, for callers with several threads."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Iterator

from grader.runtime.case import Observation
from grader.sandbox import start
from grader.sandbox.exchange import Job
from grader.sandbox.tier import Tier


class Pool:
    """A tier with `size` workers.

    Args:
        name: of the tier.
        size: how many threads may observe at once.
    """

    def __init__(self, name: str, size: int):
        self.name, self.size = name, size
        self._all = [start(name) for _ in range(size)]
        self._idle: queue.SimpleQueue[Tier] = queue.SimpleQueue()
        for worker in self._all:
            self._idle.put(worker)

    def observe(self, job: Job) -> Observation:
        """Run one case on whichever worker is idle: see `Tier.observe`."""
        with self._worker() as worker:
            return worker.observe(job)

    def observe_alone(self, job: Job) -> Observation:
        """Run one case by itself: see `Tier.observe_alone`."""
        with self._worker() as worker:
            return worker.observe_alone(job)

    @contextlib.contextmanager
    def _worker(self) -> Iterator[Tier]:
        worker = self._idle.get()
        try:
            yield worker
        finally:
            self._idle.put(worker)

    def abandon(self) -> None:
        """End whatever the workers run."""
        for worker in self._all:
            worker.abandon()

    def close(self) -> None:
        """Stop all workers."""
        for worker in self._all:
            worker.close()
