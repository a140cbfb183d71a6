"""Makes the notebooks of students out of `notebooks/source/*.py`, which are scripts in Jupytext's percent format.

A written question is a markdown cell with an id, points, a title and a rubric; the cell after it is our answer to it:

    # %% Balance [markdown] question="6.balance" points=1.5
    # Why does it balance?
    #
    # **Rubric**
    #
    # - 1 point: the forces
    # - 0.5 points: the moments

    # %% [markdown] answer="6.balance"
    # Because ...

With `bonus=true` its points come on top of the assignment's total. In the notebook the question gets a heading, and the
answer gives way to a place for the student's. An empty cell `# %% [markdown] include="notation"` gets the text of
`notebooks/source/notation.md`, which the README shows as well. A cell `# %% prelude="first_cells"` gets the
cells of `notebooks/source/preludes/first_cells.py` before it; those may have metadata, such as `jupyter={...}`. All
other cells are passed on as they are; those of text are marked as given, which tells where a student's answer ends.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.authoring.notebook_cells import Cell, check, for_students
from grader.course.assignment import Assignment
from grader.course.questions import QuestionError, questions_of
from grader.runtime.case import Question

_MARKER = re.compile(r"#\s*%%")
_KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@dataclass(frozen=True)
class Notebooks:
    """Every notebook of students, made."""

    texts: dict[str, str] = field(default_factory=dict)  # by name of file
    questions: list[Question] = field(default_factory=list)


def build(assignment: Assignment) -> Notebooks:
    """Make the notebook of every part.

    Raises:
        QuestionError: with the file and line of what is wrong in a source.
    """
    made = Notebooks()
    if assignment.notebooks is None:
        return made
    taken, source = {case.id: "a case" for case in assignment.cases}, assignment.notebooks / "source"
    preludes = sorted((source / "preludes").glob("*.py"))
    shared = shared_texts(assignment) | {f"preludes/{p.name}": p.read_text(encoding="utf-8").strip() for p in preludes}
    names = {part.notebook for part in assignment.parts}
    for path in sorted(path for path in source.glob("*.py") if path.stem in names):
        notebook = notebook_of(path.read_text(encoding="utf-8"), path.name, taken, shared)
        made.texts[f"{path.stem}.ipynb"] = _text(notebook)
        made.questions.extend(questions_of(notebook))
    return made


def shared_texts(assignment: Assignment) -> dict[str, str]:
    """The texts that several notebooks and documents include: each a file `notebooks/source/<name>.md`."""
    if assignment.notebooks is None:
        return {}
    paths = sorted((assignment.notebooks / "source").glob("*.md"))
    return {path.stem: path.read_text(encoding="utf-8").strip() for path in paths}


def notebook_of(source: str, name: str, taken: dict[str, str], shared: Mapping[str, str]) -> dict[str, Any]:
    """The notebook of one source.

    Args:
        source: the script.
        name: of its file, for messages.
        taken: ids that are not free, and what they belong to; the ids of the source are added.
        shared: texts that cells may include, by name, and cells that come before others, by `preludes/<name>.py`.

    Raises:
        QuestionError: with the line of the cell that is wrong.
    """
    cells, asked, last = [], None, 0
    for line, cell in _cells(source, name):
        try:
            check(cell, asked, taken, shared)
        except ValueError as error:
            raise QuestionError(f"{name}, line {line}: {error}") from None
        if asked := cell.question:
            taken[asked] = f"{name}, line {line}"
            last = line
        if cell.kind == "prelude":
            prelude = f"preludes/{cell.name}.py"
            cells += [for_students(first, shared) for _, first in _cells(shared[prelude], prelude)]
        cells.append(for_students(cell, shared))
    if asked:
        raise QuestionError(f'{name}, line {last}: no answer follows: add a cell `# %% [markdown] answer="{asked}"`')
    _name(cells)
    return {"cells": cells, "metadata": _KERNEL, "nbformat": 4, "nbformat_minor": 5}


def _cells(source: str, name: str) -> Iterator[tuple[int, Cell]]:
    """The cells of a script, each with the number of its line."""
    import jupytext

    lines = source.splitlines()
    starts = [number for number, line in enumerate(lines, start=1) if _MARKER.match(line)]
    cells = jupytext.reads(source, fmt="py:percent").cells
    if len(starts) != len(cells) or not _MARKER.match(source):
        raise QuestionError(
            f"{name}, line 1: has {len(cells)} cells, but {len(starts)} lines that begin with '# %%': begin every cell "
            "with such a line, the first one in line 1, and begin no line of a string so"
        )
    yield from zip(starts, map(Cell, cells), strict=True)


def _name(cells: list[dict[str, Any]]) -> None:
    """Give every cell an id that stays when others come and go: of its question, or of its text."""
    seen: Counter[str] = Counter()
    for cell in cells:
        metadata = cell["metadata"]
        kind = next((kind for kind in ("question", "answer") if kind in metadata), None)
        digest = hashlib.sha256(f"{cell['cell_type']}\n{cell['source']}".encode()).hexdigest()[:12]
        id = f"{kind}-{metadata[kind].replace('.', '-')}" if kind else digest
        seen[id] += 1
        cell["id"] = id if seen[id] == 1 else f"{id}-{seen[id]}"


def _text(notebook: dict[str, Any]) -> str:
    """The file of a notebook: checked against Jupyter's schema, and the same wherever it is made."""
    import nbformat

    checked: Any = nbformat.from_dict(notebook)  # type: ignore[no-untyped-call]  # nbformat has no types
    nbformat.validate(checked)
    return str(nbformat.writes(checked)) + "\n"  # type: ignore[no-untyped-call]
