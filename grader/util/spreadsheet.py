"""CSV files that people edit in spreadsheets: read however they were saved, written so that nothing in them is run."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from grader.runtime.errors import UserError
from grader.runtime.text import visible

_SEPARATORS = ",;\t"
_FORMULA = tuple("=+-@|%\t\r\n'")  # a spreadsheet may run a cell that begins so, unless ' stands before it


class TableError(UserError):
    """A table cannot be used; the message has a line for each thing that is wrong in it."""

    def __init__(self, message: str):
        super().__init__(visible(message))


def read_table(path: Path, needed: Sequence[str], problems: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Read a CSV file: UTF-8, with comma, semicolon or tab between columns, which come in any order.

    Args:
        path: the file.
        needed: the columns that must be there. Other columns and blank rows are left out.
        problems: gets a line for each row that cannot be read.

    Returns:
        The number of each row's first line, and its texts by column; '' where a row is shorter.

    Raises:
        TableError: no row can be read.
    """
    text = _decoded(path)
    header = next(iter(text.splitlines()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=header.count), strict=True)
    columns, line = None, 1
    try:
        for row in reader:
            fields = [field.strip() for field in row]
            if columns is None:
                columns = _columns(fields, needed, path)
            elif any(fields[len(columns) :]):
                problems.append(
                    f"{path.name}, line {line}: has {len(fields)} fields for {len(columns)} columns: put quotation "
                    "marks around a text or number with a comma in it"
                )
            elif any(fields):
                by_column = dict(zip(columns, fields, strict=False))
                yield line, {column: by_column.get(column, "") for column in needed}
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(f"{path.name}, line {line}: {error}: is a quotation mark not closed, or not doubled in a text?")


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise TableError(f"{path.name}, line {line}: is not UTF-8: save it as 'CSV UTF-8'") from error


def _columns(fields: Sequence[str], needed: Sequence[str], path: Path) -> list[str]:
    columns = [field.casefold() for field in fields]
    if wrong := [f"{column} is there {columns.count(column)} times" for column in needed if columns.count(column) != 1]:
        raise TableError(
            f"{path.name}, line 1: must name each of the columns {', '.join(needed)} once, but {', '.join(wrong)}"
        )
    return columns


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a CSV file as text. Every cell is quoted, because a text may hold a separator and so begin a new cell."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return text.getvalue()


def guarded(text: str) -> str:
    """Put ' before text that a spreadsheet might run, even if it is spelt with a wide '＝'."""
    return f"'{text}" if unicodedata.normalize("NFKC", text)[:1] in _FORMULA else text


def unguarded(text: str) -> str:
    """Take away the ' of `guarded`."""
    return text[1:] if text.startswith("'") and guarded(text[1:]) != text[1:] else text
