"""From the ledger to records, and to all that is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from grader import marks as marking
from grader.accuracy import Task
from grader.batch.changes import Change, changes_of
from grader.batch.intake import Entry
from grader.batch.keys import UNIT
from grader.batch.ledger import Ledger, Stage
from grader.batch.terms import Terms
from grader.case import Outcome, Verdict
from grader.classifiers import BLACK
from grader.grading import select
from grader.record import Record

NOT_YET = "has not been graded yet, or not since something changed: run `grader batch` again"


def write(
    terms: Terms, ledger: Ledger, entries: Sequence[Entry], marks: marking.Marks
) -> tuple[list[Record], list[Change]]:
    """Write all that is made of the ledger: tables, pages, results. Returns the records and the changed marks."""
    from grader import similarity
    from grader.report import outputs

    records, changes = [], []
    for entry in entries:
        stages = stages_of(terms, ledger, entry)
        records.append(record_of(terms, ledger, entry, stages, marks))
        changes += changes_of(entry.record, stages.values())
    alike = similarity.pairs({entry.record: entry.path for entry in entries if entry.path}, terms.assignment)
    outputs.write(ledger.grades, records, terms.assignment, alike, changes)
    return records, changes


def record_of(terms: Terms, ledger: Ledger, entry: Entry, stages: Mapping[str, Stage], marks: marking.Marks) -> Record:
    """What became of a submission so far. What is not graded yet reads as a fault of the grader, for it is no zero.

    Args:
        terms: with what it is graded.
        ledger: where.
        entry: the submission.
        stages: of it, as `stages_of` gives them.
        marks: of all submissions.
    """
    verdicts = [v for stage in terms.stages for v in _verdicts(terms, stage, stages.get(stage))]
    questions = select(terms.assignment.questions, terms.part)
    unit = stages.get(UNIT)
    pictures = {task.id: grid_path(ledger.grades, entry.record, task) for task in terms.tasks.values()}
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
    """What was graded of an entry as it is now, with the terms as they are now."""
    seen = ledger.seen(entry.record)
    kept = {stage: ledger.read(entry.record, stage) for stage in terms.stages if seen}
    return {s: graded for s, graded in kept.items() if graded and graded.key == terms.key(s, seen.submission)}


def _verdicts(terms, stage, graded) -> Iterable[Verdict]:
    found = {v.case.id: v for v in graded.verdicts} if graded and not graded.stale else {}
    for case in terms.cases_of(stage):
        yield found.get(case.id) or Verdict(case, Outcome.INFRASTRUCTURE, 0.0, NOT_YET)


def grid_path(grades: Path, record: str, task: Task) -> Path:
    """Where the picture of a submission's samples lies."""
    return grades / "submissions" / record / f"{task.id}.png"


def sample_grid(grades: Path, record: str, task: Task) -> Callable:
    """What keeps the samples of an accuracy as a picture; one of before is gone."""
    path = grid_path(grades, record, task)
    path.unlink(missing_ok=True)

    def show(images, labels):
        from grader.report import grid

        grid.save(images, labels, path, BLACK[task.policy.classifier])

    return show
