"""What every tier of trust can do."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from grader.runtime.case import Case, Observation
from grader.sandbox.exchange import Arguments, Limits


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

    def observe(
        self,
        case: Case,
        folder: Path,
        seed: int,
        limits: Limits,
        arguments: Arguments | None = None,
        device: str = "cpu",
    ) -> Observation:
        """Run one case on the submission laid out in `folder`.

        Args:
            case: whose experiment runs.
            folder: flat; becomes the working directory and the first entry of sys.path.
            seed: of the case, by `case_seed`.
            limits: what it may use.
            arguments: further arguments of the experiment.
            device: where it may compute.

        Raises:
            InfrastructureError: the tier itself failed.
        """
        ...

    def observe_alone(
        self,
        case: Case,
        folder: Path,
        seed: int,
        limits: Limits,
        arguments: Arguments | None = None,
        device: str = "cpu",
    ) -> Observation:
        """Do the same in an interpreter of its own where the tier has one: the case may use threads and the GPU."""
        ...

    def abandon(self) -> None:
        """End the case that another thread waits for; its observation then says nothing about the code."""
        ...

    def close(self) -> None:
        """Stop the tier and whatever it runs."""
        ...
