"""A graded class as CSV: for spreadsheets, and for upload to Canvas and Gradescope.

A grade that is not known is an empty cell, never 0: what a platform finds empty it leaves as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from grader.record import Record, Student
from grader.report import scores
from grader.report.attention import Reason
from grader.report.terminal import not_marked
from grader.spreadsheet import table
from grader.text import shown

if TYPE_CHECKING:
    from grader.batch.changes import Change
    from grader.similarity import Pair

_SEVERAL = "; "  # between the students of a group


def grades(records: Sequence[Record], reasons: Mapping[str, Sequence[Reason]]) -> str:
    """Everything about everyone: a row for each submission.

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
    """Canvas's upload of grades: a row for each student.

    Canvas finds a student by the ID of its own, or by that of the university. A download from Canvas tells the one
    and no email addresses, a Gradescope export the other.

    Args:
        records: of the class.
        title: of the assignment in Canvas.
        assignment_id: its number there; without it Canvas finds the assignment by its title.
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
    """Grades in the columns of Gradescope's own download: a row for each student."""
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


def changes(records: Sequence[Record], found: Sequence[Change]) -> str:
    """The marks that are others than at the last grading, each with its reason."""
    names = _names(records)
    rows = [
        [c.record, names.get(c.record, ""), c.case, _number(c.before), _number(c.after), shown(c.reason)] for c in found
    ]
    return table(("record", "students", "case", "before", "after", "reason"), rows)


def similar(records: Sequence[Record], found: Sequence[Pair]) -> str:
    """Pairs of submissions that are alike, for a TA to look at."""
    names = _names(records)
    rows = [
        [p.first, names.get(p.first, ""), p.second, names.get(p.second, ""), f"{p.share:.2f}", shown(p.what)]
        for p in found
    ]
    return table(("first", "its students", "second", "their students", "share", "what"), rows)


def _asked(records):
    """All that earns points, by id, in the order in which it was asked."""
    return {verdict.case.id: verdict.case for record in records for verdict in record.verdicts}


def _everyone(records):
    """Each student with their submission; one whose name alone is known is called as the submission is."""
    return [(r, student) for r in records for student in r.students or (Student(r.submission),)]


def _names(records):
    return {record.id: shown(record.who) for record in records}


def _grade(record) -> float | None:
    return record.total.earned if record.complete else None


def _points(verdict):
    return "" if verdict is None or verdict.outcome in scores.OPEN else _number(verdict.points)


def _number(value):
    return "" if value is None else f"{value:g}"
