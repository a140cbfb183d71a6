"""What a person should look at before grades are released. No points depend on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from grader.accuracy.grade import accuracies_of
from grader.course.accuracy_policy import AccuracyPolicy
from grader.course.policy import Policy
from grader.report.mark_changes import Change
from grader.report.record import Record
from grader.report.terminal import not_marked, outside_todos
from grader.runtime.case import Outcome
from grader.runtime.text import shown

if TYPE_CHECKING:
    from grader.similarity.pairs import Pair


class Kind(StrEnum):
    """Why somebody should look, most urgent first."""

    INFRASTRUCTURE = "The grader failed"
    PROBLEM = "Could not be graded"
    SUSPICIOUS = "Suspicious images"
    SIMILAR = "Similar to another submission"
    BORDERLINE = "Borderline accuracy"
    CHANGED = "Changed outside the TODOs"
    REGRADED = "Marks have changed"
    NOT_MARKED = "Not marked yet"


MEANING = {
    Kind.INFRASTRUCTURE: "these have no grade yet: run the same command again",
    Kind.PROBLEM: "nothing in it could be run: ask whether it is the right file, or allow another one",
    Kind.SUSPICIOUS: "copies of training images, or images that only the given classifier recognises",
    Kind.SIMILAR: "code or checkpoints are nearly the same: find out why before you draw a conclusion",
    Kind.BORDERLINE: "a threshold lies within the 95% interval of the accuracy: other noise could change the points",
    Kind.CHANGED: "somebody edited what the handout gives; often harmless",
    Kind.REGRADED: "the grader or the assignment has changed since the last grading",
    Kind.NOT_MARKED: "some written questions have no mark: totals do not include their points",
}


@dataclass(frozen=True)
class Reason:
    """One thing to look at in a submission. Its text may quote a student."""

    kind: Kind
    text: str


def reasons(
    records: Sequence[Record], policy: Policy, similar: Sequence[Pair] = (), changes: Sequence[Change] = ()
) -> dict[str, list[Reason]]:
    """List what to look at in each submission, by the record's id, most urgent first.

    Args:
        records: of the class.
        policy: of the assignment, with the thresholds of accuracies.
        similar: pairs that are alike. A pair is left out if one of the two is no longer in the class.
        changes: marks that changed since the last grading.
    """
    accuracies = {accuracy.id: accuracy.policy for accuracy in accuracies_of(policy)}
    by_record = {record.id: list(_of_record(record, accuracies)) for record in records}
    names = {record.id: shown(record.who, 80) for record in records}
    for pair in similar:
        for one, other in ((pair.first, pair.second), (pair.second, pair.first)):
            if one in names and other in names:
                text = f"{pair.share:.0%} the same as {names[other]}: {shown(pair.what, 200)}"
                by_record[one].append(Reason(Kind.SIMILAR, text))
    for change in changes:
        if change.record in names:
            before = "none" if change.before is None else f"{change.before:g}"
            text = f"{change.case}: {before} before, {change.after:g} now: {shown(change.reason, 200)}"
            by_record[change.record].append(Reason(Kind.REGRADED, text))
    order = list(Kind)
    return {id: sorted(listed, key=lambda reason: order.index(reason.kind)) for id, listed in by_record.items()}


def _of_record(record: Record, accuracies: Mapping[str, AccuracyPolicy]) -> Iterator[Reason]:
    if record.problem:
        yield Reason(Kind.PROBLEM, shown(record.problem, 300))
    faults: dict[str, list[str]] = {}
    for verdict in record.verdicts:
        if verdict.outcome is Outcome.INFRASTRUCTURE:
            faults.setdefault(verdict.message, []).append(verdict.case.id)
    for message, ids in faults.items():
        more = f" and {len(ids) - 1} more" if len(ids) > 1 else ""
        yield Reason(Kind.INFRASTRUCTURE, f"{ids[0]}{more}: {shown(message, 300)}")
    for verdict in record.verdicts:
        id = verdict.case.id
        if verdict.figures.get("suspicious"):
            yield Reason(Kind.SUSPICIOUS, f"{id}: {_suspicion(verdict.figures)}")
        if id in accuracies and (borderline := _borderline(verdict.figures, accuracies[id])):
            yield Reason(Kind.BORDERLINE, f"{id}: {borderline}")
    if record.changed:
        lines = outside_todos(record.changed).splitlines()
        yield Reason(Kind.CHANGED, "\n".join(shown(line, 200) for line in lines))
    if waiting := not_marked(record.verdicts):
        yield Reason(Kind.NOT_MARKED, f"{waiting:g} points")


def _suspicion(figures: Mapping[str, Any]) -> str:
    copies = f"{figures['copies']} of {figures['samples']} samples are copies of training images; "
    unlisted = f", {figures['unlisted']:.3f} under conditions that are not listed" if "unlisted" in figures else ""
    return (
        f"{copies if figures['copies'] else ''}the given classifier recognises {figures['recognised']:.3f}, "
        f"the auditor {figures['confirmed']:.3f}{unlisted}"
    )


def _borderline(figures: Mapping[str, Any], policy: AccuracyPolicy) -> str:
    """Say which thresholds lie within the interval of an accuracy; '' if none does or the mean earns everything."""
    if not figures or figures["mean"] >= policy.everything_at:
        return ""
    low, high = figures["interval"]
    inside = [f"{at:g}" for at in (policy.nothing_at, policy.everything_at) if low < at < high]
    lie = "lie" if len(inside) > 1 else "lies"
    return f"{' and '.join(inside)} {lie} between {low:.3f} and {high:.3f}" if inside else ""
