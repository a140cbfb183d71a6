"""Shows stubs, grades cases and collects what is handed in, from the cells of a notebook."""

from __future__ import annotations

import ast
import atexit
import functools
import html
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from grader import ROOT, sandbox
from grader.course import assignment as assignments
from grader.course.assignment import Assignment
from grader.grading import goldens, hints
from grader.grading.goldens import Known
from grader.grading.run import open_submission
from grader.notebook import output
from grader.notebook.sentences import NotebookError, not_done
from grader.report.terminal import labelled, worth
from grader.runtime.case import Case, Outcome, Verdict
from grader.sandbox.tier import Tier

STUDENT = Path(os.environ.get("GENMODELS_STUDENT") or ROOT / "student").resolve()  # our tests run the solution
COLOURS = {Outcome.PASSED: "#1a7f37", Outcome.NOT_IMPLEMENTED: "#9a6700"}
RED = "#cf222e"  # for every other outcome


def show(*names: str) -> None:
    """Show functions and classes as they stand in the student's files, e.g. show("models.DDPM.forward").

    Raises:
        NotebookError: the file is missing, or nothing in it has this name.
    """
    for name in names:
        module, *path = name.split(".")
        file = STUDENT / f"{module}.py"
        if not file.is_file():
            raise NotebookError(f"{file} is missing: restore it from the handout.")
        line, text = _source(file, path)
        output.show_markdown(f"`{file.name}`, line {line}:\n\n```python\n{text}\n```")


def _source(file: Path, path: Sequence[str]) -> tuple[int, str]:
    """Find the line and text of a definition, given the names that lead to it. The file is read, not run."""
    text = file.read_text(encoding="utf-8")
    try:
        inside: Sequence[ast.stmt] = ast.parse(text).body
    except SyntaxError as error:
        raise NotebookError(f"Python cannot read {file.name}: {error.msg}, line {error.lineno}.") from None
    first, last = 1, len(text.splitlines())
    for name in path:
        named = [node for node in inside if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name]
        if not named:
            raise NotebookError(
                f"{file.name} has no {'.'.join(path)}: was it renamed? The grader calls it by this name."
            )
        node = named[-1]
        inside = node.body
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        last = node.end_lineno or last
    return first, "\n".join(text.splitlines()[first - 1 : last])


def grade(*ids: str) -> None:
    """Grade cases on the student's files as they are saved, and show the verdicts below the cell.

    Args:
        ids: ids of cases, e.g. "4.add_noise".

    Raises:
        NotebookError: there is no such case, or one does not pass; "run all" then stops here.
    """
    assignment, tier, known = session()
    for id in ids:
        if id not in assignment.by_id:
            near = assignment.like(id) or list(assignment.by_id)[:4]
            raise NotebookError(f"There is no case {id!r}. Did you mean {' or '.join(near)}?")
    with open_submission(assignment, tier, known, STUDENT) as grading:
        verdicts = [grading.verdict(assignment.by_id[id]) for id in ids]
    output.show(Verdicts(verdicts))
    wrong = [v for v in verdicts if v.outcome is not Outcome.PASSED]
    if wrong:
        raise NotebookError(_what_next(wrong[0]))


def _what_next(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.INFRASTRUCTURE:
        return f"{verdict.case.id}: the grader itself failed. This is not your fault: run this cell again."
    if verdict.outcome is Outcome.NOT_IMPLEMENTED:
        todo, _, where = verdict.message.partition("\n  at ")
        return not_done(todo, where.partition(", in ")[0])
    return f"{verdict.case.id} does not pass yet. Change your code, save the file, and run this cell again."


class Verdicts:
    """Verdicts, as HTML in a notebook and as text elsewhere."""

    def __init__(self, verdicts: Sequence[Verdict]):
        self.verdicts = verdicts

    def __repr__(self) -> str:
        return "\n".join(f"{v.case.id} {v.outcome} {v.points:g}/{worth(v.case)} {v.message}" for v in self.verdicts)

    def _repr_html_(self) -> str:
        return "".join(map(self._box, self.verdicts))

    def _box(self, v: Verdict) -> str:
        colour = COLOURS.get(v.outcome, RED)
        head = (
            f'<b style="color:{colour}">{v.outcome}</b> <b>{v.case.id}</b> {v.points:g}/{worth(v.case)}: '
            f"{html.escape(v.case.title)}"
        )
        lines = [
            f"<div>{f'<b>{label}.</b> ' if label else ''}{'<br>' * (label == 'Your code printed')}"
            f'<span style="white-space:pre-wrap">{html.escape(text)}</span></div>'
            for label, text in labelled(v, self.verdicts)
        ]
        if v.outcome not in (Outcome.PASSED, Outcome.INFRASTRUCTURE) and isinstance(v.case, Case):
            look, term, _ = hints.steps(v.case, v)  # the third is among the lines already
            lines += [_folded("Where to look", look), _folded("Which term of which equation", term)]
        style = f"border-left:4px solid {colour};padding:2px 0 2px 10px;margin:4px 0"
        return f'<div style="{style}">{head}{"".join(lines)}</div>'


def _folded(title: str, text: str) -> str:
    return f'<details><summary>{title}</summary><span style="white-space:pre-wrap">{html.escape(text)}</span></details>'


@functools.cache
def session() -> tuple[Assignment, Tier, Known]:
    """Return the assignment, a started tier and what the judge knows, the same for as long as the notebook lives."""
    assignment, tier = assignments.load(), sandbox.start("process")
    atexit.register(tier.close)
    return assignment, tier, goldens.load(assignment.resources)


def submit() -> None:
    """Check what you hand in, and write submission.zip and the written answers beside the student's folder.

    Raises:
        NotebookError: it could not be graded as it is.
    """
    command = [sys.executable, "-m", "grader.commands.collect", str(STUDENT), str(STUDENT.parent / "submission.zip")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    print(done.stdout, end="")
    if done.returncode:
        raise NotebookError(done.stderr.strip())
