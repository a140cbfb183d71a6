"""What a person should look at before grades are released: it is told, and no points depend on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from grader.accuracy import tasks
from grader.case import Outcome
from grader.policy import AccuracyPolicy, Policy
from grader.record import Record
from grader.report.terminal import not_marked, outside_todos
from grader.text import shown

if TYPE_CHECKING:
    from grader.batch.changes import Change
    from grader.similarity import Pair


class Kind(StrEnum):
    """Why somebody should look, the most urgent first."""

    INFRASTRUCTURE = "The grader failed"
    PROBLEM = "Could not be graded"
    SUSPICIOUS = "Suspicious images"
    SIMILAR = "Similar to another submission"
    BORDERLINE = "Borderline accuracy"
    CHANGED = "Changed outside the TODOs"
    REGRADED = "Marks have changed"
    NOT_MARKED = "Waits for marks"


MEANING = {
    Kind.INFRASTRUCTURE: "no grade follows from these: run the same command again",
    Kind.PROBLEM: "nothing in it could be run: is it the right file, and may it be handed in again?",
    Kind.SUSPICIOUS: "copies of training images, or images that only the given classifier recognises",
    Kind.SIMILAR: "code or checkpoints are nearly the same: it is for a person to say why",
    Kind.BORDERLINE: "the 95% interval of the accuracy holds a threshold: with other noise the points could differ",
    Kind.CHANGED: "what the handout gives has been edited; often harmless",
    Kind.REGRADED: "the grader or the assignment is another one than at the last grading",
    Kind.NOT_MARKED: "written questions without a mark: totals are without their points",
}


@dataclass(frozen=True)
class Reason:
    """One thing to look at in a submission. Its text may quote a student."""

    kind: Kind
    text: str


def reasons(
    records: Sequence[Record], policy: Policy, similar: Sequence[Pair] = (), changes: Sequence[Change] = ()
) -> dict[str, list[Reason]]:
    """What to look at in each submission, by the record's id, the most urgent first.

    Args:
        records: of the class.
        policy: of the assignment, with the thresholds of accuracies.
        similar: pairs that are alike; those with a submission that is not in the class any more are left out.
        changes: of marks.
    """
    accuracies = {task.id: task.policy for task in tasks(policy)}
    found = {record.id: list(_of_record(record, accuracies)) for record in records}
    names = {record.id: shown(record.who, 80) for record in records}
    for pair in similar:
        for one, other in ((pair.first, pair.second), (pair.second, pair.first)):
            if one in names and other in names:
                text = f"{pair.share:.0%} like that of {names[other]}: {shown(pair.what, 200)}"
                found[one].append(Reason(Kind.SIMILAR, text))
    for change in changes:
        if change.record in names:
            before = "none" if change.before is None else f"{change.before:g}"
            text = f"{change.case}: {before} before, {change.after:g} now: {shown(change.reason, 200)}"
            found[change.record].append(Reason(Kind.REGRADED, text))
    order = list(Kind)
    return {id: sorted(told, key=lambda reason: order.index(reason.kind)) for id, told in found.items()}


def _of_record(record: Record, accuracies: Mapping[str, AccuracyPolicy]) -> Iterator[Reason]:
    if record.problem:
        yield Reason(Kind.PROBLEM, shown(record.problem, 300))
    faults = {}
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
        if id in accuracies and (told := _borderline(verdict.figures, accuracies[id])):
            yield Reason(Kind.BORDERLINE, f"{id}: {told}")
    if record.changed:
        lines = outside_todos(record.changed).splitlines()
        yield Reason(Kind.CHANGED, "\n".join(shown(line, 200) for line in lines))
    if waiting := not_marked(record.verdicts):
        yield Reason(Kind.NOT_MARKED, f"{waiting:g} points")


def _suspicion(figures):
    copies = f"{figures['copies']} of {figures['samples']} samples are copies of training images; "
    others = f", {figures['unlisted']:.3f} of conditions not listed" if "unlisted" in figures else ""
    return (
        f"{copies if figures['copies'] else ''}{figures['recognised']:.3f} recognised by the given classifier, "
        f"{figures['confirmed']:.3f} by the auditor{others}"
    )


def _borderline(figures, policy):
    """That a threshold is in the interval of an accuracy, if so; not where the mean, too, earns everything."""
    if not figures or figures["mean"] >= policy.everything_at:
        return ""
    low, high = figures["interval"]
    held = [at for at in (policy.nothing_at, policy.everything_at) if low < at < high]
    return f"{low:.3f} to {high:.3f} holds {' and '.join(f'{at:g}' for at in held)}" if held else ""
