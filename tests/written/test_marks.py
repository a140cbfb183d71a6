"""The TA's marks: every file that a spreadsheet may make is understood or refused in words."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from grader.report import results, terminal
from grader.runtime.case import Case, Outcome, Question, Verdict
from grader.submission.layout import SubmissionError, name_of
from grader.util.spreadsheet import TableError, guarded, read_table, table, unguarded
from grader.written import marks as marking
from grader.written.marks import Mark, read_marks, verdicts, write_template

QUESTIONS = [Question("1.image", "The image", 2.0), Question("2.loss", "The loss", 0.5)]
HEADER = "submission,question,mark,comment\n"


@pytest.fixture
def read(tmp_path):
    """read(text or bytes) is what is read of a file `marks.csv`."""

    def read(content):
        path = tmp_path / "marks.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_marks(path, QUESTIONS)

    return read


GIVEN = {("ada", "1.image"): Mark(1.5, "fine, but small"), ("bob", "2.loss"): Mark(0.0, "")}


@pytest.mark.parametrize(
    "content",
    [
        HEADER + 'ada,1.image,1.5,"fine, but small"\nbob,2.loss,0,\n',
        HEADER + 'ada,1.image,"1,5","fine, but small"\r\nbob,2.loss,0\r\n',
        HEADER.replace(",", ";") + "ada;1.image;1,5;fine, but small\nbob;2.loss;0,0;\n;;;\n",
        HEADER.replace(",", "\t") + "ada\t1.image\t1.5\tfine, but small\nbob\t2.loss\t0\t\n",
        "\ufeff" + HEADER + 'ada,1.image,1.50,"fine, but small"\nbob,2.loss,.0,\n',
        'Mark,COMMENT, question ,Submission,who\n 1.5 ,"fine, but small",1.image,ada,me\n0,,2.loss, bob.zip ,you\n',
        HEADER + '\n"ada","1.image","1.5","fine, but small"\n,,,\n"bob","2.loss","0",""\n"bob","1.image","",""',
        HEADER.replace("\n", "\r") + 'ada,1.image,1.5,"fine, but small"\rbob,2.loss,0,\r',
    ],
    ids=["plain", "comma", "semicolon", "tab", "mark of byte order", "order", "quoted", "old line ends"],
)
def test_what_spreadsheets_write_is_understood(content, read):
    assert read(content) == GIVEN


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("ada,1.imag,1,", "there is no question '1.imag'. Did you mean 1.image?"),
        ("ada,9.theory,1,", "there is no question '9.theory'. The questions are 1.image, 2.loss."),
        ("ada,,1,", "there is no question ''"),
        (",1.image,1,", "names no submission: write the name of its zip or folder"),
        ("ada,1.image,2.01,", "the mark 2.01 is above the 2 points of 1.image: lower it"),
        ("ada,2.loss,999999999,", "the mark 999999999 is above the 0.5 points of 2.loss"),
        ("ada,1.image,-0.5,", "the mark -0.5 is negative: the lowest is 0"),
        ('ada,1.image,"-0,5",', "the mark -0,5 is negative: the lowest is 0"),
        ("ada,1.image,full,", "the mark 'full' is not a number: write it like 1.5"),
        ("ada,1.image,1. May,", "the mark '1. May' is not a number: write it like 1.5 (a spreadsheet may have turned"),
        *[
            (f"ada,1.image,{mark},", f"the mark {mark!r} is not a number")
            for mark in ("nan", "inf", "1e0", "0x1", "1_0", "1/2", "½", "١", "+1", "1 5", ".", "1.5.1", "50%", "=1+1")
        ],
        ("ada,1.image,,well done", "has a comment but no mark: give a mark, 0 if the answer earns nothing"),
        ("ada,1.image,1,5", "the mark is 1 and the comment 5. Did you mean 1.5? Write it with a point"),
        ("ada,1.image,1,5,good", "has 5 fields for 4 columns: put quotation marks around a text or"),
        ('ada,1.image,1,"not closed', "unexpected end of data: is a quotation mark not closed"),
        ('ada,1.image,1,"not" doubled', "',' expected after '\"': is a quotation mark not closed, or not doubled"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_refused_with_file_line_and_remedy(row, problem, read):
    with pytest.raises(TableError, match=r"^marks\.csv, line 3: " + re.escape(problem)) as refused:
        read(f"{HEADER}bob,2.loss,0,\n{row}")
    assert "\n" not in str(refused.value)


def test_two_marks_for_one_answer_are_refused_however_the_name_is_spelt(read):
    told = r"^marks\.csv, line 4: zoé and 1\.image are on line 2 too: keep one of the two$"
    with pytest.raises(TableError, match=told):
        read(HEADER + "zoé,1.image,1,\nzoé,2.loss,0.5,\nzoe\u0301.ZIP,1.image,2,\n")


def test_everything_that_is_wrong_is_told_at_once(read):
    with pytest.raises(TableError) as refused:
        read(HEADER + 'ada,1.image,3,"two\nlines"\n,1.imag,-1,\nada,2.loss,1,x,y\nada,1.image,1,\n')
    assert str(refused.value).splitlines() == [
        "marks.csv, line 2: the mark 3 is above the 2 points of 1.image: lower it",
        "marks.csv, line 4: names no submission: write the name of its zip or folder",
        "marks.csv, line 4: there is no question '1.imag'. Did you mean 1.image?",
        "marks.csv, line 4: the mark -1 is negative: the lowest is 0",
        "marks.csv, line 5: has 5 fields for 4 columns: put quotation marks around a text or number with a comma in it",
        "marks.csv, line 6: ada and 1.image are on line 2 too: keep one of the two",
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"submission,question,mark\nada,1.image,1\n", r"line 1: .* once, but comment is there 0 times"),
        (b"submission,mark,question,mark,comment\n", r"line 1: .* once, but mark is there 2 times"),
        (b"ada,1.image,1,\n", r"line 1: must name each of the columns submission, question, mark, comment once"),
        (b"sep=;\nsubmission;question;mark;comment\n", r"line 1: must name each of the columns"),
        (HEADER.encode() + b"ada,1.image,1,\xfcber\n", r"line 2: is not UTF-8: save it as 'CSV UTF-8'"),
        (HEADER.encode("utf-16"), r"line 1: is not UTF-8: save it as 'CSV UTF-8'"),
        (b"", r"marks\.csv has no rows: `grader marks SUBMISSION\.\.\.` makes a file to fill in"),
        (HEADER.encode() + b",,,\n", r"marks\.csv has no rows"),
    ],
)
def test_a_file_without_the_columns_or_in_another_encoding_is_refused(content, problem, read):
    with pytest.raises(TableError, match=problem):
        read(content)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"nowhere\.csv cannot be read: No such file"):
        read_marks(tmp_path / "nowhere.csv", QUESTIONS)


def test_a_refusal_cannot_write_to_the_terminal(read):
    with pytest.raises(TableError) as refused:
        read(HEADER + "ada,\x1b[2J,1,\n")
    assert "\x1b" not in str(refused.value)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: (HEADER + text).encode())))
@example(HEADER.encode() + b"a" * 200_000)
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        marks = read_marks(path, QUESTIONS)
    except TableError:
        return
    assert all(0 <= mark.points <= 2 for mark in marks.values())


# -------------------------------------------------------------------------------------------------------- template


NAMES = st.text(min_size=1, max_size=12).map(lambda text: name_of(Path("/", text.replace("/", "").replace("\0", ""))))


@settings(derandomize=True, deadline=None)
@given(st.lists(NAMES.filter(marking._key), unique_by=marking._key, min_size=1), st.text(max_size=20))
@example(["=cmd", "'=cmd", "''", "a.zip.zip", "＝1", " @x", "a;=1+1", 'b"",=1'], "")
def test_marks_in_a_template_come_back_for_the_submission_they_were_given_to(tmp_path_factory, names, comment):
    path = tmp_path_factory.getbasetemp() / "template.csv"
    rows = [[marking._key(name), "1.image", "The image", "2", f"{index % 3}", ""] for index, name in enumerate(names)]
    path.write_text(table(marking.TEMPLATE, rows), encoding="utf-8-sig", newline="")
    marks = read_marks(path, QUESTIONS)
    for index, name in enumerate(names):
        marked, waiting = verdicts(QUESTIONS, marks, name)
        assert (marked.outcome, marked.points) == (Outcome.MARKED, index % 3)
        assert waiting.outcome is Outcome.NOT_MARKED


@settings(derandomize=True, deadline=None)
@given(st.text())
def test_what_is_guarded_begins_no_formula_and_comes_back(text):
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))


def test_no_cell_of_a_template_can_be_opened_by_a_separator_of_its_own():
    (line,) = table(["name"], [['a;=1+1,"=2"']]).splitlines()[1:]
    assert line == '"a;=1+1,""=2"""'


@pytest.fixture
def submissions(tmp_path):
    """Three submissions: a zip, a folder, and one that attacks a spreadsheet."""
    (tmp_path / "ada.zip").write_bytes(b"")
    for name in ("bob", "=HYPERLINK(1)"):
        (tmp_path / name).mkdir()
    return [tmp_path / "ada.zip", tmp_path / "bob", tmp_path / "=HYPERLINK(1)"]


def test_a_template_has_a_row_for_each_submission_and_question(tmp_path, submissions):
    write_template(tmp_path / "marks.csv", submissions, QUESTIONS)
    content = (tmp_path / "marks.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [(row["submission"], row["question"]) for row in rows] == [
        (name, question.id) for name in ("ada", "bob", "'=HYPERLINK(1)") for question in QUESTIONS
    ]
    assert rows[1] == {
        "submission": "ada",
        "question": "2.loss",
        "title": "The loss",
        "maximum": "0.5",
        "mark": "",
        "comment": "",
    }
    assert read_marks(tmp_path / "marks.csv", QUESTIONS) == {}


def test_a_template_overwrites_no_marks(tmp_path, submissions):
    (tmp_path / "marks.csv").write_text("precious")
    with pytest.raises(TableError, match=r"marks\.csv exists already and may hold marks: give another --output"):
        write_template(tmp_path / "marks.csv", submissions, QUESTIONS)
    assert (tmp_path / "marks.csv").read_text() == "precious"


def test_a_template_is_refused_for_what_could_not_be_told_apart_or_is_not_there(tmp_path, submissions):
    (tmp_path / "ada").mkdir()
    with pytest.raises(TableError, match=r"several submissions have the same name \(ada\): rename them"):
        write_template(tmp_path / "marks.csv", [*submissions, tmp_path / "ada"], QUESTIONS)
    with pytest.raises(SubmissionError, match=r"there is no submission at .*eve: give folders or zips"):
        write_template(tmp_path / "marks.csv", [tmp_path / "eve"], QUESTIONS)
    with pytest.raises(TableError, match=r"marks\.csv cannot be written: No such file"):
        write_template(tmp_path / "nowhere" / "marks.csv", submissions, QUESTIONS)
    assert not (tmp_path / "marks.csv").exists()


def test_columns_that_are_not_needed_and_blank_rows_are_left_out(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,c\n1,2,3\n,,\n,,4\n5\n")
    assert list(read_table(tmp_path / "t.csv", ["c", "a"], [])) == [
        (2, {"c": "3", "a": "1"}),
        (4, {"c": "4", "a": ""}),
        (5, {"c": "", "a": "5"}),
    ]


# --------------------------------------------------------------------------------------------------------- reports


PASSED = Verdict(Case("1.code", "Code", 3.0, observe=print, equation="1 = 1"), Outcome.PASSED, 3.0)
HALF = [PASSED, *verdicts(QUESTIONS, {("ada", "1.image"): Mark(1.5, "[red]good[/], \x1b[2Jno cause")}, "ada")]
ALL = [PASSED, *verdicts(QUESTIONS, {("ada", q.id): Mark(q.points / 2, "") for q in QUESTIONS}, "ada")]


def shown(verdicts):
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(terminal.scorecard("ada", "sandbox", verdicts))
    return console.file.getvalue()


def test_a_report_card_shows_marks_with_comments_and_what_is_missing():
    card = shown(HALF)
    assert re.search(r"1\.image\W+1\.5/2\W+MARKED\W+The image", card)
    assert re.search(r"2\.loss\W+\?/0\.5\W+NOT_MARKED\W+The loss", card)
    assert re.search(r"total\W+4\.5/5\.5\W+0\.5 NOT_MARKED", card)
    assert "[red]good[/], \\x1b[2Jno cause" in card
    assert re.search(r"total\W+4\.25/5\.5\W", shown(ALL))
    assert "NOT_MARKED" not in shown(ALL)


def test_the_json_document_has_no_points_where_no_mark_is():
    document = results.document("ada", "sandbox", ["public"], HALF)
    assert (document["points"], document["max"], document["not_marked"]) == (4.5, 5.5, 0.5)
    assert [(c["id"], c["points"], c["max"], c["outcome"]) for c in document["cases"][1:]] == [
        ("1.image", 1.5, 2.0, "MARKED"),
        ("2.loss", None, 0.5, "NOT_MARKED"),
    ]
    assert document["cases"][1]["message"] == "[red]good[/], \\x1b[2Jno cause"
    assert results.document("ada", "sandbox", ["public"], ALL)["not_marked"] == 0


def test_gradescope_gets_no_score_where_no_mark_is_and_is_told_so():
    report = results.gradescope("sandbox", ["public"], HALF)
    assert report["score"] == 4.5
    assert "0.5 points of written questions are not marked yet: the score does not include them" in report["output"]
    code, marked, waiting = report["tests"]
    assert (code["score"], code["status"]) == (3.0, "passed")
    assert (marked["score"], marked["max_score"]) == (1.5, 2.0)
    assert marked["output"] == "MARKED\n[red]good[/], \\x1b[2Jno cause"
    assert waiting["output"] == "NOT_MARKED\na TA has not marked this yet"
    assert not {"score", "max_score", "status"} & waiting.keys()
    assert "status" not in marked
    complete = results.gradescope("sandbox", ["public"], ALL)
    assert complete["score"] == 4.25
    assert "not marked" not in complete["output"]


def test_after_a_fault_of_the_grader_marks_earn_no_score_either():
    broken = Verdict(PASSED.case, Outcome.INFRASTRUCTURE, 0.0, "out of disk")
    report = results.gradescope("sandbox", ["public"], [broken, *ALL[1:]])
    assert "score" not in report
    assert all("score" not in test for test in report["tests"])


def test_a_submission_without_marks_is_told_whose_name_is_near():
    marks = {("alice", "1.image"): Mark(1, ""), ("alice", "2.loss"): Mark(0, ""), ("bob", "1.image"): Mark(1, "")}
    assert marking.missing(marks, "bob.zip") == ""
    assert marking.missing(marks, "alcie") == "there is no mark for alcie. Did you mean alice?"
    assert marking.missing(marks, "\x1bzoé") == "there is no mark for \\x1bzoé."
