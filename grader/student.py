"""The students' command line: hints to a case, and verdicts on every save. `pytest grader/` grades all of it once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader import ROOT, golden, hints, sandbox
from grader import assignment as assignments
from grader.assignment import Assignment
from grader.case import Case, InfrastructureError, Verdict
from grader.grading import open_submission
from grader.policy import PolicyError
from grader.submission import SubmissionError
from grader.watch.command import watch

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
LABELS = ("Look at", "Equation", "Diagnosis")


def hint(
    name: Annotated[str, typer.Argument(metavar="CASE", help="e.g. 4.add_noise, as `pytest grader/` names it")],
    step: Annotated[int, typer.Option(min=1, max=hints.STEPS, help="1: where to look; 2: which equation; 3: why")] = 1,
    submission: Annotated[Path, typer.Option(help="folder or zip that step 3 grades")] = ROOT / "student",
):
    """Show hints to a case, up to a step; the third grades that case of your code."""
    assignment = assignments.load()
    case = _named(assignment, name)
    verdict = _graded(assignment, case, submission) if step == hints.STEPS else None
    for number, (label, text) in enumerate(zip(LABELS, hints.steps(case, verdict), strict=True), start=1):
        if number <= step:
            print(f"{number}. {label}: " + text.replace("\n", "\n   "))
    if step < hints.STEPS:
        print(f"More: {hints.command(case.id, submission)} --step {step + 1}")


def _named(assignment: Assignment, name: str) -> Case:
    if case := assignment.by_id.get(name):
        return case
    near = assignment.like(name)
    told = f"did you mean {', '.join(near)}?" if near else "`pytest grader/` lists all of them"
    raise typer.BadParameter(f"there is no case {name!r}: {told}")


def _graded(assignment: Assignment, case: Case, submission: Path) -> Verdict:
    tier = sandbox.start("process")
    try:
        with open_submission(assignment, tier, golden.load(assignment.resources), submission) as grading:
            return grading.verdict(case)
    finally:
        tier.close()


def run(app: typer.Typer, *faults: type[Exception]) -> None:
    """Run a command line; the faults of its users become one message instead of a traceback."""
    try:
        app()
    except faults as error:
        typer.echo(f"grader: {error}", err=True)
        raise SystemExit(1) from None
    except InfrastructureError as error:
        typer.echo(f"grader failed: {error}", err=True)
        raise SystemExit(2) from None


def main() -> None:
    """Run the students' commands."""
    run(app, *FAULTS)


COMMANDS = (hint, watch)  # the staff's command line has them as well
FAULTS = (PolicyError, SubmissionError)
for _command in COMMANDS:
    app.command()(_command)
app.callback()(lambda: None)  # or typer would take a single command for the whole
