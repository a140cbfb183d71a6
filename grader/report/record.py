"""What became of one submission, as data. The ledger keeps it, and reports of a class are made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from grader.accuracy.grade import accuracies_of
from grader.course.assignment import Assignment
from grader.runtime.case import Case, Outcome, Question, Total, Verdict, total


@dataclass(frozen=True)
class Student:
    """Somebody who handed in a submission, as the platform knows them; '' where it does not say."""

    name: str
    id: str = ""  # of the user; grades are uploaded by it
    email: str = ""


@dataclass(frozen=True)
class Record:
    """One submission of a class, graded. Its texts may be a student's: reports escape them."""

    id: str  # ASCII letters, digits, '-' and '_', unique in its class; names its files
    submission: str  # the name of the folder or zip, as `layout.name_of` spells it; TAs' marks refer to it
    verdicts: tuple[Verdict, ...]  # cases, accuracies and written questions, in the assignment's order
    students: tuple[Student, ...] = ()  # several for a group, none if only the submission's name is known
    late: bool = False
    tier: str = ""  # of trust
    seeds: tuple[str, ...] = ()  # names of the seeds that each case had to pass with
    changed: tuple[str, ...] = ()  # what was changed outside the TODOs, a line each
    problem: str = ""  # why it could not be graded at all; its verdicts are ERROR then
    images: Mapping[str, Path] = field(default_factory=dict)  # id of an accuracy -> PNG with a grid of its samples

    @property
    def total(self) -> Total:
        """The sum over verdicts."""
        return total(self.verdicts)

    @property
    def complete(self) -> bool:
        """Whether the grader reached every verdict, without a fault of its own."""
        return all(v.outcome is not Outcome.INFRASTRUCTURE for v in self.verdicts)

    @property
    def who(self) -> str:
        """The students' names, or the name of the submission."""
        return ", ".join(student.name for student in self.students) or self.submission


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """Make a verdict ready for JSON, with the id of its case in place of the case."""
    return asdict(verdict) | {"case": verdict.case.id, "outcome": str(verdict.outcome)}


def verdict_from_json(entry: Mapping[str, Any], asked: Mapping[str, Case | Question]) -> Verdict:
    """Restore the verdict that `verdict_to_json` was given.

    Args:
        entry: its result, read from JSON.
        asked: as `everything_asked` gives it.

    Raises:
        KeyError: the assignment no longer has this case.
    """
    return Verdict(**{**entry, "case": asked[entry["case"]], "outcome": Outcome(entry["outcome"])})


def everything_asked(assignment: Assignment, questions: Sequence[Question] = ()) -> dict[str, Case | Question]:
    """All that earns points, by id, in the order of reports: cases, accuracies, written questions."""
    accuracies = (accuracy.case for accuracy in accuracies_of(assignment.policy))
    asked: tuple[Case | Question, ...] = (*assignment.cases, *accuracies, *questions)
    return {case.id: case for case in asked}
