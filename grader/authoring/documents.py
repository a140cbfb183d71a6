"""Puts generated texts into documents, each between `<!-- name:begin -->` and `<!-- name:end -->`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from grader.authoring.notebooks import shared_texts
from grader.authoring.points_table import parts_table, points_table
from grader.authoring.stubs import MarkerError
from grader.course.assignment import Assignment
from grader.runtime.case import Question

DOCUMENTS = {  # which texts each of them holds
    "README.md": ("parts",),
    "docs/students.md": ("parts",),
    "docs/points.md": ("points",),
    "docs/notation.md": ("notation",),
}


def generated(assignment: Assignment, questions: Sequence[Question], root: Path) -> dict[Path, bytes]:
    """The documents of a repository, with the texts as they must be. A document that is not there is passed over.

    Raises:
        MarkerError: a document lacks the two comments of a text.
    """
    texts: dict[str, Callable[[], str]] = {
        "parts": lambda: parts_table(assignment.parts),
        "points": lambda: points_table(assignment, questions),
        "notation": lambda: shared_texts(assignment)["notation"],
    }
    files = {}
    for name, inside in DOCUMENTS.items():
        if (path := root / name).exists():
            files[path] = with_texts(path.read_text(), {text: texts[text]() for text in inside}, name).encode()
    return files


def with_texts(document: str, texts: Mapping[str, str], name: str) -> str:
    """A document with generated texts between their two comments.

    Raises:
        MarkerError: the document lacks the two comments of a text.
    """
    for text, content in texts.items():
        begin, end = f"<!-- {text}:begin -->", f"<!-- {text}:end -->"
        before, opening, rest = document.partition(f"{begin}\n")
        _, closing, after = rest.partition(end)
        if not (opening and closing):
            raise MarkerError(f"{name} needs {begin} and {end}, each on a line of its own: `grader update` fills them")
        document = f"{before}{begin}\n{content}\n{end}{after}"
    return document
