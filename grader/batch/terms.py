"""What all submissions of a class are graded with, and which of their stages are still to be graded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from grader.accuracy import Task, tasks
from grader.assignment import Assignment
from grader.batch.intake import Entry, appearance, opened
from grader.batch.keys import UNIT, Key, stage_keys, stage_of
from grader.batch.ledger import Ledger
from grader.case import Case, Question
from grader.golden import Known, Secret
from grader.grading import Grading, select
from grader.record import everything_asked
from grader.submission import Submission


@dataclass(frozen=True)
class Terms:
    """The same for every submission."""

    assignment: Assignment
    known: Known  # of the public seed
    secret: Secret | None  # None grades with the public seed alone
    tier: str  # of trust
    part: int | None = None  # to which grading is limited
    accuracy: bool = True  # whether samples are generated

    @cached_property
    def cases(self) -> list[Case]:
        """The unit cases."""
        return select(self.assignment.cases, self.part)

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The accuracies, by stage."""
        found = select(tasks(self.assignment.policy), self.part) if self.accuracy else []
        return {stage_of(task): task for task in found}

    @property
    def stages(self) -> list[str]:
        """In which a submission is graded."""
        return [UNIT, *self.tasks]

    @cached_property
    def asked(self) -> dict[str, Case | Question]:
        """All that earns points, by id."""
        return everything_asked(self.assignment, self.assignment.questions)

    @cached_property
    def keys(self) -> dict[str, Key]:
        """Of each stage, with nothing yet of a submission."""
        seeds = {"public": self.assignment.policy.public_seed} | ({"secret": self.secret.seed} if self.secret else {})
        return stage_keys(self.assignment, seeds, self.tier, self.part)

    def key(self, stage: str, submission: str) -> Key:
        """The key of a stage of a submission with this hash."""
        return replace(self.keys[stage], submission=submission)

    def cases_of(self, stage: str) -> list[Case]:
        """What a stage decides."""
        return self.cases if stage == UNIT else [self.tasks[stage].case]

    def grading(self, tier, submission: Submission) -> Grading:
        """Begin to grade a submission."""
        return Grading(self.assignment, tier, self.known, submission, self.secret)

    def unfinished(self, ledger: Ledger, record: str, submission: str) -> list[str]:
        """The stages of a submission with this hash that are not graded yet."""
        kept = {stage: ledger.read(record, stage) for stage in self.stages}
        return [s for s, graded in kept.items() if not (graded and graded.finished(self.key(s, submission)))]


def to_do(terms: Terms, ledger: Ledger, entries: Iterable[Entry]) -> Iterator[tuple[Entry, list[str]]]:
    """Each entry with its unfinished stages. A submission is read only if its files look other than they did."""
    for entry in entries:
        seen = ledger.seen(entry.record)
        if seen is None:
            yield entry, terms.stages
        elif seen.fingerprint and seen.fingerprint == appearance(entry):
            yield entry, terms.unfinished(ledger, entry.record, seen.submission)
        else:
            yield entry, terms.unfinished(ledger, entry.record, _hash(entry, terms.assignment))


def _hash(entry, assignment):
    try:
        with opened(entry, assignment) as found:
            return found.hash
    except OSError:  # it will be told when it is graded
        return ""
