"""Reads and writes the marks of TAs: a CSV file with a row for each submission and written question.

Spreadsheets may save it as they like (see `spreadsheet`), with a decimal point or comma. Where a row has no mark, its
points are missing, not zero.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.runtime.case import Outcome, Question, Verdict
from grader.runtime.text import visible
from grader.submission.archive import SubmissionError
from grader.submission.layout import name_of
from grader.util.spreadsheet import TableError, read_table, table, unguarded

COLUMNS = ("submission", "question", "mark", "comment")
TEMPLATE = ("submission", "question", "title", "maximum", "mark", "comment")
_NUMBER = re.compile(r"\d{1,9}([.,]\d*)?|[.,]\d+", re.ASCII)


@dataclass(frozen=True)
class Mark:
    """The points and comment of a TA on one answer."""

    points: float
    comment: str


Marks = Mapping[tuple[str, str], Mark]  # by submission, as `_key` spells it, and by id of the question


def read_marks(path: Path, questions: Sequence[Question]) -> Marks:
    """Read a file of marks.

    Raises:
        TableError: something is wrong in the file; the message lists all of it.
    """
    by_id = {question.id: question for question in questions}
    marks: dict[tuple[str, str], Mark] = {}
    lines: dict[tuple[str, str], int] = {}
    problems: list[str] = []
    for line, row in read_table(path, COLUMNS, problems):
        key = (_key(unguarded(row["submission"])), row["question"])
        of_row = list(_problems(row, by_id))
        if key in lines:
            of_row.append(f"{' and '.join(key)} are on line {lines[key]} too: keep one of the two")
        lines.setdefault(key, line)
        problems += [f"{path.name}, line {line}: {problem}" for problem in of_row]
        if row["mark"] and not of_row:
            marks[key] = Mark(_number(row["mark"]), row["comment"])
    if not (lines or problems):
        problems.append(f"{path.name} has no rows: `grader marks SUBMISSION...` makes a file to fill in")
    if problems:
        raise TableError("\n".join(problems))
    return marks


def _problems(row: Mapping[str, str], by_id: Mapping[str, Question]) -> Iterator[str]:
    """Say what is wrong in one row."""
    question, mark = by_id.get(row["question"]), row["mark"]
    if not row["submission"]:
        yield "names no submission: write the name of its zip or folder"
    if question is None:
        near = difflib.get_close_matches(row["question"], by_id, n=1)
        help = f"Did you mean {near[0]}?" if near else f"The questions are {', '.join(by_id)}."
        yield f"there is no question {row['question']!r}. {help}"
    if not mark and row["comment"]:
        yield "has a comment but no mark: give a mark, 0 if the answer earns nothing, or remove the comment"
    elif mark.startswith("-") and _NUMBER.fullmatch(mark[1:]):
        yield f"the mark {mark} is negative: the lowest is 0"
    elif mark and not _NUMBER.fullmatch(mark):
        yield f"the mark {mark!r} is not a number: write it like 1.5 (a spreadsheet may have turned it into a date)"
    elif mark and question and _number(mark) > question.points:
        yield f"the mark {mark} is above the {question.points:g} points of {question.id}: lower it"
    if mark.isdecimal() and re.fullmatch(r"\d{1,2}", row["comment"]):
        meant = f"{mark}.{row['comment']}"
        yield f"the mark is {mark} and the comment {row['comment']}. Did you mean {meant}? Write it with a point"


def _number(mark: str) -> float:
    return float(mark.replace(",", "."))


def _key(name: str) -> str:
    """Spell a submission's name in one way: macOS splits letters from their accents, and people add the ending."""
    return re.sub(r"(?<=\S)(\s|\.zip)+$", "", unicodedata.normalize("NFC", name.strip()), flags=re.IGNORECASE)


def verdicts(questions: Sequence[Question], marks: Marks, submission: str) -> list[Verdict]:
    """Make a verdict on every question: the mark and comment of the TA, or that there is no mark yet."""
    given = [(question, marks.get((_key(submission), question.id))) for question in questions]
    return [
        Verdict(question, Outcome.MARKED, mark.points, mark.comment)
        if mark
        else Verdict(question, Outcome.NOT_MARKED, 0.0, "a TA has not marked this yet")
        for question, mark in given
    ]


def missing(marks: Marks, submission: str) -> str:
    """Say that a submission has no mark at all, because the file may spell its name differently; '' if it has one."""
    names = sorted({name for name, _ in marks})
    if _key(submission) in names:
        return ""
    near = difflib.get_close_matches(_key(submission), names, n=1)
    return visible(f"there is no mark for {submission}." + (f" Did you mean {near[0]}?" if near else ""))


def write_template(output: Path, submissions: Sequence[Path], questions: Sequence[Question]) -> None:
    """Write a file for TAs to fill in: a row for each submission and question, with title and maximum.

    Raises:
        SubmissionError: there is no such submission.
        TableError: two submissions have the same name, or the file exists already.
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
        raise TableError(f"{output} exists already and may hold marks: give another --output") from None
    except OSError as error:
        raise TableError(f"{output} cannot be written: {error.strerror}") from error
