"""`grader watch`: the command, and the set-up around its loop."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from grader import ROOT, sandbox
from grader.course import assignment as assignments
from grader.grading import goldens
from grader.grading.run import select
from grader.submission.archive import SubmissionError


def watch(
    part: Annotated[int | None, typer.Option(help="watch one part of the assignment only")] = None,
    submission: Annotated[Path, typer.Option(help="the folder to watch")] = ROOT / "student",
) -> None:
    """Grade what you save, as you save it. Keys: h hint, l list, n next, r rerun, q quit."""
    from rich.console import Console

    from grader.watch.keyboard import keys
    from grader.watch.saves import saves
    from grader.watch.screen import Screen
    from grader.watch.session import Session

    if not submission.is_dir():
        raise SubmissionError(f"there is no folder {submission} to watch")
    assignment = assignments.load()
    cases = select(assignment.cases, part)
    if not cases:
        parts = sorted({case.part for case in assignment.cases})
        raise typer.BadParameter(f"there is no part {part}; the parts are: {', '.join(map(str, parts))}")
    tier = sandbox.start("process")  # imports torch meanwhile
    console, keyed = Console(), sys.stdin.isatty() and sys.stdout.isatty()
    folder = submission.relative_to(Path.cwd()) if submission.is_relative_to(Path.cwd()) else submission
    screen = Screen(console, folder, keyed)
    try:
        session = Session(assignment, cases, tier, goldens.load(assignment.resources), folder, screen)
        heard = keys(session.pressed) if keyed else contextlib.nullcontext()
        with _ended_like_ctrl_c(), saves(folder, session.saved), heard:
            session.run()
    except KeyboardInterrupt:
        pass
    finally:
        tier.close()  # even if the session never began


@contextlib.contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """End on a signal, or with the terminal, as cleanly as on Ctrl-C."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
