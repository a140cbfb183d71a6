"""Adds up verdicts of which some may be open: a number that is not known is None, never zero."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grader.report.record import Record
from grader.runtime.case import Outcome, Total, Verdict, total

OPEN = (Outcome.INFRASTRUCTURE, Outcome.NOT_MARKED)  # outcomes without points so far


def parts(records: Iterable[Record]) -> list[int]:
    """The numbers of the parts that any verdict belongs to."""
    return sorted({verdict.case.part for record in records for verdict in record.verdicts})


def of_part(record: Record, part: int) -> list[Verdict]:
    """The verdicts on one part."""
    return [verdict for verdict in record.verdicts if verdict.case.part == part]


def known_total(verdicts: Sequence[Verdict]) -> Total | None:
    """The total; None if a fault of the grader leaves it open, or if nothing in it is marked yet."""
    outcomes = {verdict.outcome for verdict in verdicts}
    if Outcome.INFRASTRUCTURE in outcomes or outcomes <= {Outcome.NOT_MARKED}:
        return None
    return total(verdicts)


def points(verdicts: Sequence[Verdict]) -> float | None:
    """The points earned, with those of the bonus; None where `known_total` is."""
    summed = known_total(verdicts)
    return None if summed is None else summed.earned


def share(verdicts: Sequence[Verdict]) -> float | None:
    """The points as a share of those that are decided. A bonus may lift it above 1; None where `points` is."""
    earned, most = points(verdicts), total(v for v in verdicts if v.outcome not in OPEN).most
    return None if earned is None or not most else earned / most
