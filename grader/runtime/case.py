"""The words of the grader: cases, questions, observations, verdicts. Small, frozen, and free of torch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from grader.runtime.text import visible

Experiment = Callable[..., Mapping[str, Any]]  # observe(code, rng, **arguments) -> {name: value}; holds no answers

FLOAT32 = {"rtol": 1e-4, "atol": 2e-5}  # the tolerance of float32 against float32, products of 1000 factors included


class Outcome(StrEnum):
    """How a case, accuracy or question ended."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
    ERROR = "ERROR"  # the student's code raised, hung, or ran out of memory
    INFRASTRUCTURE = "INFRASTRUCTURE"  # our fault: never a zero
    MARKED = "MARKED"  # a written question, and its points are a TA's
    NOT_MARKED = "NOT_MARKED"  # a written question that waits for a TA: never a zero


@dataclass(frozen=True)
class Case:
    """An experiment on a student's code: what it does, what it is worth, and how exact its result must be."""

    id: str  # '<part>.<name>', e.g. '4.add_noise'
    title: str  # one line that says what is tried
    points: float
    observe: Experiment
    equation: str  # the formula in question and its source, shown with a failure
    look: str = ""  # the first hint: which part of the code to read again, and for what
    term: str = ""  # the second hint, beside the equation: which of its terms is most often wrong, or what it asks
    rtol: float = 0.0  # a value passes if |value - golden| <= atol + rtol |golden|; by default it must be exact
    atol: float = 0.0
    shows: Mapping[str, str] = field(default_factory=dict)  # what each observed array is, in the student's words
    needs: tuple[str, ...] = ()  # cases to repair first, because this one builds on their code
    bonus: bool = False  # whether its points come on top of the assignment's total
    seconds: float | None = None  # a time limit of its own, in place of the assignment's

    @property
    def part(self) -> int:
        """The number of its part."""
        return int(self.id.split(".")[0])

    @property
    def reference(self) -> str:
        """Where a worker finds the experiment: 'module:function'."""
        return f"{self.observe.__module__}:{self.observe.__name__}"


@dataclass(frozen=True)
class Question:
    """A written question: no program answers it, and a TA marks it."""

    id: str  # '<part>.<name>', e.g. '6.gan_equilibrium'; no case has the same id
    title: str
    points: float
    bonus: bool = False  # whether its points come on top of the assignment's total

    @property
    def part(self) -> int:
        """The number of its part."""
        return int(self.id.split(".")[0])


def case(id: str, **fields: Any) -> Callable[[Experiment], Case]:
    """Turn `observe(code, rng)` into a `Case`: the docstring's first line is the title, the rest are arguments here.

    Args:
        id: '<part>.<name>'.
        fields: the other fields of `Case`.

    Raises:
        TypeError: the experiment has no docstring.
    """

    def decorate(observe: Experiment) -> Case:
        title = inspect.getdoc(observe)
        if not title:
            raise TypeError(f"case {id} has no title: write it in the first line of its experiment's docstring")
        return Case(id, title.splitlines()[0], observe=observe, **fields)

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
    """What a run of an experiment leaves: named arrays, and how the run ended."""

    ended: Ended
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    not_arrays: Mapping[str, str] = field(default_factory=dict)  # name -> what came instead of an array
    exception: str = ""  # the type of what was raised
    message: str = ""
    where: str = ""  # 'models.py, line 12, in forward: <the line>'
    output: str = ""  # what the student's code printed, capped
    seconds: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """The judgement of one case, accuracy or question, ready for every report: all its text is safe to show."""

    case: Case | Question
    outcome: Outcome
    points: float
    message: str = ""  # what differs, one line per difference; of a question what the TA says
    diagnosis: str = ""  # the id of the known mistake whose fingerprint equals the observation
    hint: str = ""  # the hint of that mistake
    output: str = ""
    seconds: float = 0.0
    figures: Mapping[str, Any] = field(default_factory=dict)  # of accuracy: what the points rest on, ready for JSON

    def __post_init__(self) -> None:
        for name in ("message", "output"):
            object.__setattr__(self, name, visible(getattr(self, name)))


class Total(NamedTuple):
    """The points of several cases and questions together."""

    earned: float  # bonus points included
    most: float  # that can be earned without the bonus
    bonus: float  # that can be earned on top
    earned_bonus: float = 0.0  # what was earned of the bonus

    @property
    def without_bonus(self) -> float:
        """What was earned without the bonus, out of `most`."""
        return round(self.earned - self.earned_bonus, 9)  # a difference of decimal points may end a hair off


def total(verdicts: Iterable[Verdict]) -> Total:
    """Add up the points of these verdicts."""
    verdicts = list(verdicts)
    most, bonus = (sum(v.case.points for v in verdicts if v.case.bonus is on_top) for on_top in (False, True))
    earned_bonus = sum(v.points for v in verdicts if v.case.bonus)
    return Total(sum(v.points for v in verdicts), most, bonus, earned_bonus)
