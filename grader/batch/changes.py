"""Marks that are others than before, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.batch.ledger import Stage
from grader.case import Outcome


@dataclass(frozen=True)
class Change:
    """A mark that is another than before."""

    record: str  # id
    case: str  # id
    before: float | None  # None if the case is new
    after: float
    reason: str

    @property
    def in_words(self) -> str:
        """A line."""
        before = "no mark" if self.before is None else f"{self.before:g}"
        return f"{self.record}: {self.case}: {before} before, {self.after:g} now: {self.reason}"


def changes_of(record: str, stages: Iterable[Stage]) -> Iterator[Change]:
    """What changed in a submission when it was last graded. A fault of the grader changes no mark."""
    for stage in stages:
        reasons = [reason for _, reason in stage.before.values()]
        for verdict in stage.verdicts if reasons else ():
            before, reason = stage.before.get(verdict.case.id, (None, reasons[0]))
            if verdict.points != before and verdict.outcome is not Outcome.INFRASTRUCTURE:
                yield Change(record, verdict.case.id, before, verdict.points, reason)
