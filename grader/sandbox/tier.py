"""What every tier of trust can do."""

from __future__ import annotations

from typing import Protocol

from grader.runtime.case import Observation
from grader.sandbox.exchange import Job


class Tier(Protocol):
    """A place where experiments run beside students' code.

    Attributes:
        name: none, process, restricted or sandbox.
        size: how many threads may observe at once.
    """

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    def observe(self, job: Job) -> Observation:
        """Run one case on one submission.

        Raises:
            InfrastructureError: the tier itself failed.
        """
        ...

    def observe_alone(self, job: Job) -> Observation:
        """Do the same in an interpreter of its own where the tier has one: the case may use threads and the GPU."""
        ...

    def abandon(self) -> None:
        """End the case that another thread waits for; its observation then says nothing about the code."""
        ...

    def close(self) -> None:
        """Stop the tier and whatever it runs."""
        ...
