"""`grader compare`: the same labels and seeds asked of several checkpoints, side by side."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from grader import ROOT, golden, sandbox
from grader import assignment as assignments
from grader.accuracy import Task, grade_accuracy, tasks
from grader.assignment import Assignment
from grader.case import Outcome, Verdict
from grader.grading import Grading, open_submission

QUALITY = (("distance", ".2f"), ("diversity", ".0%"))  # columns of the table


class ComparisonError(Exception):
    """There is nothing to compare; the message says what is missing, and what there is."""


def compare(
    task_name: Annotated[str, typer.Argument(metavar="TASK", help="a table [accuracy.TASK] of assignment.toml")],
    checkpoints: Annotated[list[Path], typer.Argument(metavar="CHECKPOINT...", help="weights, as they are handed in")],
    submission: Annotated[
        Path | None, typer.Option(help="whose code samples (default: solution/, or student/ where there is none)")
    ] = None,
    samples: Annotated[
        int | None, typer.Option(min=10, help="images of each checkpoint (default: all rounds of the policy)")
    ] = None,
    device: Annotated[str, typer.Option(help="where samples are generated: cpu, cuda, cuda:1, mps")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
    trust_submissions: Annotated[
        bool, typer.Option("--trust-submissions", help="sample even if this machine has no tier `sandbox`")
    ] = False,
):
    """Compare checkpoints by accuracy, distance to real images and diversity. Nothing is graded.

    Exit code 1: a checkpoint could not be sampled from; 2: the grader itself failed.
    """
    from rich.console import Console

    from grader.sandbox.doctor import required

    assignment = assignments.load()
    task = _sized(_task(assignment, task_name), samples)
    if missing := [str(path) for path in checkpoints if not path.is_file()]:
        raise ComparisonError(f"there is no checkpoint {', '.join(missing)}")
    submission = submission or next(folder for folder in (ROOT / "solution", assignment.student) if folder.is_dir())
    tier, verdicts = sandbox.start(required(trust_submissions)), []
    try:
        with Console(stderr=True).status("") as status:
            status.update(f"{task.id}: generating images on {device}")
            for verdict in compared(assignment, tier, submission, task, checkpoints, device):
                verdicts.append(verdict)
                status.update(f"{task.id}: {len(verdicts)} of {len(checkpoints)} checkpoints")
    finally:
        tier.close()
    if as_json:
        print(json.dumps([_entry(path, v) for path, v in zip(checkpoints, verdicts, strict=True)], indent=2))
    else:
        Console().print(table(task, checkpoints, verdicts))
    if any(v.outcome is Outcome.INFRASTRUCTURE for v in verdicts):
        raise typer.Exit(2)
    if not all(v.figures for v in verdicts):
        raise typer.Exit(1)


def compared(
    assignment: Assignment, tier, submission: Path, task: Task, checkpoints: Sequence[Path], device: str = "cpu"
) -> Iterator[Verdict]:
    """The verdict on each checkpoint, with all rounds played; the code is the submission's.

    Raises:
        SubmissionError: the submission cannot be used at all.
    """
    known, name = golden.load(assignment.resources), task.policy.checkpoint
    for path in checkpoints:
        with open_submission(assignment, tier, known, submission) as grading:
            theirs, generator = grading.submission, task.policy.generator
            (theirs.folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(path, theirs.folder / name)
            if generator:  # part 1: the one beside the discriminator, if there is one
                (theirs.folder / generator).unlink(missing_ok=True)
                if (beside := path.with_name(Path(generator).name)).is_file():
                    shutil.copyfile(beside, theirs.folder / generator)
            with_it = replace(theirs, present=(*theirs.present, name))
            yield grade_accuracy(Grading(assignment, tier, known, with_it), task, device, every_round=True)


def _task(assignment, name):
    by_name = {task.name: task for task in tasks(assignment.policy)}
    if name not in by_name:
        raise ComparisonError(f"there is no task {name!r}: assignment.toml has {', '.join(by_name)}")
    return by_name[name]


def _sized(task, samples):
    """The task with about so many samples in all, in equal rounds no larger than the policy's."""
    if samples is None:
        return task
    rounds = math.ceil(samples / task.policy.samples_per_round)
    size = {"rounds": rounds, "samples_per_round": math.ceil(samples / rounds)}
    return replace(task, policy=task.policy.model_copy(update=size))


def _entry(path, verdict):
    told = {} if verdict.figures else {"message": verdict.message}
    return {"checkpoint": str(path), "outcome": str(verdict.outcome), **told, "figures": dict(verdict.figures)}


def table(task: Task, checkpoints: Sequence[Path], verdicts: Sequence[Verdict]):
    """One row a checkpoint, as rich renderables; of one without figures, what went wrong."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    rows = Table(title=task.policy.title, title_justify="left")
    rows.add_column("checkpoint", overflow="fold")
    for column in ("accuracy", "95% interval", "distance", "diversity"):
        rows.add_column(column, justify="right", no_wrap=True)
    problems, told = [], []
    for path, verdict in zip(checkpoints, verdicts, strict=True):
        rows.add_row(Text(str(path)), *_cells(verdict))
        if verdict.figures:
            told = told or [Text(_legend(verdict.figures))]  # the same of all
        else:
            problems.append(Text(f"{path}: {verdict.outcome}: {verdict.message}"))
    return Group(rows, *told, *problems)


def _cells(verdict):
    f = verdict.figures
    if not f:
        return (str(verdict.outcome),)
    low, high = f["interval"]
    quality = ["" if f.get(name) is None else format(f[name], how) for name, how in QUALITY]
    return f"{f['mean']:.3f}", f"{low:.3f} to {high:.3f}", *quality


def _legend(figures):
    lines = [f"{figures['samples']} samples each, of the same labels and seeds"]
    if "distance" in figures:
        as_many = figures["real_distance"]
        lines += [
            "distance: Frechet, to real images, in the features of the classifier that recognises them"
            + ("" if as_many is None else f"; as many real ones get {as_many:.2f}"),
            "diversity: within a class, as a share of that of real images",
        ]
    return "\n".join(lines)
