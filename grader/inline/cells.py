"""Shows stubs, grades cases and hands in, in the cells of a notebook."""

from __future__ import annotations

import ast
import atexit
import functools
import html
import os
import subprocess
import sys
from pathlib import Path

from grader import ROOT, golden, hints, sandbox
from grader import assignment as assignments
from grader.case import Outcome
from grader.grading import open_submission
from grader.inline.sentences import NotebookError, not_done
from grader.report.terminal import labelled

STUDENT = Path(os.environ.get("GENMODELS_STUDENT") or ROOT / "student").resolve()  # our tests try the solution
COLOURS = {Outcome.PASSED: "#1a7f37", Outcome.NOT_IMPLEMENTED: "#9a6700"}  # of the others: red


def show(*names: str) -> None:
    """Show functions and classes as they are in the student's files, e.g. show("models.DDPM.forward").

    Raises:
        NotebookError: there is no such file, or nothing of this name in it.
    """
    from IPython.display import Markdown, display

    for name in names:
        module, *path = name.split(".")
        file = STUDENT / f"{module}.py"
        if not file.is_file():
            raise NotebookError(f"There is no {file} any more: restore it from the handout.")
        line, text = _source(file, path)
        display(Markdown(f"`{file.name}`, line {line}:\n\n```python\n{text}\n```"))


def _source(file, path):
    """Line and text of a definition, given the names that lead to it; read, not run."""
    text = file.read_text(encoding="utf-8")
    try:
        node = ast.parse(text)
    except SyntaxError as error:
        raise NotebookError(f"Python cannot read {file.name}: {error.msg}, line {error.lineno}.") from None
    for name in path:
        inside = [n for n in node.body if isinstance(n, ast.ClassDef | ast.FunctionDef) and n.name == name]
        if not inside:
            raise NotebookError(
                f"{file.name} has no {'.'.join(path)}: was it renamed? The grader calls it by this name."
            )
        node = inside[-1]
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return first, "\n".join(text.splitlines()[first - 1 : node.end_lineno])


def grade(*ids: str) -> None:
    """Grade cases of the student's files as they are saved, and show the verdicts below the cell.

    Args:
        ids: of the cases, e.g. "4.add_noise".

    Raises:
        NotebookError: there is no such case, or one does not pass, so that "run all" goes no further.
    """
    from IPython.display import display

    assignment, tier, known = session()
    for id in ids:
        if id not in assignment.by_id:
            near = assignment.like(id) or list(assignment.by_id)
            raise NotebookError(f"There is no case {id!r}: did you mean {', '.join(near)}?")
    with open_submission(assignment, tier, known, STUDENT) as grading:
        verdicts = [grading.verdict(assignment.by_id[id]) for id in ids]
    display(Verdicts(verdicts))
    wrong = [v for v in verdicts if v.outcome is not Outcome.PASSED]
    if wrong:
        raise NotebookError(_what_next(wrong[0]))


def _what_next(verdict):
    if verdict.outcome is Outcome.INFRASTRUCTURE:
        return f"{verdict.case.id}: the grader itself failed, which is not your fault: run this cell again."
    if verdict.outcome is Outcome.NOT_IMPLEMENTED:
        todo, _, where = verdict.message.partition("\n  at ")
        return not_done(todo, where.partition(", in ")[0])
    return f"{verdict.case.id} does not pass yet: mend it, save the file, run this cell again."


class Verdicts:
    """Verdicts as a notebook shows them, or as text."""

    def __init__(self, verdicts):
        self.verdicts = verdicts

    def __repr__(self):
        return "\n".join(f"{v.case.id} {v.outcome} {v.points:g}/{v.case.points:g} {v.message}" for v in self.verdicts)

    def _repr_html_(self):
        return "".join(map(self._box, self.verdicts))

    def _box(self, v):
        colour = COLOURS.get(v.outcome, "#cf222e")
        head = (
            f'<b style="color:{colour}">{v.outcome}</b> <b>{v.case.id}</b> {v.points:g}/{v.case.points:g}: '
            f"{html.escape(v.case.title)}"
        )
        told = [
            f"<div>{f'<b>{label}.</b> ' if label else ''}{'<br>' * (label == 'Your code printed')}"
            f'<span style="white-space:pre-wrap">{html.escape(text)}</span></div>'
            for label, text in labelled(v, self.verdicts)
        ]
        if v.outcome not in (Outcome.PASSED, Outcome.INFRASTRUCTURE):
            look, term, _ = hints.steps(v.case, v)  # the third is told already
            told += [_folded("Where to look", look), _folded("Which term of which equation", term)]
        style = f"border-left:4px solid {colour};padding:2px 0 2px 10px;margin:4px 0"
        return f'<div style="{style}">{head}{"".join(told)}</div>'


def _folded(title, text):
    return f'<details><summary>{title}</summary><span style="white-space:pre-wrap">{html.escape(text)}</span></details>'


@functools.cache
def session():
    """The assignment, a warm tier, and what the judge knows: for as long as the notebook lives."""
    assignment, tier = assignments.load(), sandbox.start("process")
    atexit.register(tier.close)
    return assignment, tier, golden.load(assignment.resources)


def submit() -> None:
    """Check what is handed in, and write submission.zip and the written answers beside the student's folder.

    Raises:
        NotebookError: it cannot be graded as it is.
    """
    command = [sys.executable, "-m", "grader.collect", STUDENT, STUDENT.parent / "submission.zip"]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True)
    print(done.stdout, end="")
    if done.returncode:
        raise NotebookError(done.stderr.strip())
