"""`make demo`: what the grader says of the reference, of untouched stubs, and of three students' mistakes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.accuracy.grade import accuracies_of
from grader.authoring.patching import write_patched
from grader.authoring.stubs import solution_of
from grader.course.assignment import Assignment
from grader.grading import goldens
from grader.grading.run import open_submission, select
from grader.report.terminal import in_figures
from grader.runtime.case import Outcome, Verdict, total
from grader.runtime.errors import UserError
from grader.sandbox.tier import Tier


class DemoError(UserError):
    """There is nothing to show; the message says what is missing."""


def demo(assignment: Assignment, tier: Tier) -> None:
    """Grade five submissions end to end and print a table. Needs no dataset; the reference's samples take a minute."""
    console, start = Console(), time.monotonic()
    part = next((part for part in assignment.parts if part.demo), None)
    if part is None or part.demo is None:
        raise DemoError("no part has a table [demo] in its part.toml, which names the mistakes to show")
    known = goldens.load(assignment.resources)
    cases, accuracies = select(assignment.cases, part.number), select(accuracies_of(assignment.policy), part.number)
    table = _table(f"Five submissions to part {part.number}, graded")
    with tempfile.TemporaryDirectory() as temporary, console.status("grading") as status:
        for name, folder in _submissions(assignment, part.demo.mistakes, Path(temporary)):
            with open_submission(assignment, tier, known, folder) as grading:
                verdicts = list(grading.run(cases, accuracies, status.update))
            passed = sum(v.outcome is Outcome.PASSED for v in verdicts)
            table.add_row(name, f"{passed}/{len(verdicts)}", in_figures(total(verdicts)), _says(verdicts))
    console.print(table)
    console.print(
        f"{time.monotonic() - start:.0f} seconds. Next: `.venv/bin/pytest grader/` grades student/, "
        "`.venv/bin/grader grade PATH` shows a whole report card."
    )


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", show_lines=True)
    table.add_column("submission")
    table.add_column("cases passed", justify="right")
    table.add_column("points", justify="right")
    table.add_column("what the grader says", ratio=1)
    return table


def _submissions(assignment: Assignment, mistakes: Sequence[str], temporary: Path) -> Iterator[tuple[str, Path]]:
    yield "the reference solution", solution_of(assignment)
    yield "untouched stubs", assignment.student
    for mistake in assignment.mistakes:
        if mistake.id in mistakes:
            name = mistake.id.split(".")[1]
            yield name.replace("_", " "), write_patched(assignment, mistake, temporary / name)


def _says(verdicts: Sequence[Verdict]) -> str:
    """The diagnoses if there are any; else that nothing is implemented; else the accuracy."""
    cases_of: dict[str, list[str]] = {}
    for v in verdicts:
        if v.hint:
            cases_of.setdefault(v.hint, []).append(v.case.id)
    if cases_of:
        return "\n".join(f"{', '.join(cases)}: {hint}" for hint, cases in cases_of.items())
    if all(v.outcome is Outcome.NOT_IMPLEMENTED for v in verdicts):
        return "nothing is implemented yet"
    figures = verdicts[-1].figures
    return f"{figures['mean']:.1%} of {figures['samples']} generated images are recognised as what was asked for"
