"""`grader compare`: the same labels and seeds asked of several checkpoints, side by side."""

from __future__ import annotations

import difflib
import json
import math
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grader import ROOT
from grader.accuracy.grade import Accuracy, accuracies_of, grade_accuracy
from grader.commands.running import opened_tier
from grader.course import assignment as assignments
from grader.course.assignment import Assignment
from grader.grading import goldens
from grader.grading.run import Grading, open_submission
from grader.runtime.case import Outcome, Verdict
from grader.runtime.errors import UserError
from grader.sandbox.tier import Tier
from grader.submission.layout import Submission

if TYPE_CHECKING:
    from rich.console import Group

QUALITY = (("distance", ".2f"), ("diversity", ".0%"))  # columns of the table


class ComparisonError(UserError):
    """There is nothing to compare; the message says what is missing, and what there is."""


def compare(
    name: Annotated[str, typer.Argument(metavar="ACCURACY", help="a table [accuracy.NAME] of a part.toml")],
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
) -> None:
    """Compare checkpoints by accuracy, distance to real images and diversity. Nothing is graded.

    Exit code 1: a checkpoint could not be sampled from; 2: the grader itself failed.
    """
    from rich.console import Console

    from grader.sandbox.doctor import required

    assignment = assignments.load()
    accuracy = _sized(_named(assignment, name), samples)
    if missing := [str(path) for path in checkpoints if not path.is_file()]:
        raise ComparisonError(f"there is no checkpoint {', '.join(missing)}")
    submission = submission or next(folder for folder in (ROOT / "solution", assignment.student) if folder.is_dir())
    verdicts: list[Verdict] = []
    with opened_tier(required(trust_submissions)) as tier, Console(stderr=True).status("") as status:
        status.update(f"{accuracy.id}: generating images on {device}")
        for verdict in compared(assignment, tier, submission, accuracy, checkpoints, device):
            verdicts.append(verdict)
            status.update(f"{accuracy.id}: {len(verdicts)} of {len(checkpoints)} checkpoints")
    if as_json:
        print(json.dumps([_entry(path, v) for path, v in zip(checkpoints, verdicts, strict=True)], indent=2))
    else:
        Console().print(table(accuracy, checkpoints, verdicts))
    if any(v.outcome is Outcome.INFRASTRUCTURE for v in verdicts):
        raise typer.Exit(2)
    if not all(v.figures for v in verdicts):
        raise typer.Exit(1)


def compared(
    assignment: Assignment,
    tier: Tier,
    submission: Path,
    accuracy: Accuracy,
    checkpoints: Sequence[Path],
    device: str = "cpu",
) -> Iterator[Verdict]:
    """The verdict on each checkpoint, with all rounds played; the code is the submission's.

    Raises:
        SubmissionError: the submission cannot be used at all.
    """
    known = goldens.load(assignment.resources)
    for path in checkpoints:
        with open_submission(assignment, tier, known, submission) as opened:
            theirs = _with_checkpoint(opened.submission, accuracy, path)
            yield grade_accuracy(Grading(assignment, tier, known, theirs), accuracy, device, every_round=True)


def _with_checkpoint(submission: Submission, accuracy: Accuracy, path: Path) -> Submission:
    """A submission, laid out, with another checkpoint in the place of its own, and whatever belongs to that one."""
    name, *others = accuracy.policy.checkpoints
    (submission.folder / name).parent.mkdir(exist_ok=True)
    shutil.copyfile(path, submission.folder / name)
    for other in others:
        (submission.folder / other).unlink(missing_ok=True)
        if (beside := path.with_name(Path(other).name)).is_file():
            shutil.copyfile(beside, submission.folder / other)
    return replace(submission, present=(*submission.present, name))


def _named(assignment: Assignment, name: str) -> Accuracy:
    by_name = {accuracy.name: accuracy for accuracy in accuracies_of(assignment.policy)}
    if name not in by_name:
        near = difflib.get_close_matches(name, by_name, n=2) or by_name
        raise ComparisonError(f"there is no accuracy {name!r}. Did you mean {', '.join(near)}?")
    return by_name[name]


def _sized(accuracy: Accuracy, samples: int | None) -> Accuracy:
    """The accuracy with about this number of samples in all, in equal rounds no larger than the policy's."""
    if samples is None:
        return accuracy
    rounds = math.ceil(samples / accuracy.policy.samples_per_round)
    size = {"rounds": rounds, "samples_per_round": math.ceil(samples / rounds)}
    return replace(accuracy, policy=accuracy.policy.model_copy(update=size))


def _entry(path: Path, verdict: Verdict) -> dict[str, Any]:
    message = {} if verdict.figures else {"message": verdict.message}
    return {"checkpoint": str(path), "outcome": str(verdict.outcome), **message, "figures": dict(verdict.figures)}


def table(accuracy: Accuracy, checkpoints: Sequence[Path], verdicts: Sequence[Verdict]) -> Group:
    """One row a checkpoint, as rich renderables; where there are no figures, what went wrong."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    rows = Table(title=accuracy.policy.title, title_justify="left")
    rows.add_column("checkpoint", overflow="fold")
    for column in ("accuracy", "95% interval", "distance", "diversity"):
        rows.add_column(column, justify="right", no_wrap=True)
    for path, verdict in zip(checkpoints, verdicts, strict=True):
        rows.add_row(Text(str(path)), *_cells(verdict))
    legends = [Text(_legend(v)) for v in verdicts if v.figures][:1]  # the same of all
    problems = [
        Text(f"{path}: {v.outcome}: {v.message}")
        for path, v in zip(checkpoints, verdicts, strict=True)
        if not v.figures
    ]
    return Group(rows, *legends, *problems)


def _cells(verdict: Verdict) -> tuple[str, ...]:
    f = verdict.figures
    if not f:
        return (str(verdict.outcome),)
    low, high = f["interval"]
    quality = ["" if f.get(name) is None else format(f[name], how) for name, how in QUALITY]
    return f"{f['mean']:.3f}", f"{low:.3f} to {high:.3f}", *quality


def _legend(verdict: Verdict) -> str:
    figures = verdict.figures
    lines = [f"{figures['samples']} samples each, of the same labels and seeds"]
    if "distance" in figures:
        real = figures["real_distance"]
        lines += [
            "distance: Frechet, to real images, in the features of the classifier that recognises them"
            + ("" if real is None else f"; the same number of real images gets {real:.2f}"),
            "diversity: within a class, as a share of that of real images",
        ]
    return "\n".join(lines)
