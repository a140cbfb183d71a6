"""The marks that TAs give to written questions: a CSV file with a row for each submission and question.

Spreadsheets may save it as they like (see `spreadsheet`), with a decimal point or comma. A row without a mark waits for
one: its points are missing, not zero.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.case import Outcome, Question, Verdict
from grader.spreadsheet import TableError, read_table, table, unguarded
from grader.submission import SubmissionError, name_of
from grader.text import visible

COLUMNS = ("submission", "question", "mark", "comment")
TEMPLATE = ("submission", "question", "title", "maximum", "mark", "comment")
_NUMBER = re.compile(r"\d{1,9}([.,]\d*)?|[.,]\d+", re.ASCII)


@dataclass(frozen=True)
class Mark:
    """What a TA gave for one answer."""

    points: float
    comment: str


Marks = Mapping[tuple[str, str], Mark]  # by submission, as `_key` spells it, and id of the question


def read_marks(path: Path, questions: Sequence[Question]) -> Marks:
    """Read a file of marks.

    Raises:
        TableError: with everything that is wrong in the file.
    """
    by_id, marks, lines, problems = {q.id: q for q in questions}, {}, {}, []
    for line, row in read_table(path, COLUMNS, problems):
        key = (_key(unguarded(row["submission"])), row["question"])
        found = list(_problems(row, by_id))
        if key in lines:
            found.append(f"{' and '.join(key)} are on line {lines[key]} as well: keep one of the two")
        lines.setdefault(key, line)
        problems += [f"{path.name}, line {line}: {problem}" for problem in found]
        if row["mark"] and not found:
            marks[key] = Mark(_number(row["mark"]), row["comment"])
    if not (lines or problems):
        problems.append(f"{path.name} has no rows: `grader marks SUBMISSION...` makes a file to fill in")
    if problems:
        raise TableError("\n".join(problems))
    return marks


def _problems(row, by_id) -> Iterator[str]:
    """What is wrong in one row."""
    question, mark = by_id.get(row["question"]), row["mark"]
    if not row["submission"]:
        yield "names no submission: write the name of its zip or folder"
    if question is None:
        near = difflib.get_close_matches(row["question"], by_id, n=1)
        meant = f"is {near[0]} meant?" if near else f"the questions are {', '.join(by_id)}"
        yield f"there is no question {row['question']!r}: {meant}"
    if not mark and row["comment"]:
        yield "has a comment, but no mark: give one, 0 if nothing is earned, or remove the comment"
    elif mark.startswith("-") and _NUMBER.fullmatch(mark[1:]):
        yield f"the mark {mark} is negative: the least is 0"
    elif mark and not _NUMBER.fullmatch(mark):
        yield f"the mark {mark!r} is not a number: write it like 1.5 (a spreadsheet may have made a date of that)"
    elif mark and question and _number(mark) > question.points:
        yield f"the mark {mark} is above the {question.points:g} points of {question.id}: lower it"
    if mark.isdecimal() and re.fullmatch(r"\d{1,2}", row["comment"]):
        yield f"is the mark {mark}.{row['comment']}? Its decimals are in the next column: write it with a point"


def _number(mark):
    return float(mark.replace(",", "."))


def _key(name):
    """One spelling of a submission's name: macOS takes letters with accents apart, and people add the ending."""
    return re.sub(r"(?<=\S)(\s|\.zip)+$", "", unicodedata.normalize("NFC", name.strip()), flags=re.IGNORECASE)


def verdicts(questions: Sequence[Question], marks: Marks, submission: str) -> list[Verdict]:
    """A verdict on every question: what the TA gave and said, or that no mark is there yet."""
    given = [(question, marks.get((_key(submission), question.id))) for question in questions]
    return [
        Verdict(question, Outcome.MARKED, mark.points, mark.comment)
        if mark
        else Verdict(question, Outcome.NOT_MARKED, 0.0, "a TA has not marked this yet")
        for question, mark in given
    ]


def missing(marks: Marks, submission: str) -> str:
    """That a submission has no mark at all, if so: its name may be spelt differently in the file."""
    names = sorted({name for name, _ in marks})
    if _key(submission) in names:
        return ""
    near = difflib.get_close_matches(_key(submission), names, n=1)
    return visible(f"there is no mark for {submission}" + (f", but for {near[0]}: is that meant?" if near else ""))


def write_template(output: Path, submissions: Sequence[Path], questions: Sequence[Question]) -> None:
    """Write a file for TAs to fill in: a row for each submission and question, with title and maximum.

    Raises:
        SubmissionError: there is no such submission.
        TableError: two submissions have the same name, or the file is there already.
    """
    for path in submissions:
        if not path.exists():
            raise SubmissionError(f"there is no submission at {path}: give folders or zips")
    names = [_key(name_of(path)) for path in submissions]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise TableError(f"several submissions have the same name ({', '.join(twice)}): rename them")
    rows = [(name, q.id, q.title, f"{q.points:g}", "", "") for name in names for q in questions]
    try:
        with output.open("x", encoding="utf-8-sig", newline="") as file:  # without the mark, Excel garbles names
            file.write(table(TEMPLATE, rows))
    except FileExistsError:
        raise TableError(f"{output} is there already, and may hold marks: give another --output") from None
    except OSError as error:
        raise TableError(f"{output} cannot be written: {error.strerror}") from error
