"""Tier `none`: the experiment runs in this very process, so that breakpoints work. Nothing is limited."""

from __future__ import annotations

from pathlib import Path

from grader.runtime.case import Observation
from grader.sandbox.exchange import Job


class InProcess:
    """Tier `none`."""

    name, size = "none", 1

    def __init__(self) -> None:
        self._folder: Path | None = None  # of the submission graded last

    def observe(self, job: Job) -> Observation:
        """Run one case: see `Tier.observe`."""
        from grader.runtime import experiment

        if self._folder:
            experiment.forget(self._folder)  # the next submission has files of the same names
        self._folder = job.folder
        return experiment.run(job.case.observe, job.folder, job.seed, dict(job.arguments))

    observe_alone = observe

    def abandon(self) -> None:
        """Do nothing: the case runs in the thread that would have to end it."""

    def close(self) -> None:
        """Do nothing: there is nothing to stop."""
