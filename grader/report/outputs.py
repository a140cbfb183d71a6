"""Everything that is made of a class's records, in the folder of its grades; it can be made again at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from grader import files
from grader.assignment import Assignment
from grader.record import Record
from grader.report import attention, page, results, tables

if TYPE_CHECKING:
    from grader.batch.changes import Change
    from grader.similarity import Pair

# Excel takes a table without it for one in the encoding of the country. Canvas would not read one that begins with it.
MARK = "\ufeff"


def write(
    grades: Path,
    records: Sequence[Record],
    assignment: Assignment,
    similar: Sequence[Pair] = (),
    changes: Sequence[Change] = (),
) -> None:
    """Write tables, report and the files of each submission, each whole or not at all.

    Args:
        grades: the folder.
        records: of the class, in the order of the tables. A picture that is not there is left out.
        assignment: what was asked.
        similar: pairs of submissions that are alike.
        changes: of marks since the last grading.
    """
    policy = assignment.policy
    records = [_with_pictures(record, grades / "submissions" / record.id) for record in records]
    reasons = attention.reasons(records, policy, similar, changes)
    for record in records:
        told = results.gradescope(record.tier, record.seeds, record.verdicts, record.changed)
        folder = grades / "submissions" / record.id
        results.write_atomically(folder / "results.json", told)
        files.replace(folder / "feedback.html", page.feedback(record, assignment).encode())
    texts = {
        "grades.csv": MARK + tables.grades(records, reasons),
        "canvas.csv": tables.canvas(records, policy.title, policy.canvas_assignment),
        "gradescope.csv": tables.gradescope(records),
        "changes.csv": MARK + tables.changes(records, changes),
        "similar.csv": MARK + tables.similar(records, similar),
        "report.html": page.report(records, assignment, reasons, datetime.now().astimezone()),
    }
    for name, text in texts.items():
        files.replace(grades / name, text.encode())


def _with_pictures(record, folder):
    """The record with its pictures where the report looks for them."""
    kept = {}
    for id, path in record.images.items():
        target = folder / f"{id}.png"
        if path.is_file() and path != target:
            files.replace(target, path.read_bytes())
        if target.is_file():
            kept[id] = target
    return replace(record, images=kept)
