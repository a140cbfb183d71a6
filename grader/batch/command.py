"""`grader batch`: a whole class in one command, which may be interrupted at any moment and run again."""

from __future__ import annotations

import contextlib
import difflib
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from grader import assignment as assignments
from grader import golden
from grader import marks as marking
from grader import secret as secrets
from grader.batch.intake import Entry, Intake, IntakeError, read_class
from grader.case import InfrastructureError
from grader.text import say, visible

SHOWN = 5  # of many names or changes, in a message


def batch(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="zips and folders, or an export of Gradescope or Canvas")
    ],
    out: Annotated[Path, typer.Option(help="the folder of grades: what is finished there is not graded again")],
    only: Annotated[list[str] | None, typer.Option(metavar="NAME", help="grade this submission (repeatable)")] = None,
    regrade: Annotated[
        bool, typer.Option("--regrade", help="grade again what is finished; with --only, of those")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only tell what would be graded")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="submissions at once (default: one for each core)")] = None,
    device: Annotated[str, typer.Option(help="where samples are generated: cpu, cuda, or several: cuda:0,1")] = "cpu",
    part: Annotated[int | None, typer.Option(help="grade one part only")] = None,
    accuracy: Annotated[bool, typer.Option(help="generate samples and grade their accuracy (minutes)")] = True,
    public_only: Annotated[bool, typer.Option("--public-only", help="only with the inputs that students have")] = False,
    trust_submissions: Annotated[
        bool, typer.Option("--trust-submissions", help="grade even if this machine has no tier `sandbox`")
    ] = False,
    marks: Annotated[Path | None, typer.Option(help="CSV of the written questions' marks: see `grader marks`")] = None,
    slurm: Annotated[
        Path | None, typer.Option(help="grade on a cluster: TOML with partition, tasks, minutes ...")
    ] = None,
):
    """Grade a whole class. It may be interrupted at any moment: run again, it goes on where it was.

    Exit code 2: the grader itself failed on something, which the next run tries again.
    """
    from rich.console import Console

    from grader.batch import local, outputs
    from grader.batch.ledger import Ledger
    from grader.batch.slurm import Cluster, read_cluster
    from grader.batch.terms import Terms, to_do
    from grader.sandbox.doctor import required

    console = Console(stderr=True)
    assignment, tier, devices = assignments.load(), required(trust_submissions), local.devices(device)
    settings = read_cluster(slurm) if slurm else None
    intake = read_class(folder, assignment, out)
    chosen = _chosen(intake.entries, only)
    marked = marking.read_marks(marks, assignment.questions) if marks else {}
    secret = None if public_only else secrets.load_here(console)
    terms = Terms(assignment, golden.load(assignment.resources), secret, tier, part, accuracy)
    ledger = Ledger(out, terms.asked)
    _tell_intake(console, intake, marked)
    if dry_run:
        console.print(_table(list(to_do(terms, ledger, chosen)), regrade), soft_wrap=True)
        return
    with _going_on(console, out), ledger.lock():
        if regrade:
            for entry in chosen:
                for stage in terms.stages:
                    ledger.make_stale(entry.record, stage)
        waiting = [entry for entry, stages in to_do(terms, ledger, chosen) if stages]
        say(console, f"{len(chosen) - len(waiting)} of {len(chosen)} finished already")
        if waiting and settings:
            plan = {"folder": str(folder.resolve()), "out": str(out.resolve()), "jobs": jobs, "devices": devices}
            Cluster(settings, terms, ledger, plan | {"public_only": public_only}, console).grade(waiting)
        elif waiting:
            local.grade(terms, ledger, waiting, jobs or local.cores(), devices, console)
        records, changes = outputs.write(terms, ledger, intake.entries, marked)
    asked_for = {entry.record for entry in chosen}
    incomplete = [record.submission for record in records if record.id in asked_for and not record.complete]
    for change in changes[:SHOWN]:
        say(console, change.in_words)
    if len(changes) > SHOWN:
        say(console, f"... and {len(changes) - SHOWN} changed marks more: {out / 'changes.csv'}")
    print(f"{len(intake.entries)} submissions: {out / 'report.html'}, {out / 'grades.csv'}")
    if incomplete:
        say(console, f"the grader failed on {_some(incomplete)}: run the same command to try again")
        raise typer.Exit(2)


@contextlib.contextmanager
def _going_on(console, out) -> Iterator[None]:
    """Whatever ends the batch early, tell that nothing is lost, and how to go on."""
    again = shlex.join(["grader", *(argument for argument in sys.argv[1:] if argument != "--regrade")])

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)  # as a cluster sends it before it takes a machine away
    try:
        yield
    except KeyboardInterrupt:
        say(console, f"interrupted: what is finished is kept in {out}, and this goes on with the rest: {again}")
        raise typer.Exit(130) from None
    except OSError as error:
        raise InfrastructureError(f"{error}. What is finished is kept in {out}; this goes on: {again}") from error
    except InfrastructureError as error:
        raise InfrastructureError(f"{error}. What is finished is kept in {out}; this goes on: {again}") from error
    finally:
        signal.signal(signal.SIGTERM, before)


def _chosen(entries: Sequence[Entry], only: Sequence[str] | None) -> list[Entry]:
    """The entries of these names; all if there are none."""
    if not only:
        return list(entries)
    by_name = {name: entry for entry in entries for name in (entry.record, entry.submission)}
    chosen = {}
    for name in only:
        entry = by_name.get(name) or by_name.get(name.removesuffix(".zip"))
        if entry is None:
            near = difflib.get_close_matches(name, by_name, n=1)
            raise IntakeError(f"there is no submission {name}" + (f": is {near[0]} meant?" if near else ""))
        chosen[entry.record] = entry
    return list(chosen.values())


def _tell_intake(console, intake: Intake, marked):
    """What was found, and what of it does not count."""
    lines = [f"{intake.kind}: {len(intake.entries)} submissions, {sum(e.late for e in intake.entries)} of them late"]
    if intake.passed_over:
        lines.append(f"no submissions, so not looked at: {_some(intake.passed_over)}")
    lines += [f"{e.submission}: does not count: {_some(e.passed_over)}" for e in intake.entries if e.passed_over]
    unmarked = [told for e in intake.entries if marked and (told := marking.missing(marked, e.submission))]
    lines += [*unmarked[:SHOWN], *([f"... and for {len(unmarked) - SHOWN} more"] if len(unmarked) > SHOWN else [])]
    for line in lines:
        say(console, line)


def _some(names):
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _table(plan, regrade):
    """What would be graded, a row for each submission."""
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in ("submission", "students", "late", "to be graded"):
        table.add_column(column, overflow="fold")
    for entry, stages in plan:
        who = ", ".join(visible(student.name) for student in entry.students)
        left = entry.problem or ("everything" if regrade else ", ".join(stages) or "finished already")
        table.add_row(*map(Text, (entry.submission, who, "late" if entry.late else "", left)))
    return table
