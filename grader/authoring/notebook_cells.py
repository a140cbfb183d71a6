"""Checks the cells of a notebook's source, and makes of each what students get."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from grader.course.questions import PLACEHOLDER

_ID = re.compile(r"\d+\.[a-z0-9_]{1,40}")
_RUBRIC = "**Rubric**"
_ITEM = re.compile(r"- (\d+(?:\.\d+)?) points?: \S")
_JUPYTEXTS_OWN = {"lines_to_next_cell"}  # blank lines of the script
_KINDS = {
    "question": {"question", "points", "title", "bonus"},
    "answer": {"answer"},
    "include": {"include"},
    "prelude": {"prelude"},
    "ordinary": set(),
}
_HOW_TO_WRITE = (
    '; write `# %% Title [markdown] question="6.name" points=2`, `# %% [markdown] answer="6.name"`, '
    '`# %% [markdown] include="name"`, `# %% prelude="name"`, `# %% [markdown]` or `# %%`'
)


class Cell:
    """A cell of a source.

    Attributes:
        kind: one of question, answer, include, prelude, ordinary.
        metadata: what stands behind `# %%`.
        source: the text.
        is_code: whether it is code, and not text.
    """

    def __init__(self, cell: Any):
        self.metadata: dict[str, Any] = {k: v for k, v in cell.metadata.items() if k not in _JUPYTEXTS_OWN}
        self.kind = next((kind for kind in _KINDS if kind in self.metadata), "ordinary")
        self.source: str = cell.source
        self.is_code = cell.cell_type == "code"

    @property
    def name(self) -> str:
        """What its kind says of it: the id of a question or answer, the name of a text."""
        return str(self.metadata.get(self.kind, ""))

    @property
    def question(self) -> str | None:
        """The id of the question that it asks; None if it asks none."""
        return self.name if self.kind == "question" else None


def check(cell: Cell, asked: str | None, taken: Mapping[str, str], shared: Mapping[str, str]) -> None:
    """Check one cell.

    Args:
        cell: of a source.
        asked: the question that the cell before it asks.
        taken: ids that are not free, and what they belong to.
        shared: texts and code that cells may include, by name.

    Raises:
        ValueError: something is wrong with it.
    """
    for problem in _problems(cell, asked, shared):
        raise ValueError(problem)
    if cell.kind == "question":
        for problem in _problems_of_question(cell, taken):
            raise ValueError(problem)


def _problems(cell: Cell, asked: str | None, shared: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with a cell, the first thing first."""
    if unknown := sorted(cell.metadata.keys() - _KINDS[cell.kind]):
        article = "a" if cell.kind == "question" else "an"
        pairs = ", ".join(f"{key} = {cell.metadata[key]!r}" for key in unknown)
        yield f"unknown metadata in {article} {cell.kind} cell: {pairs}{_HOW_TO_WRITE}"
    yield from _problems_of_type(cell)
    if asked and cell.metadata.get("answer") != asked:
        yield f'the answer to {asked} must follow it: add a cell `# %% [markdown] answer="{asked}"`'
    if cell.kind == "answer":
        yield from _problems_of_answer(cell, asked)
    elif cell.kind == "prelude" and f"preludes/{cell.name}.py" not in shared:
        yield f"there is no preludes/{cell.name}.py to put before this cell"
    elif cell.kind == "include":
        yield from _problems_of_include(cell, shared)


def _problems_of_type(cell: Cell) -> Iterator[str]:
    if cell.kind == "prelude" and not cell.is_code:
        yield f"the prelude {cell.name} is in a markdown cell: write no `[markdown]`"
    if cell.kind in ("question", "answer", "include") and cell.is_code:
        yield f"the {cell.kind} {cell.name} is in a code cell: write `[markdown]` before it"


def _problems_of_answer(cell: Cell, asked: str | None) -> Iterator[str]:
    if not asked:
        yield f"an answer to {cell.name}, but the cell before does not ask that"
    if not cell.source.strip():
        yield f"the answer to {cell.name} is empty"


def _problems_of_include(cell: Cell, shared: Mapping[str, str]) -> Iterator[str]:
    texts = [name for name in shared if not name.startswith("preludes/")]
    if cell.name not in texts:
        yield f"there is no {cell.name}.md to include; there is: {', '.join(texts) or 'none'}"
    if cell.source.strip():
        yield f"{cell.name}.md would replace the text of this cell: leave it empty"


def _problems_of_question(cell: Cell, taken: Mapping[str, str]) -> Iterator[str]:
    id, points, bonus = cell.metadata["question"], cell.metadata.get("points"), cell.metadata.get("bonus", False)
    if not (isinstance(id, str) and _ID.fullmatch(id)):
        yield f"question = {id!r} must be a part and a name, like 6.gan_equilibrium"
    if id in taken:
        yield f"{id} is taken already, by {taken[id]}: give the question another id"
    if not cell.metadata.get("title"):
        yield f"{id} has no title: write it after `# %%`"
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 < points <= 100:
        yield f"{id} needs points=..., a number above 0 and at most 100, not {points!r}"
    elif not isinstance(bonus, bool):
        yield f"{id} has bonus = {bonus!r}: write bonus=true if its points come on top, or nothing"
    else:
        yield from _problems_of_rubric(cell, id, points)


def _problems_of_rubric(cell: Cell, id: str, points: float) -> Iterator[str]:
    text, rubric, items = cell.source.partition(f"\n{_RUBRIC}\n")
    if not (text.strip() and rubric):
        yield f"{id} needs a text, and then a line {_RUBRIC} before what earns points"
    worth = sum(_points([line for line in items.splitlines() if line and not line.startswith("  ")]))
    if abs(worth - points) > 1e-9:
        yield f"the rubric of {id} adds up to {worth:g} points, but the question has {points:g}"


def _points(lines: Iterable[str]) -> Iterator[float]:
    """What each item of a rubric is worth.

    Raises:
        ValueError: a line is no item.
    """
    for line in lines:
        if not (item := _ITEM.match(line)):
            raise ValueError(f"in the rubric write '- 1 point: what for' (and indent lines that go on), not {line!r}")
        yield float(item[1])


def for_students(cell: Cell, shared: Mapping[str, str]) -> dict[str, Any]:
    """The cell as students get it."""
    source, metadata = cell.source, dict(cell.metadata)
    if cell.kind == "question":
        points = (
            f"{metadata['points']:g} {'bonus ' * metadata.get('bonus', False)}point{'s' * (metadata['points'] != 1)}"
        )
        source = f"### {cell.name}: {metadata['title']} ({points})\n\n{source.strip()}"
    elif cell.kind == "answer":
        source = PLACEHOLDER
    elif cell.kind == "include":
        source = shared[metadata.pop("include")]
    elif cell.kind == "prelude":
        metadata.pop("prelude")
    if not cell.is_code and not metadata:
        metadata["given"] = True
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if cell.is_code else {}
    return {"cell_type": "code" if cell.is_code else "markdown", "metadata": metadata, "source": source, **code}
