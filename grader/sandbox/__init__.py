"""Tiers of trust: where experiments run, from the weakest to the strongest.

`none` runs in this process, for a debugger. `process` runs each case in a child of its own that is ended when its time
is up: it protects against accidents, on a student's own machine. `restricted` and `sandbox` run what strangers wrote;
`doctor.py` tells which of them a machine has.
"""

from __future__ import annotations

import queue
import sys
from pathlib import Path

from grader.case import Case, InfrastructureError, Observation
from grader.sandbox.exchange import Limits


class InProcess:
    """Tier `none`: the experiment runs right here, so that breakpoints work. Nothing is limited."""

    tier, size = "none", 1

    def __init__(self):
        self._folder = None  # of the submission graded last

    def observe(self, case: Case, folder: Path, seed: int, limits: Limits, arguments=None, device="cpu") -> Observation:
        """Run one case on the submission laid out in `folder`; `arguments` are passed on to `observe`, as JSON."""
        from grader import experiment

        if self._folder:
            experiment.forget(self._folder)  # the next submission has files of the same names
        self._folder = folder
        return experiment.run(case.observe, folder, seed, arguments or {})

    observe_alone = observe

    def close(self):
        """Nothing to stop."""


def start(tier: str):
    """A tier by its name, on this machine.

    Raises:
        InfrastructureError: it is there on Linux only.
    """
    if tier == "none":
        return InProcess()
    if sys.platform != "linux":
        if tier != "process":
            raise InfrastructureError(f"there is no tier `{tier}` on {sys.platform}: `grader doctor` says why")
        from grader.sandbox.serial import Serial

        return Serial()
    from grader.sandbox.servers import ForkServers

    return ForkServers(tier)


class Pool:
    """A tier with several workers, for callers with several threads."""

    def __init__(self, tier: str, size: int):
        self.tier, self.size = tier, size
        self._all = [start(tier) for _ in range(self.size)]
        self._idle = queue.SimpleQueue()
        for worker in self._all:
            self._idle.put(worker)

    def observe(self, *arguments) -> Observation:
        """`observe` on whichever worker is idle."""
        worker = self._idle.get()
        try:
            return worker.observe(*arguments)
        finally:
            self._idle.put(worker)

    def close(self):
        """Stop all workers."""
        for worker in self._all:
            worker.close()
