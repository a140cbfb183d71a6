"""The CSVs of a class: nothing in them is run, nobody gets a zero for what is not known, platforms find everyone."""

import csv
import io
from types import SimpleNamespace

import pytest

from grader.report import tables
from grader.report.attention import Kind, Reason
from grader.report.record import Record, Student
from grader.runtime.case import Case, Outcome, Question, Verdict
from tests.classes import HOSTILE

ONE, TWO = (Case(f"{part}.case", "what was tried", 2.0, observe=print, equation="") for part in (1, 2))
BONUS = Case("2.bonus", "more", 1.0, observe=print, equation="", bonus=True)
ASKED = Question("2.why", "why", 4.0)
PASSED = Verdict(ONE, Outcome.PASSED, 2.0)
REST = (Verdict(TWO, Outcome.FAILED, 0.5), Verdict(BONUS, Outcome.PASSED, 1.0), Verdict(ASKED, Outcome.MARKED, 3.0))
FAULT = Verdict(ONE, Outcome.INFRASTRUCTURE, 0.0)
WAITING = Verdict(ASKED, Outcome.NOT_MARKED, 0.0)


def rows(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def record(*verdicts, students=(Student("Ada", "7"),), **fields):
    return Record("r1", "ada", verdicts, students, **fields)


def grades(record, *reasons):
    return rows(tables.grades([record], {record.id: list(reasons)}))[0]


def test_grades_tell_totals_parts_and_cases():
    row = grades(record(PASSED, *REST, late=True), *[Reason(Kind.BORDERLINE, "x")] * 2, Reason(Kind.CHANGED, "y"))
    assert {name: row[name] for name in ("record", "students", "ids", "late", "points", "max", "bonus")} == {
        "record": "r1", "students": "Ada", "ids": "7", "late": "late", "points": "6.5", "max": "8", "bonus": "1",
    }  # fmt: skip
    assert [row[name] for name in ("part 1", "part 2", "1.case", "2.case", "2.why")] == ["2", "4.5", "2", "0.5", "3"]
    assert row["needs a human"] == "Borderline accuracy; Changed outside the TODOs"


def test_what_is_not_known_is_empty_and_never_zero():
    row = grades(record(FAULT, *REST))
    assert [row[name] for name in ("points", "part 1", "1.case", "part 2")] == ["", "", "", "4.5"]
    row = grades(record(PASSED, *REST[:2], WAITING))
    assert [row[name] for name in ("points", "not_marked", "2.why")] == ["3.5", "4", ""]
    assert rows(tables.canvas([record(FAULT, *REST)], "Models"))[1]["Models"] == ""
    uploaded = rows(tables.gradescope([record(FAULT, *REST)]))[0]
    assert (uploaded["Total Score"], uploaded["Status"]) == ("", "Ungraded")
    assert [cell for name, cell in uploaded.items() if name.endswith("pts)")] == ["", "", "", ""]


def test_each_student_of_a_group_has_a_row_for_upload():
    group = record(PASSED, students=(Student("Ada", "7", "a@x.org"), Student("Alan", "8")))
    alone = Record("r2", "folder", (PASSED,))
    for text in (tables.canvas([group, alone], "Models"), tables.gradescope([group, alone])):
        found = [(*row.values(),)[0] for row in rows(text) if "Points Possible" not in (*row.values(),)[0]]
        assert found == ["Ada", "Alan", "folder"]
    assert grades(group)["students"] == "Ada; Alan"


@pytest.mark.parametrize(
    ("student", "columns"),
    [(Student("Ada", "7"), ("7", "", "")), (Student("Ada", "7", "a@x.org"), ("", "7", "a@x.org"))],
)
def test_canvas_gets_its_own_number_in_one_column_and_the_university_s_in_another(student, columns):
    possible, row = rows(tables.canvas([record(PASSED, students=(student,))], "Models", 12))
    assert (row["ID"], row["SIS User ID"], row["SIS Login ID"]) == columns
    assert row["Models (12)"] == "2"
    assert (possible["Student"].strip(), possible["Models (12)"]) == ("Points Possible", "2")


def test_gradescope_names_its_columns_as_in_its_own_download():
    row = rows(tables.gradescope([record(PASSED, *REST)]))[0]
    assert row["1.case: what was tried (2 pts)"] == "2"
    assert (row["SID"], row["Total Score"], row["Max Points"], row["Status"]) == ("7", "6.5", "8", "Graded")


def test_a_cell_of_a_hostile_class_is_text_in_one_line_and_in_its_column():
    class_ = [Record(f"r{i}", name, (PASSED,), (Student(name, name, name),)) for i, name in enumerate(HOSTILE)]
    change = SimpleNamespace(record="r3", case=HOSTILE[3], before=None, after=1.0, reason=HOSTILE[3])
    pair = SimpleNamespace(first="r3", second="r4", share=0.5, what=HOSTILE[3])
    texts = [
        tables.grades(class_, {r.id: [] for r in class_}),
        tables.canvas(class_, "Models"),
        tables.gradescope(class_),
        tables.changes(class_, [change]),
        tables.similar(class_, [pair]),
    ]
    for text in texts:
        header, *found = csv.reader(io.StringIO(text))
        assert all(len(row) == len(header) for row in found)
        cells = [cell for row in found for cell in row]
        assert any("=cmd" in cell for cell in cells)
        assert not [
            cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "|", "\t") or "\n" in cell or "\u202e" in cell
        ]


def test_changes_and_pairs_name_the_students():
    class_ = [record(PASSED), Record("r2", "folder", (PASSED,))]
    change = SimpleNamespace(record="r1", case="1.case", before=None, after=2.0, reason="a new case")
    assert rows(tables.changes(class_, [change])) == [
        {"record": "r1", "students": "Ada", "case": "1.case", "before": "", "after": "2", "reason": "a new case"}
    ]
    pair = SimpleNamespace(first="r1", second="r2", share=0.934, what="models.py")
    assert [*rows(tables.similar(class_, [pair]))[0].values()] == ["r1", "Ada", "r2", "folder", "0.93", "models.py"]
