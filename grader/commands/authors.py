"""What authors and instructors run: `update`, `check`, `new-case`, `release`, `gradescope`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from grader.commands.running import opened_pool
from grader.course import assignment as assignments
from grader.grading import goldens

Parts = Annotated[list[str] | None, typer.Argument(metavar="[PART]...", help="names of parts (default: all)")]
Chosen = Annotated[
    list[str] | None, typer.Argument(metavar="[PART or CASE]...", help="e.g. fashion_mnist, or 4.add_noise")
]


def update(
    parts: Parts = None,
    check: Annotated[bool, typer.Option("--check", help="write nothing; fail if anything has drifted")] = False,
) -> None:
    """Regenerate stubs, goldens, fingerprints, notebooks and documents from their sources."""
    from grader.authoring.update import Update

    assignment = assignments.load(staff=True)
    numbers = assignment.numbers_of(parts)
    with opened_pool(os.cpu_count() or 1) as tier:
        drifted = Update(assignment, numbers).run(tier, check=check)
    for path in drifted:
        print(f"{'out of date' if check else 'written'}: {path}")
    if check and drifted:
        print("run `grader update`, and commit what it writes")
        raise typer.Exit(1)
    if not drifted:
        print("everything is up to date")


def check(
    chosen: Chosen = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
    other_seeds: Annotated[int, typer.Option(min=1, help="seeds beside the public one that all must hold with")] = 3,
) -> None:
    """Prove that the grader catches every known mistake and accepts every variant."""
    from rich.console import Console

    from grader.authoring.check import check as prove
    from grader.report.terminal import proofs

    assignment = assignments.load(staff=True).only(chosen)
    known = goldens.load(assignment.resources)
    with opened_pool(os.cpu_count() or 1) as tier, Console(stderr=True).status("checking") as status:
        report = prove(assignment, tier, known, lambda what: status.update(f"checking {what}"), other_seeds)
    print(json.dumps(report.document(), indent=2) if as_json else proofs(report))
    if report.failures:
        raise typer.Exit(1)


def new_case(
    name: Annotated[str, typer.Argument(metavar="PART.CASE", help="e.g. fashion_mnist.my_case")],
    file: Annotated[str | None, typer.Option(help="the student's file (default: the part's first one)")] = None,
) -> None:
    """Write the skeleton of a case: answer markers, case, mistake, variant and oracle, each with what to fill in."""
    from grader.authoring.new_case import new_case as write

    for path, what in write(assignments.load(staff=True), name, file):
        print(f"{path}: {what}")
    part, _, case = name.partition(".")
    number = next(p.number for p in assignments.load().parts if p.name == part)
    print(f"\nFill them in, then run `grader update {part}` and `grader check {number}.{case}`.")


def release(
    out: Annotated[Path, typer.Option(help="a folder, new or a git repository to replace; or a zip, by its ending")],
) -> None:
    """Write the students' handout: stubs, notebooks, public tests; no solution, mistakes or hidden seed."""
    from grader.release.bundle import write_folder, write_zip
    from grader.release.handout import handout

    files = handout(assignments.load(staff=True))
    if out.suffix == ".zip":
        write_zip({f"{out.stem}/{name}": content for name, content in files.items()}, out)
    else:
        write_folder(files, out)
    print(f"{out}: {len(files)} files, {sum(map(len, files.values())) / 1e6:.1f} MB")


def gradescope(
    out: Annotated[Path, typer.Option(help="the zip to write; it holds the secret seed, so not in this repository")],
    part: Annotated[int | None, typer.Option(help="one part only")] = None,
    accuracy: Annotated[
        list[str] | None,
        typer.Option(metavar="ACCURACY", help="grade this accuracy too, as part.toml names it; repeatable"),
    ] = None,
    minutes: Annotated[int, typer.Option(min=2, max=40, help="the timeout in Gradescope's settings")] = 10,
    index: Annotated[str | None, typer.Option(help="an index that has CPU-only builds of torch")] = None,
) -> None:
    """Write the zip of Gradescope's autograder. It holds the secret seed: give it to nobody else."""
    from rich.console import Console

    from grader.authoring.secret import load_here
    from grader.release.autograde import Settings
    from grader.release.bundle import BundleError, write_zip
    from grader.release.gradescope import ACCURACY_MEMORY, MEMORY, RESERVE, autograder, refuse

    assignment = assignments.load(staff=True)
    settings = Settings(part, tuple(accuracy or ()), 60.0 * minutes - RESERVE)
    refuse(assignment, settings, out)
    hidden = load_here(Console(stderr=True))
    if hidden is None:
        raise BundleError("there is no solution here, from which the goldens of the hidden inputs are made")
    write_zip(autograder(assignment, hidden, settings, index), out)
    points = sum(c.points for c in settings.cases(assignment) if not c.bonus)
    print(f"{out}: upload it to Gradescope and give it to nobody else: it holds the secret seed")
    memory = ACCURACY_MEMORY if settings.accuracy else MEMORY
    print(f"set there: {points:g} points, a timeout of {minutes} minutes, {memory} of memory")


COMMANDS: dict[str, Callable[..., None]] = {
    "update": update,
    "check": check,
    "new-case": new_case,
    "release": release,
    "gradescope": gradescope,
}
