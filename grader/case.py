"""The nouns of the harness: cases, questions, observations, verdicts. Small, frozen, and free of torch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from grader.text import visible

FLOAT32 = {"rtol": 1e-4, "atol": 2e-5}  # the tolerance of float32 against float32, products of 1000 factors included


class Outcome(StrEnum):
    """What became of one case or question."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
    ERROR = "ERROR"  # the student's code raised, hung, or ran out of memory
    INFRASTRUCTURE = "INFRASTRUCTURE"  # our fault: never a zero
    MARKED = "MARKED"  # a written question, and its points are a TA's
    NOT_MARKED = "NOT_MARKED"  # a written question that waits for a TA: never a zero


class InfrastructureError(Exception):
    """The harness itself failed; no grade follows from it."""


@dataclass(frozen=True)
class Case:
    """An experiment on the student's code: what it does, what it is worth, how exact its result must be."""

    id: str  # '<part>.<name>', e.g. '4.add_noise'
    title: str  # one line that says what is tried
    points: float
    observe: Callable  # observe(code, rng) -> {name: array}; holds no answers
    equation: str  # the formula in question and its source, shown with a failure
    look: str = ""  # the first hint: which part of the code to read again, and for what
    term: str = ""  # the second hint, beside the equation: which of its terms is most often wrong, or what it asks
    rtol: float = 0.0  # an observed value passes if |value - golden| <= atol + rtol |golden|: exactly, unless said
    atol: float = 0.0
    shows: Mapping[str, str] = field(default_factory=dict)  # what each observed array is, in the student's words
    needs: tuple[str, ...] = ()  # cases to repair first, because this one builds on their code
    bonus: bool = False  # whether its points come on top of the assignment's total
    seconds: float | None = None  # a limit of its own instead of the assignment's

    @property
    def part(self) -> int:
        """The part of the assignment, an integer from 1 to 6."""
        return int(self.id.split(".")[0])

    @property
    def reference(self) -> str:
        """Where a worker finds the experiment: 'module:function'."""
        return f"{self.observe.__module__}:{self.observe.__name__}"


@dataclass(frozen=True)
class Question:
    """A written question: no program answers it, and a TA marks it."""

    id: str  # '<part>.<name>', e.g. '6.gan_equilibrium'; no case has the same
    title: str
    points: float
    bonus: bool = False  # whether its points come on top of the assignment's total

    @property
    def part(self) -> int:
        """The part of the assignment, an integer from 1 to 6."""
        return int(self.id.split(".")[0])


def case(id, **fields):
    """Turn `observe(code, rng)` into a `Case`: its docstring is the title, the arguments are the other fields."""

    def decorate(observe):
        return Case(id, inspect.getdoc(observe).splitlines()[0], observe=observe, **fields)

    return decorate


class Ended(StrEnum):
    """How a run of an experiment ended."""

    COMPLETED = "completed"
    NOT_IMPLEMENTED = "not implemented"
    RAISED = "raised"
    TIMED_OUT = "timed out"
    DIED = "died"  # the process ended before it had replied


@dataclass(frozen=True)
class Observation:
    """What a run of an experiment left: named arrays, and how the run ended."""

    ended: Ended
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    not_arrays: Mapping[str, str] = field(default_factory=dict)  # name -> what came instead of an array
    exception: str = ""  # type of what was raised
    message: str = ""
    where: str = ""  # 'models.py, line 12, in forward: <the line>'
    output: str = ""  # what the student's code printed, capped
    seconds: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """The judgement of one case or question, ready for every report: what it quotes is safe to show."""

    case: Case | Question
    outcome: Outcome
    points: float
    message: str = ""  # what differs, one line per difference; of a question what the TA says
    diagnosis: str = ""  # the id of the known mistake that the observation equals
    hint: str = ""  # its hint
    output: str = ""
    seconds: float = 0.0
    figures: Mapping = field(default_factory=dict)  # of accuracy: what the points rest on, ready for JSON

    def __post_init__(self):
        for name in ("message", "output"):
            object.__setattr__(self, name, visible(getattr(self, name)))


class Total(NamedTuple):
    """What several cases and questions come to."""

    earned: float  # bonus points among them
    most: float  # that can be earned without them
    bonus: float  # that can be earned on top


def total(verdicts: Iterable[Verdict]) -> Total:
    """The sum over verdicts."""
    verdicts = list(verdicts)
    most, bonus = (sum(v.case.points for v in verdicts if v.case.bonus is on_top) for on_top in (False, True))
    return Total(sum(v.points for v in verdicts), most, bonus)
