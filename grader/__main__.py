"""The command line of TAs and authors; students use `pytest grader/`."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from grader import assignment as assignments
from grader import golden, sandbox, student
from grader import marks as marking
from grader.batch.command import batch
from grader.batch.intake import IntakeError
from grader.building import GoldenError
from grader.bundle.archive import BundleError
from grader.bundle.gradescope import gradescope
from grader.bundle.handout import make_release
from grader.case import Outcome
from grader.compare import ComparisonError, compare
from grader.questions import QuestionError
from grader.release import MarkerError
from grader.secret import SecretError
from grader.secret import load_here as load_secret
from grader.spreadsheet import TableError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
for command in student.COMMANDS:
    app.command()(command)
app.command()(batch)
app.command()(compare)
app.command("release")(make_release)
app.command()(gradescope)


@app.command()
def grade(
    path: Annotated[Path, typer.Argument(help="a submission: a folder or a zip")],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
    gradescope: Annotated[Path | None, typer.Option(help="also write Gradescope's results.json here")] = None,
    marks: Annotated[Path | None, typer.Option(help="CSV of the written questions' marks: see `grader marks`")] = None,
    part: Annotated[int | None, typer.Option(help="grade one part only")] = None,
    accuracy: Annotated[bool, typer.Option(help="generate samples and grade their accuracy (minutes)")] = True,
    device: Annotated[str, typer.Option(help="where samples are generated: cpu, cuda, cuda:1, mps")] = "cpu",
    public_only: Annotated[bool, typer.Option("--public-only", help="only with the inputs that students have")] = False,
    trust_submissions: Annotated[
        bool, typer.Option("--trust-submissions", help="grade even if this machine has no tier `sandbox`")
    ] = False,
):
    """Grade one submission with public and hidden inputs, with the full report card.

    Exit code 2: the grader itself failed.
    """
    from rich.console import Console

    from grader.accuracy import grade_accuracy, tasks
    from grader.grading import Grading, select
    from grader.report import results
    from grader.sandbox.doctor import required
    from grader.submission import lay_out

    assignment, tier_name = assignments.load(), required(trust_submissions)
    known = golden.load(assignment.resources)
    questions = select(assignment.questions, part)
    marked = marking.read_marks(marks, assignment.questions) if marks else {}
    verdicts, console = [], Console(stderr=True)
    with (
        lay_out(path, assignment.allowlist, assignment.student) as submission,  # or refuses it, before anything starts
        _tier(tier_name) as tier,
    ):
        grading = Grading(assignment, tier, known, submission, None if public_only else load_secret(console))
        changed = grading.changed_parts(part)  # before any of its code runs, which could change its files
        with console.status("") as status:
            for case in select(assignment.cases, part):
                status.update(f"{case.id}: {case.title}")
                verdicts.append(grading.verdict(case))
            for task in select(tasks(assignment.policy), part) if accuracy else []:
                status.update(f"{task.id}: generating images on {device}")
                verdicts.append(grade_accuracy(grading, task, device))
        name, seeds = submission.name, grading.seeds
    verdicts += marking.verdicts(questions, marked, name)
    if marks and (told := marking.missing(marked, name)):
        console.print(told, markup=False)
    if gradescope:
        results.write_atomically(gradescope, results.gradescope(tier.tier, seeds, verdicts, changed))
    if as_json:
        print(json.dumps(results.document(name, tier.tier, seeds, verdicts, changed), indent=2))
    else:
        from grader.report.terminal import scorecard

        Console().print(scorecard(name, tier.tier, verdicts, changed))
    if any(v.outcome is Outcome.INFRASTRUCTURE for v in verdicts):
        raise typer.Exit(2)


@app.command()
def marks(
    submissions: Annotated[list[Path], typer.Argument(help="folders and zips, as `grader grade` gets them")],
    output: Annotated[Path, typer.Option(help="the file to write; one that exists is left alone")] = Path("marks.csv"),
):
    """Write a CSV file for TAs to fill in: a row for each submission and written question."""
    marking.write_template(output, submissions, assignments.load().questions)
    print(f"{output}: fill in mark and comment, then `grader grade PATH --marks {output}`")


@app.command()
def update(
    check: Annotated[bool, typer.Option("--check", help="write nothing; fail if anything has drifted")] = False,
):
    """Regenerate stubs, goldens, fingerprints, allowlist, notebooks and points table from their sources."""
    from grader.update import update as run

    with _tier(workers=os.cpu_count()) as tier:
        drifted = run(assignments.load(staff=True), tier, check=check)
    for path in drifted:
        print(f"{'out of date' if check else 'written'}: {path}")
    if check and drifted:
        print("run `grader update`, and commit what it writes")
        raise typer.Exit(1)
    if not drifted:
        print("everything is up to date")


@app.command()
def check(
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
    other_seeds: Annotated[int, typer.Option(min=1, help="seeds beside the public one that all must hold with")] = 3,
):
    """Prove that the grader catches every known mistake and accepts every variant."""
    from rich.console import Console

    from grader.report.terminal import proofs
    from grader.selfcheck import check as run

    assignment = assignments.load(staff=True)
    known = golden.load(assignment.resources)
    console = Console(stderr=True)
    with _tier(workers=os.cpu_count()) as tier, console.status("checking") as status:
        report = run(assignment, tier, known, lambda what: status.update(f"checking {what}"), other_seeds)
    if as_json:
        print(json.dumps(report.document(), indent=2))
    else:
        print(proofs(report))
    if report.failures:
        raise typer.Exit(1)


@app.command()
def doctor():
    """Tell which tier of trust this machine has, why not a stronger one, and what code at it can reach."""
    from grader.sandbox import doctor as looking

    found = list(looking.findings())
    for finding in found:
        print(f"{finding.tier:<11}{'available' if finding.available else 'not available'}")
        for line in finding.lacks or finding.has:
            print(f"{'':<11}- {line}")
    chosen, assignment = next(f.tier for f in found if f.available), assignments.load()
    with _tier(chosen) as tier:
        reached = looking.reached(tier, assignment.student, assignment.limits)
    print(f"\nSubmissions are graded at tier `{chosen}` here. Code at it ...")
    for what, possible in reached.items():
        print(f"{'':<11}{'CAN' if possible else 'cannot':<7}{what}")


@app.command()
def demo():
    """Grade the reference, the untouched stubs and three submissions with known mistakes."""
    from grader.demo import demo as run

    with _tier() as tier:
        run(assignments.load(staff=True), tier)


@contextlib.contextmanager
def _tier(name="process", workers=None):
    tier = sandbox.start(name) if workers is None else sandbox.Pool(name, workers)
    try:
        yield tier
    finally:
        tier.close()


def main() -> None:
    """Run the command line; user errors become one message instead of a traceback."""
    student.run(
        app,
        *student.FAULTS,
        TableError,
        QuestionError,
        MarkerError,
        SecretError,
        ComparisonError,
        IntakeError,
        GoldenError,
        BundleError,
    )


if __name__ == "__main__":
    main()
