"""What all submissions of a class are graded with, and which of their stages are unfinished."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from grader.accuracy.grade import Accuracy, accuracies_of
from grader.batch.cache_keys import UNIT, CacheKey, stage_keys, stage_of
from grader.batch.entries import Entry
from grader.batch.intake import appearance, laid_out
from grader.batch.ledger import Ledger
from grader.course.assignment import Assignment
from grader.grading.goldens import Known, Secret
from grader.grading.run import Grading, select
from grader.report.record import everything_asked
from grader.runtime.case import Case, Question
from grader.sandbox.tier import Tier
from grader.submission.layout import Submission


@dataclass(frozen=True)
class Terms:
    """The same for every submission of a class."""

    assignment: Assignment
    known: Known  # of the public seed
    secret: Secret | None  # None grades with the public seed alone
    tier: str  # of trust
    part: int | None = None  # to which grading is limited
    accuracy: bool = True  # whether images are generated

    @cached_property
    def cases(self) -> list[Case]:
        """The unit cases."""
        return select(self.assignment.cases, self.part)

    @cached_property
    def accuracies(self) -> dict[str, Accuracy]:
        """The accuracies, by stage."""
        chosen = select(accuracies_of(self.assignment.policy), self.part) if self.accuracy else []
        return {stage_of(accuracy): accuracy for accuracy in chosen}

    @property
    def stages(self) -> list[str]:
        """The stages in which a submission is graded."""
        return [UNIT, *self.accuracies]

    @cached_property
    def asked(self) -> dict[str, Case | Question]:
        """All that earns points, by id."""
        return everything_asked(self.assignment, self.assignment.questions)

    @cached_property
    def keys(self) -> dict[str, CacheKey]:
        """The key of each stage; `submission` is still empty in it."""
        seeds = {"public": self.assignment.policy.public_seed} | ({"secret": self.secret.seed} if self.secret else {})
        return stage_keys(self.assignment, seeds, self.tier, self.part)

    def key(self, stage: str, submission: str) -> CacheKey:
        """Return the key of a stage of the submission with this hash."""
        return replace(self.keys[stage], submission=submission)

    def cases_of(self, stage: str) -> list[Case]:
        """Return the cases that a stage decides; an accuracy counts as one."""
        return self.cases if stage == UNIT else [self.accuracies[stage].case]

    def grading(self, tier: Tier, submission: Submission) -> Grading:
        """Begin to grade a submission."""
        return Grading(self.assignment, tier, self.known, submission, self.secret)

    def unfinished(self, ledger: Ledger, record: str, submission: str) -> list[str]:
        """Return the stages of the submission with this hash that are not graded yet."""
        kept = {stage: ledger.read(record, stage) for stage in self.stages}
        return [s for s, graded in kept.items() if not (graded and graded.finished(self.key(s, submission)))]


def to_do(terms: Terms, ledger: Ledger, entries: Iterable[Entry]) -> Iterator[tuple[Entry, list[str]]]:
    """Yield each entry with its unfinished stages. Files are read only if their appearance has changed."""
    for entry in entries:
        seen = ledger.seen(entry.record)
        if seen is None:
            yield entry, terms.stages
        elif seen.appearance and seen.appearance == appearance(entry):
            yield entry, terms.unfinished(ledger, entry.record, seen.submission)
        else:
            yield entry, terms.unfinished(ledger, entry.record, _hash(entry, terms.assignment))


def _hash(entry: Entry, assignment: Assignment) -> str:
    try:
        with laid_out(entry, assignment) as opened:
            return opened.hash
    except OSError:  # it is reported when the entry is graded
        return ""
