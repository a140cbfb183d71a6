"""Writes a graded class as CSV: for spreadsheets, and for upload to Canvas and Gradescope.

A grade that is not known is an empty cell, never 0: platforms leave a grade as it is where the cell is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from grader.report import scores
from grader.report.attention import Reason
from grader.report.mark_changes import Change
from grader.report.record import Record, Student
from grader.report.terminal import not_marked
from grader.runtime.case import Case, Question, Verdict
from grader.runtime.text import shown
from grader.util.spreadsheet import table

if TYPE_CHECKING:
    from grader.similarity.pairs import Pair

_SEVERAL = "; "  # between the students of a group


def grades(records: Sequence[Record], reasons: Mapping[str, Sequence[Reason]]) -> str:
    """Make a table of everything about everyone: a row for each submission.

    Args:
        records: of the class.
        reasons: as `attention.reasons` gives them.
    """
    parts, asked = scores.parts(records), _asked(records)
    columns = ("record", "submission", "students", "ids", "emails", "late", "points", "max", "bonus", "not_marked")
    rows = []
    for record in records:
        by_id = {verdict.case.id: verdict for verdict in record.verdicts}
        summed = record.total
        rows.append(
            [
                record.id,
                shown(record.submission),
                *(_SEVERAL.join(shown(getattr(s, what)) for s in record.students) for what in ("name", "id", "email")),
                "late" if record.late else "",
                _number(_grade(record)),
                _number(summed.most),
                _number(summed.bonus),
                _number(not_marked(record.verdicts)),
                *(_number(scores.points(scores.of_part(record, part))) for part in parts),
                *(_points(by_id.get(id)) for id in asked),
                _SEVERAL.join(dict.fromkeys(str(reason.kind) for reason in reasons[record.id])),
            ]
        )
    return table((*columns, *(f"part {part}" for part in parts), *asked, "needs a human"), rows)


def canvas(records: Sequence[Record], title: str, assignment_id: int | None = None) -> str:
    """Make the table for an upload of grades to Canvas: a row for each student.

    Canvas finds a student by its own ID or by the university's. A download from Canvas has the first and no email
    addresses; a Gradescope export has the second.

    Args:
        records: of the class.
        title: the title of the assignment in Canvas.
        assignment_id: its number in Canvas; without it, Canvas finds the assignment by its title.
    """
    ours = not any(student.email for record in records for student in record.students)
    most = max((record.total.most for record in records), default=0.0)
    rows = [["    Points Possible", "", "", "", "", _number(most)]]
    for record, student in _everyone(records):
        ids = (shown(student.id), "") if ours else ("", shown(student.id))
        rows.append([shown(student.name), *ids, shown(student.email), "", _number(_grade(record))])
    column = title if assignment_id is None else f"{title} ({assignment_id})"
    return table(("Student", "ID", "SIS User ID", "SIS Login ID", "Section", column), rows)


def gradescope(records: Sequence[Record]) -> str:
    """Make a table with the columns of Gradescope's own download: a row for each student."""
    asked = _asked(records)
    rows = []
    for record, student in _everyone(records):
        by_id = {verdict.case.id: verdict for verdict in record.verdicts}
        grade, complete = _grade(record), record.complete
        rows.append(
            [
                *map(shown, (student.name, student.id, student.email)),
                _number(grade),
                _number(record.total.most),
                "Graded" if complete else "Ungraded",
                *(_points(by_id.get(id)) if complete else "" for id in asked),
            ]
        )
    questions = [f"{id}: {case.title} ({case.points:g} pts)" for id, case in asked.items()]
    return table(("Name", "SID", "Email", "Total Score", "Max Points", "Status", *questions), rows)


def changes(records: Sequence[Record], changed: Sequence[Change]) -> str:
    """List the marks that changed since the last grading, each with its reason."""
    names = _names(records)
    rows = [
        [c.record, names.get(c.record, ""), c.case, _number(c.before), _number(c.after), shown(c.reason)]
        for c in changed
    ]
    return table(("record", "students", "case", "before", "after", "reason"), rows)


def similar(records: Sequence[Record], pairs: Sequence[Pair]) -> str:
    """List the pairs of submissions that are alike, for a TA to look at."""
    names = _names(records)
    rows = [
        [p.first, names.get(p.first, ""), p.second, names.get(p.second, ""), f"{p.share:.2f}", shown(p.what)]
        for p in pairs
    ]
    return table(("first", "its students", "second", "their students", "share", "what"), rows)


def _asked(records: Iterable[Record]) -> dict[str, Case | Question]:
    """All that earns points, by id, in the order of the assignment."""
    return {verdict.case.id: verdict.case for record in records for verdict in record.verdicts}


def _everyone(records: Iterable[Record]) -> list[tuple[Record, Student]]:
    """Each student with their submission; where no student is known, the submission's name stands for one."""
    return [(r, student) for r in records for student in r.students or (Student(r.submission),)]


def _names(records: Iterable[Record]) -> dict[str, str]:
    return {record.id: shown(record.who) for record in records}


def _grade(record: Record) -> float | None:
    return record.total.earned if record.complete else None


def _points(verdict: Verdict | None) -> str:
    return "" if verdict is None or verdict.outcome in scores.OPEN else _number(verdict.points)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
