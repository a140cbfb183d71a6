"""Makes records from the ledger, and from the records all reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from grader.accuracy import classifiers
from grader.accuracy.grade import Accuracy
from grader.batch.cache_keys import UNIT
from grader.batch.entries import Entry
from grader.batch.ledger import Ledger, Stage
from grader.batch.terms import Terms
from grader.grading.run import Show, select
from grader.report.mark_changes import Change
from grader.report.record import Record
from grader.runtime.case import Outcome, Verdict
from grader.written import marks as marking

NOT_YET = "has not been graded yet, or not since something changed: run `grader batch` again"


def write(
    terms: Terms, ledger: Ledger, entries: Sequence[Entry], marks: marking.Marks
) -> tuple[list[Record], list[Change]]:
    """Write tables, pages and results from the ledger. Returns the records and the changed marks."""
    from grader.report import publish
    from grader.similarity.pairs import pairs

    records: list[Record] = []
    changes: list[Change] = []
    for entry in entries:
        stages = stages_of(terms, ledger, entry)
        records.append(record_of(terms, ledger, entry, stages, marks))
        changes += changes_of(entry.record, stages.values())
    alike = pairs({entry.record: entry.path for entry in entries if entry.path}, terms.assignment)
    publish.write(ledger.grades, records, terms.assignment, alike, changes)
    return records, changes


def record_of(terms: Terms, ledger: Ledger, entry: Entry, stages: Mapping[str, Stage], marks: marking.Marks) -> Record:
    """Make the record of an entry. What is not graded yet counts as a fault of the grader, because it is not a zero.

    Args:
        terms: what it is graded with.
        ledger: where its grades are kept.
        entry: what was handed in.
        stages: of it, as `stages_of` gives them.
        marks: of all submissions.
    """
    verdicts = [v for stage in terms.stages for v in _verdicts(terms, stage, stages.get(stage))]
    questions = select(terms.assignment.questions, terms.part)
    unit = stages.get(UNIT)
    pictures = {accuracy.id: grid_path(ledger.grades, entry.record, accuracy) for accuracy in terms.accuracies.values()}
    return Record(
        id=entry.record,
        submission=entry.submission,
        verdicts=(*verdicts, *marking.verdicts(questions, marks, entry.submission)),
        students=entry.students,
        late=entry.late,
        tier=terms.tier,
        seeds=unit.seeds if unit else (),
        changed=unit.changed if unit else (),
        problem=unit.problem if unit else "",
        images={id: path for id, path in pictures.items() if path.is_file()},
    )


def stages_of(terms: Terms, ledger: Ledger, entry: Entry) -> dict[str, Stage]:
    """Return what was graded of an entry as it was last seen, with the terms as they are now."""
    seen = ledger.seen(entry.record)
    if seen is None:
        return {}
    kept = {stage: ledger.read(entry.record, stage) for stage in terms.stages}
    return {s: graded for s, graded in kept.items() if graded and graded.key == terms.key(s, seen.submission)}


def _verdicts(terms: Terms, stage: str, graded: Stage | None) -> Iterable[Verdict]:
    verdicts = {v.case.id: v for v in graded.verdicts} if graded and not graded.stale else {}
    for case in terms.cases_of(stage):
        yield verdicts.get(case.id) or Verdict(case, Outcome.INFRASTRUCTURE, 0.0, NOT_YET)


def grid_path(grades: Path, record: str, accuracy: Accuracy) -> Path:
    """Return where the picture of a submission's samples is kept."""
    return grades / "submissions" / record / f"{accuracy.id}.png"


def sample_grid(grades: Path, record: str, accuracy: Accuracy) -> Show:
    """Remove the picture of an earlier run, and return a function that keeps an accuracy's samples as a new one."""
    path = grid_path(grades, record, accuracy)
    path.unlink(missing_ok=True)

    def show(images: np.ndarray, labels: np.ndarray) -> None:
        from grader.report import grid

        grid.save(images, labels, path, classifiers.about(accuracy.policy.classifier).lowest)

    return show


def changes_of(record: str, stages: Iterable[Stage]) -> Iterator[Change]:
    """The marks that changed when a submission was last graded. A fault of the grader changes no mark."""
    for stage in stages:
        reasons = [reason for _, reason in stage.before.values()]
        for verdict in stage.verdicts if reasons else ():
            before, reason = stage.before.get(verdict.case.id, (None, reasons[0]))
            if verdict.points != before and verdict.outcome is not Outcome.INFRASTRUCTURE:
                yield Change(record, verdict.case.id, before, verdict.points, reason)
