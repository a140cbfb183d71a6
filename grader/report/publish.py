"""Writes all reports of a class into the folder of its grades. They can be written again at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course.assignment import Assignment
from grader.report import attention, page, results, tables
from grader.report.mark_changes import Change
from grader.report.record import Record
from grader.util import files

if TYPE_CHECKING:
    from grader.similarity.pairs import Pair

# Without it, Excel assumes the country's own encoding. With it, Canvas cannot read the table.
MARK = "\ufeff"


def write(
    grades: Path,
    records: Sequence[Record],
    assignment: Assignment,
    similar: Sequence[Pair] = (),
    changes: Sequence[Change] = (),
) -> None:
    """Write the tables, the report and the files of each submission, each whole or not at all.

    Args:
        grades: the folder.
        records: of the class, in the order of the tables. A missing picture is left out.
        assignment: what was asked.
        similar: pairs of submissions that are alike.
        changes: marks that changed since the last grading.
    """
    policy = assignment.policy
    records = [_with_pictures(record, grades / "submissions" / record.id) for record in records]
    reasons = attention.reasons(records, policy, similar, changes)
    for record in records:
        content = results.gradescope(record.tier, record.seeds, record.verdicts, record.changed)
        folder = grades / "submissions" / record.id
        results.write_atomically(folder / "results.json", content)
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


def _with_pictures(record: Record, folder: Path) -> Record:
    """Return the record with its pictures where the report looks for them."""
    kept = {}
    for id, path in record.images.items():
        target = folder / f"{id}.png"
        if path.is_file() and path != target:
            files.replace(target, path.read_bytes())
        if target.is_file():
            kept[id] = target
    return replace(record, images=kept)
