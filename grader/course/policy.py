"""The policy of an assignment: what assignment.toml says, and the accuracies of the parts."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from grader.course.accuracy_policy import AnyAccuracyPolicy
from grader.course.toml import Strict, read_toml


class LimitPolicy(Strict):
    """What a submission may use: in one case, unless it says otherwise."""

    seconds: float = Field(gt=0, le=600)
    submission_seconds: float = Field(gt=0, le=36_000)
    memory_bytes: int = Field(ge=2**28, le=2**40)
    processes: int = Field(ge=4, le=10_000)
    scratch_bytes: int = Field(ge=2**20, le=2**36)
    reply_bytes: int = Field(ge=1_000_000, le=2**30)
    output_bytes: int = Field(ge=1000, le=2**24)
    submission_output_bytes: int = Field(ge=1000, le=2**28)
    source_bytes: int = Field(ge=1000, le=2**24)


class Policy(Strict):
    """What assignment.toml says, and the accuracies of the parts."""

    title: str
    public_seed: int = Field(ge=0)
    canvas_assignment: int | None = Field(default=None, gt=0)  # its number in Canvas; None: found there by the title
    limits: LimitPolicy
    accuracy: dict[str, AnyAccuracyPolicy] = Field(default={})  # from each part.toml


def read_policy(path: Path) -> Policy:
    """Read assignment.toml.

    Raises:
        PolicyError: with the line, the value and the allowed range of everything that is wrong.
    """
    return read_toml(path, Policy)
