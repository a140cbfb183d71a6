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

from grader.batch.engine import CPU, Engine
from grader.batch.intake import Entry, IntakeError
from grader.batch.ledger import Ledger
from grader.batch.progress import Display
from grader.batch.terms import Terms


def grade(
    terms: Terms, ledger: Ledger, entries: Sequence[Entry], jobs: int, devices: Sequence[str], console: Console
) -> None:
    """Grade what is unfinished of these entries, and tell of it.

    Args:
        terms: with what.
        ledger: where it is kept.
        entries: at least one.
        jobs: submissions at once.
        devices: where samples are generated.
        console: of standard error.

    Raises:
        InfrastructureError: the batch must stop.
    """
    with _scratch(ledger.grades) as scratch, Display(console, len(entries)) as display:
        Engine(terms, ledger, jobs, devices, scratch).run(entries, display.tell)


@contextlib.contextmanager
def _scratch(grades) -> Iterator[Path]:
    """A folder for what is laid out. Its name is the same in every run, so that what a killed one left is removed."""
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
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def devices(text: str) -> list[str]:
    """The devices of `--device`: 'cuda:0,1' is 'cuda:0,cuda:1'.

    Raises:
        IntakeError: one of them has no name, or is there twice.
    """
    names = [name.strip() for name in text.split(",")]
    kind = names[0].partition(":")[0]
    found = [f"{kind}:{name}" if name.isdecimal() else name for name in names]
    if not all(found) or len(set(found)) < len(found) or (CPU in found and len(found) > 1):
        raise IntakeError(f"--device {text}: give cpu, cuda, or different GPUs such as cuda:0,cuda:1")
    return found
