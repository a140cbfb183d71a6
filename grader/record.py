"""What became of one submission, as data: what the ledger keeps, and all that reports of a class are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from grader.accuracy import tasks
from grader.assignment import Assignment
from grader.case import Case, Outcome, Question, Total, Verdict, total


@dataclass(frozen=True)
class Student:
    """Someone who handed in a submission, as the platform it came from knows them; '' is what it does not tell."""

    name: str
    id: str = ""  # of the user, by which grades are uploaded
    email: str = ""


@dataclass(frozen=True)
class Record:
    """One submission of a class, graded. Its texts may be a student's: reports escape them."""

    id: str  # of ASCII letters, digits, '-' and '_' alone, unique in its class: names its files
    submission: str  # of the folder or zip, as `submission.name_of` spells it: TAs' marks are found by it
    verdicts: tuple[Verdict, ...]  # cases, accuracies and written questions, in the assignment's order
    students: tuple[Student, ...] = ()  # several for a group, none if only the name is known
    late: bool = False
    tier: str = ""  # of trust
    seeds: tuple[str, ...] = ()  # names of the seeds that cases had to pass with
    changed: tuple[str, ...] = ()  # what was changed outside the TODOs, a line each
    problem: str = ""  # why it could not be graded at all; its verdicts are ERROR then
    images: Mapping[str, Path] = field(default_factory=dict)  # id of an accuracy -> PNG with a grid of its samples

    @property
    def total(self) -> Total:
        """The sum over verdicts."""
        return total(self.verdicts)

    @property
    def complete(self) -> bool:
        """Whether no verdict is missing for a fault of the grader."""
        return all(v.outcome is not Outcome.INFRASTRUCTURE for v in self.verdicts)

    @property
    def who(self) -> str:
        """The students' names, or what the submission is called."""
        return ", ".join(student.name for student in self.students) or self.submission


def verdict_to_json(verdict: Verdict) -> dict:
    """A verdict, ready for JSON; the case is told by its id."""
    return asdict(verdict) | {"case": verdict.case.id, "outcome": str(verdict.outcome)}


def verdict_from_json(entry: Mapping, asked: Mapping[str, Case | Question]) -> Verdict:
    """What `verdict_to_json` was given.

    Args:
        entry: its result, read from JSON.
        asked: as `everything_asked` gives it.

    Raises:
        KeyError: the assignment has no such case any more.
    """
    return Verdict(**{**entry, "case": asked[entry["case"]], "outcome": Outcome(entry["outcome"])})


def everything_asked(assignment: Assignment, questions: Sequence[Question] = ()) -> dict[str, Case | Question]:
    """All that earns points, by id, in the order of reports: cases, accuracies, written questions."""
    asked = (*assignment.cases, *(task.case for task in tasks(assignment.policy)), *questions)
    return {case.id: case for case in asked}
