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
`notebooks/source/notation.md`, which the README shows as well. A cell `# %% prelude="first_cell"` gets the code of
`notebooks/source/preludes/first_cell.py` before its own. All other cells are passed on as they are; those of text are
marked as given, which tells where a student's answer ends.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping

from grader.assignment import Assignment
from grader.case import Question
from grader.questions import PLACEHOLDER, QuestionError, questions_of

_MARKER = re.compile(r"#\s*%%")
_ID = re.compile(r"[1-6]\.[a-z0-9_]{1,40}")
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
_KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def build(assignment: Assignment) -> tuple[dict[str, str], list[Question]]:
    """Make every notebook.

    Returns:
        Name and text of the notebooks, and the questions in them.

    Raises:
        QuestionError: with the file and line of what is wrong in a source.
    """
    if assignment.notebooks is None:
        return {}, []
    made, questions, taken = {}, [], {case.id: "a case" for case in assignment.cases}
    preludes = sorted((assignment.notebooks / "source" / "preludes").glob("*.py"))
    shared = shared_texts(assignment) | {f"preludes/{p.name}": p.read_text(encoding="utf-8").strip() for p in preludes}
    for path in sorted((assignment.notebooks / "source").glob("*.py")):
        notebook = notebook_of(path.read_text(encoding="utf-8"), path.name, taken, shared)
        made[f"{path.stem}.ipynb"] = _text(notebook)
        questions += questions_of(notebook)
    return made, questions


def shared_texts(assignment: Assignment) -> dict[str, str]:
    """The texts that several notebooks, and the README, include: each a file `notebooks/source/<name>.md`."""
    if assignment.notebooks is None:
        return {}
    paths = sorted((assignment.notebooks / "source").glob("*.md"))
    return {path.stem: path.read_text(encoding="utf-8").strip() for path in paths}


def notebook_of(source: str, name: str, taken: dict[str, str], shared: Mapping[str, str]) -> dict:
    """The notebook of one source.

    Args:
        source: the script.
        name: of its file, for messages.
        taken: ids that are not free, and what they belong to; the ids of the source are added.
        shared: texts that cells may include, by name, and code that cells may begin with, by `preludes/<name>.py`.

    Raises:
        QuestionError: with the line of the cell that is wrong.
    """
    cells, asked = [], None
    for line, cell in _cells(source, name):
        try:
            asked = _checked(cell, asked, taken, shared)
        except ValueError as error:
            raise QuestionError(f"{name}, line {line}: {error}") from None
        if asked:
            taken[asked] = f"{name}, line {line}"
            last = line
        cells.append(_for_students(cell, shared))
    if asked:
        raise QuestionError(f'{name}, line {last}: no answer follows: add a cell `# %% [markdown] answer="{asked}"`')
    _name(cells)
    return {"cells": cells, "metadata": _KERNEL, "nbformat": 4, "nbformat_minor": 5}


def _cells(source, name):
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
    return zip(starts, cells, strict=True)


def _checked(cell, asked, taken, shared):
    """Check one cell; `asked` is the question that the cell before it asks. Returns the one that this cell asks."""
    told = {key: value for key, value in cell.metadata.items() if key not in _JUPYTEXTS_OWN}
    kind = next((kind for kind in _KINDS if kind in told), "ordinary")
    if unknown := sorted(told.keys() - _KINDS[kind]):
        raise ValueError(
            f"unknown metadata in {'an' if kind != 'question' else 'a'} {kind} cell: "
            + ", ".join(f"{key} = {told[key]!r}" for key in unknown)
            + '; write `# %% Title [markdown] question="6.name" points=2`, `# %% [markdown] answer="6.name"`, '
            '`# %% [markdown] include="name"`, `# %% prelude="name"`, `# %% [markdown]` or `# %%`'
        )
    if kind == "prelude" and cell.cell_type != "code":
        raise ValueError(f"the prelude {told['prelude']} is in a markdown cell: write no `[markdown]`")
    if kind not in ("ordinary", "prelude") and cell.cell_type != "markdown":
        raise ValueError(f"the {kind} {told[kind]} is in a {cell.cell_type} cell: write `[markdown]` before it")
    if asked and told.get("answer") != asked:
        raise ValueError(f'the answer to {asked} must follow it: add a cell `# %% [markdown] answer="{asked}"`')
    if kind == "answer" and not asked:
        raise ValueError(f"an answer to {told['answer']}, but the cell before does not ask that")
    if kind == "answer" and not cell.source.strip():
        raise ValueError(f"the answer to {told['answer']} is empty")
    if kind == "prelude" and f"preludes/{told['prelude']}.py" not in shared:
        raise ValueError(f"there is no preludes/{told['prelude']}.py to begin this cell with")
    texts = [name for name in shared if not name.startswith("preludes/")]
    if kind == "include" and told["include"] not in texts:
        raise ValueError(f"there is no {told['include']}.md to include; there is: {', '.join(texts) or 'none'}")
    if kind == "include" and cell.source.strip():
        raise ValueError(f"{told['include']}.md would replace the text of this cell: leave it empty")
    if kind != "question":
        return None
    _check_question(told, cell.source, taken)
    return told["question"]


def _check_question(told, source, taken):
    id, points = told["question"], told.get("points")
    if not (isinstance(id, str) and _ID.fullmatch(id)):
        raise ValueError(f"question = {id!r} must be a part and a name, like 6.gan_equilibrium")
    if id in taken:
        raise ValueError(f"{id} is taken already, by {taken[id]}: give the question another id")
    if not told.get("title"):
        raise ValueError(f"{id} has no title: write it after `# %%`")
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 < points <= 100:
        raise ValueError(f"{id} needs points=..., a number above 0 and at most 100, not {points!r}")
    if not isinstance(told.get("bonus", False), bool):
        raise ValueError(f"{id} has bonus = {told['bonus']!r}: write bonus=true if its points come on top, or nothing")
    text, rubric, items = source.partition(f"\n{_RUBRIC}\n")
    if not (text.strip() and rubric):
        raise ValueError(f"{id} needs a text, and then a line {_RUBRIC} before what earns points")
    worth = [_points(line) for line in items.splitlines() if line and not line.startswith("  ")]
    if abs(sum(worth) - points) > 1e-9:
        raise ValueError(f"the rubric of {id} adds up to {sum(worth):g} points, but the question has {points:g}")


def _points(line):
    item = _ITEM.match(line)
    if not item:
        raise ValueError(f"in the rubric write '- 1 point: what for' (and indent lines that go on), not {line!r}")
    return float(item[1])


def _for_students(cell, shared):
    """The cell as students get it."""
    source, told = cell.source, {k: v for k, v in cell.metadata.items() if k not in _JUPYTEXTS_OWN}
    if "question" in told:
        points = f"{told['points']:g} {'bonus ' * told.get('bonus', False)}point{'s' * (told['points'] != 1)}"
        source = f"### {told['question']}: {told['title']} ({points})\n\n{source.strip()}"
    elif "answer" in told:
        source = PLACEHOLDER
    elif "include" in told:
        source = shared[told.pop("include")]
    elif "prelude" in told:
        prelude = shared[f"preludes/{told.pop('prelude')}.py"]
        source = f"{prelude}\n\n{source}"
    if cell.cell_type == "markdown" and not told:
        told["given"] = True
    code = {"execution_count": None, "outputs": []} if cell.cell_type == "code" else {}
    return {"cell_type": cell.cell_type, "metadata": told, "source": source, **code}


def _name(cells):
    """Give every cell an id that stays when others come and go: of its question, or of its text."""
    seen = Counter()
    for cell in cells:
        told = cell["metadata"]
        kind = next((kind for kind in ("question", "answer") if kind in told), None)
        digest = hashlib.sha256(f"{cell['cell_type']}\n{cell['source']}".encode()).hexdigest()[:12]
        id = f"{kind}-{told[kind].replace('.', '-')}" if kind else digest
        seen[id] += 1
        cell["id"] = id if seen[id] == 1 else f"{id}-{seen[id]}"


def _text(notebook):
    """The file of a notebook: checked against Jupyter's schema, and the same wherever it is made."""
    import nbformat

    notebook = nbformat.from_dict(notebook)
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"
