"""Grades on this machine."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from grader.batch.display import Display
from grader.batch.engine import CPU, Engine
from grader.batch.entries import Entry, IntakeError
from grader.batch.ledger import Ledger
from grader.batch.terms import Terms


def grade(
    terms: Terms, ledger: Ledger, entries: Sequence[Entry], jobs: int, devices: Sequence[str], console: Console
) -> None:
    """Grade what is unfinished of these entries, and show how far it has come.

    Args:
        terms: what submissions are graded with.
        ledger: where grades are kept.
        entries: at least one.
        jobs: how many submissions are graded at once.
        devices: where images are generated.
        console: of standard error.

    Raises:
        InfrastructureError: the batch must stop.
    """
    with _scratch(ledger.grades) as scratch, Display(console, len(entries)) as display:
        Engine(terms, ledger, jobs, devices, scratch).run(entries, display.show)


@contextlib.contextmanager
def _scratch(grades: Path) -> Iterator[Path]:
    """Make a folder for what is laid out. Every run uses the same name, and so removes what a killed run left."""
    whose = f"{grades.resolve()} {os.environ.get('SLURM_JOB_ID', '')}"
    folder = Path(tempfile.gettempdir(), f"grader-batch-{hashlib.blake2b(whose.encode(), digest_size=8).hexdigest()}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)  # fails if it is another user's
    folder.chmod(0o711)  # the user that runs submissions may have to pass through
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def devices(text: str) -> list[str]:
    """Return the devices that `--device` names: 'cuda:0,1' means 'cuda:0,cuda:1'.

    Raises:
        IntakeError: a name is empty or occurs twice, or the CPU is combined with others.
    """
    names = [name.strip() for name in text.split(",")]
    kind = names[0].partition(":")[0]
    listed = [f"{kind}:{name}" if name.isdecimal() else name for name in names]
    if not all(listed) or len(set(listed)) < len(listed) or (CPU in listed and len(listed) > 1):
        raise IntakeError(f"--device {text}: give cpu, cuda, or different GPUs such as cuda:0,cuda:1")
    return listed
