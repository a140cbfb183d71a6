"""What several verdicts come to, where some may be open: a number that is not known is None, never zero."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grader.case import Outcome, Verdict, total
from grader.record import Record

OPEN = (Outcome.INFRASTRUCTURE, Outcome.NOT_MARKED)  # outcomes without points so far


def parts(records: Iterable[Record]) -> list[int]:
    """The parts of the assignment that any verdict is about."""
    return sorted({verdict.case.part for record in records for verdict in record.verdicts})


def of_part(record: Record, part: int) -> list[Verdict]:
    """The verdicts on one part."""
    return [verdict for verdict in record.verdicts if verdict.case.part == part]


def points(verdicts: Sequence[Verdict]) -> float | None:
    """The sum; None if a fault of the grader leaves it open, or if all of it waits for marks."""
    outcomes = {verdict.outcome for verdict in verdicts}
    if Outcome.INFRASTRUCTURE in outcomes or outcomes <= {Outcome.NOT_MARKED}:
        return None
    return total(verdicts).earned


def share(verdicts: Sequence[Verdict]) -> float | None:
    """The points as a share of those that are decided, which a bonus may lift above 1; None where `points` is."""
    earned, most = points(verdicts), total(v for v in verdicts if v.outcome not in OPEN).most
    return None if earned is None or not most else earned / most
