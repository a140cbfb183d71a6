"""`grader batch`: a whole class in one command. You can stop it at any time; run it again and it resumes."""

from __future__ import annotations

import contextlib
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.runtime.errors import InfrastructureError
from grader.runtime.text import say, visible
from grader.written import marks as marking

if TYPE_CHECKING:  # other commands start faster without these
    from rich.console import Console
    from rich.table import Table

    from grader.batch.whole_class import Batch, Options
    from grader.report.mark_changes import Change
    from grader.report.record import Record

SHOWN = 5  # of many names or changes, in a message


def batch(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="zips and folders, a Gradescope export, or a Canvas download")
    ],
    out: Annotated[Path, typer.Option(help="the folder of grades; what is finished in it is not graded again")],
    only: Annotated[list[str] | None, typer.Option(metavar="NAME", help="grade this submission (repeatable)")] = None,
    regrade: Annotated[
        bool, typer.Option("--regrade", help="grade again what is finished; with --only, those submissions alone")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only show what would be graded")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="submissions at once (default: one for each core)")] = None,
    device: Annotated[str, typer.Option(help="where images are generated: cpu, cuda, or several: cuda:0,1")] = "cpu",
    part: Annotated[int | None, typer.Option(help="grade one part only")] = None,
    accuracy: Annotated[bool, typer.Option(help="generate images and grade their accuracy (minutes)")] = True,
    public_only: Annotated[bool, typer.Option("--public-only", help="use only the inputs that students have")] = False,
    trust_submissions: Annotated[
        bool, typer.Option("--trust-submissions", help="grade even if this machine has no tier `sandbox`")
    ] = False,
    marks: Annotated[Path | None, typer.Option(help="CSV with the marks of written questions: `grader marks`")] = None,
    slurm: Annotated[
        Path | None, typer.Option(help="grade on a cluster: TOML with partition, tasks, minutes ...")
    ] = None,
) -> None:
    """Grade a whole class. You can stop it at any time; run the same command again and it resumes.

    Exit code 2: the grader itself failed on something, which the next run tries again.
    """
    from grader.batch.whole_class import Options

    options = Options(
        folder=folder,
        out=out,
        only=only or (),
        regrade=regrade,
        jobs=jobs,
        device=device,
        part=part,
        accuracy=accuracy,
        public_only=public_only,
        trust_submissions=trust_submissions,
        marks=marks,
        slurm=slurm,
    )
    _run(options, dry_run)


def _run(options: Options, dry_run: bool) -> None:
    from rich.console import Console

    from grader.batch.whole_class import Batch

    console = Console(stderr=True)
    prepared = Batch.prepare(options, console)
    for line in _intake_lines(prepared):
        say(console, line)
    if dry_run:
        console.print(_table(prepared), soft_wrap=True)
        return
    with _resumable(console, options.out):
        records, changes = prepared.run()
    for line in _change_lines(changes, options.out):
        say(console, line)
    print(f"{len(records)} submissions: {options.out / 'report.html'}, {options.out / 'grades.csv'}")
    if incomplete := _incomplete(prepared, records):
        say(console, f"the grader failed on {_some(incomplete)}: run the same command to try again")
        raise typer.Exit(2)


@contextlib.contextmanager
def _resumable(console: Console, out: Path) -> Iterator[None]:
    """Whatever ends the batch early, say that nothing is lost, and how to resume."""
    again = shlex.join(["grader", *(argument for argument in sys.argv[1:] if argument != "--regrade")])

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)  # a cluster sends it before it takes a machine away
    try:
        yield
    except KeyboardInterrupt:
        say(console, f"interrupted. What is finished is kept in {out}; resume with: {again}")
        raise typer.Exit(130) from None
    except (OSError, InfrastructureError) as error:
        raise InfrastructureError(f"{error}. What is finished is kept in {out}; resume with: {again}") from error
    finally:
        signal.signal(signal.SIGTERM, before)


def _intake_lines(batch: Batch) -> Iterator[str]:
    """What the folder holds, and what of it does not count."""
    intake, marks = batch.intake, batch.marks
    late = sum(entry.late for entry in intake.entries)
    yield f"{intake.kind}: {len(intake.entries)} submissions, {late} of them late"
    if intake.passed_over:
        yield f"ignored, because they are not submissions: {_some(intake.passed_over)}"
    for entry in intake.entries:
        if entry.passed_over:
            yield f"{entry.submission}: does not count: {_some(entry.passed_over)}"
    unmarked = [line for entry in intake.entries if marks and (line := marking.missing(marks, entry.submission))]
    yield from unmarked[:SHOWN]
    if len(unmarked) > SHOWN:
        yield f"... and for {len(unmarked) - SHOWN} more"


def _change_lines(changes: Sequence[Change], out: Path) -> Iterator[str]:
    for change in changes[:SHOWN]:
        yield change.in_words
    if len(changes) > SHOWN:
        yield f"... and {len(changes) - SHOWN} more changed marks: see {out / 'changes.csv'}"


def _incomplete(batch: Batch, records: Sequence[Record]) -> list[str]:
    """The submissions that this run was to grade, but could not."""
    chosen = {entry.record for entry in batch.chosen}
    return [record.submission for record in records if record.id in chosen and not record.complete]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _table(batch: Batch) -> Table:
    """What would be graded, a row for each submission."""
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in ("submission", "students", "late", "to be graded"):
        table.add_column(column, overflow="fold")
    for entry, stages in batch.to_do():
        who = ", ".join(visible(student.name) for student in entry.students)
        everything = "everything" if batch.options.regrade else ""
        left = entry.problem or everything or ", ".join(stages) or "finished already"
        table.add_row(*map(Text, (entry.submission, who, "late" if entry.late else "", left)))
    return table
