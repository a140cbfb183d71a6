"""The students' command line: hints to a case, and verdicts on every save. `pytest grader/` grades all of it once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader import ROOT
from grader.commands.running import opened_tier, run
from grader.commands.watch import watch
from grader.course import assignment as assignments
from grader.course.assignment import Assignment
from grader.grading import goldens, hints
from grader.grading.run import open_submission
from grader.runtime.case import Case, Verdict

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


def hint(
    name: Annotated[str, typer.Argument(metavar="CASE", help="e.g. 4.add_noise, as `pytest grader/` names it")],
    step: Annotated[int, typer.Option(min=1, max=hints.STEPS, help="1: where to look; 2: which equation; 3: why")] = 1,
    submission: Annotated[Path, typer.Option(help="folder or zip that step 3 grades")] = ROOT / "student",
) -> None:
    """Show hints to a case, up to a step; the third grades that case of your code."""
    assignment = assignments.load()
    case = _named(assignment, name)
    verdict = _graded(assignment, case, submission) if step == hints.STEPS else None
    for number, (label, text) in enumerate(zip(hints.LABELS, hints.steps(case, verdict), strict=True), start=1):
        if number <= step:
            print(f"{number}. {label}: " + text.replace("\n", "\n   "))
    if step < hints.STEPS:
        print(f"More: {hints.command(case.id, submission)} --step {step + 1}")


def _named(assignment: Assignment, name: str) -> Case:
    if case := assignment.by_id.get(name):
        return case
    near = assignment.like(name)
    advice = f"Did you mean {', '.join(near)}?" if near else "`pytest grader/` lists all of them."
    raise typer.BadParameter(f"there is no case {name!r}. {advice}")


def _graded(assignment: Assignment, case: Case, submission: Path) -> Verdict:
    with (
        opened_tier() as tier,
        open_submission(assignment, tier, goldens.load(assignment.resources), submission) as grading,
    ):
        return grading.verdict(case)


COMMANDS = (hint, watch)  # the staff's command line has them as well
for _command in COMMANDS:
    app.command()(_command)
app.callback()(lambda: None)  # or typer would take a single command for the whole


def main() -> None:
    """Run the students' commands."""
    run(app)
