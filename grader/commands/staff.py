"""The command line of TAs, instructors and authors; students use `pytest grader/`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from grader.commands import authors, students
from grader.commands.batch import batch
from grader.commands.compare import compare
from grader.commands.running import opened_tier, run
from grader.course import assignment as assignments
from grader.grading import goldens
from grader.grading.run import Grading, select
from grader.runtime.case import Outcome, Verdict
from grader.written import marks as marking

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
for _students_command in students.COMMANDS:
    app.command()(_students_command)


@app.command()
def grade(
    path: Annotated[Path, typer.Argument(help="a submission: a folder or a zip")],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
    gradescope: Annotated[Path | None, typer.Option(help="also write Gradescope's results.json here")] = None,
    marks: Annotated[Path | None, typer.Option(help="CSV with the marks of written questions: `grader marks`")] = None,
    part: Annotated[int | None, typer.Option(help="grade one part only")] = None,
    accuracy: Annotated[bool, typer.Option(help="generate samples and grade their accuracy (minutes)")] = True,
    device: Annotated[str, typer.Option(help="where samples are generated: cpu, cuda, cuda:1, mps")] = "cpu",
    public_only: Annotated[bool, typer.Option("--public-only", help="use only the inputs that students have")] = False,
    trust_submissions: Annotated[
        bool, typer.Option("--trust-submissions", help="grade even if this machine has no tier `sandbox`")
    ] = False,
) -> None:
    """Grade one submission with public and hidden inputs, and show its report card.

    Exit code 2: the grader itself failed.
    """
    from rich.console import Console

    from grader.authoring.secret import load_here
    from grader.report import results
    from grader.report.terminal import scorecard
    from grader.sandbox.doctor import required
    from grader.submission.layout import lay_out

    assignment, tier_name, console = assignments.load(), required(trust_submissions), Console(stderr=True)
    marked = marking.read_marks(marks, assignment.questions) if marks else {}
    with (
        lay_out(path, assignment.allowlist, assignment.student) as submission,  # or refuses it, before anything starts
        opened_tier(tier_name) as tier,
        console.status("") as status,
    ):
        known, secret = goldens.load(assignment.resources), None if public_only else load_here(console)
        grading = Grading(assignment, tier, known, submission, secret)
        changed = grading.changed_parts(part)  # before any of its code runs, which could change its files
        verdicts = list(_verdicts(grading, part, accuracy, status.update, device))
    name, seeds = submission.name, grading.seeds
    verdicts += marking.verdicts(select(assignment.questions, part), marked, name)
    if marks and (unmarked := marking.missing(marked, name)):
        console.print(unmarked, markup=False)
    if gradescope:
        results.write_atomically(gradescope, results.gradescope(tier_name, seeds, verdicts, changed))
    if as_json:
        print(json.dumps(results.document(name, tier_name, seeds, verdicts, changed), indent=2))
    else:
        Console().print(scorecard(name, tier_name, verdicts, changed))
    if any(v.outcome is Outcome.INFRASTRUCTURE for v in verdicts):
        raise typer.Exit(2)


def _verdicts(
    grading: Grading, part: int | None, accuracy: bool, on_progress: Callable[[str], None], device: str
) -> Iterator[Verdict]:
    from grader.accuracy.grade import accuracies_of

    assignment = grading.assignment
    accuracies = select(accuracies_of(assignment.policy), part) if accuracy else []
    return grading.run(select(assignment.cases, part), accuracies, on_progress, device)


@app.command()
def marks(
    submissions: Annotated[list[Path], typer.Argument(help="folders and zips, as `grader grade` takes them")],
    output: Annotated[Path, typer.Option(help="the file to write; it must not exist yet")] = Path("marks.csv"),
) -> None:
    """Write a CSV file for TAs to fill in: a row for each submission and written question."""
    marking.write_template(output, submissions, assignments.load().questions)
    print(f"{output}: fill in mark and comment, then `grader grade PATH --marks {output}`")


app.command()(batch)
app.command()(compare)


@app.command()
def doctor() -> None:
    """Say which tier of trust this machine has, why not a stronger one, and what code at it can reach."""
    from grader.sandbox.doctor import findings, reached
    from grader.submission.layout import lay_out

    tiers = list(findings())
    for finding in tiers:
        print(f"{finding.tier:<11}{'available' if finding.available else 'not available'}")
        for line in finding.lacks or finding.has:
            print(f"{'':<11}- {line}")
    chosen, assignment = next(f.tier for f in tiers if f.available), assignments.load()
    with (
        opened_tier(chosen) as tier,
        lay_out(assignment.student, assignment.allowlist, assignment.student) as stubs,
    ):
        reach = reached(tier, stubs.folder, assignment.limits)
    print(f"\nThis machine grades submissions at tier `{chosen}`. Code at it ...")
    for what, possible in reach.items():
        print(f"{'':<11}{'CAN' if possible else 'cannot':<7}{what}")


@app.command()
def demo() -> None:
    """Grade the reference, the untouched stubs and three submissions with known mistakes."""
    from grader.commands.demo import demo as show

    with opened_tier() as tier:
        show(assignments.load(staff=True), tier)


for _name, _command in authors.COMMANDS.items():
    app.command(_name)(_command)


def main() -> None:
    """Run the command line."""
    run(app)
