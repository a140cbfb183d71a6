"""Grades a class on a cluster: each task of a job array grades its share, and all write into the same ledger."""

from __future__ import annotations

import getpass
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import Field
from rich.console import Console

from grader import ROOT
from grader.batch.cache_keys import UNIT
from grader.batch.display import Display
from grader.batch.engine import Event, Graded, Visited
from grader.batch.entries import Entry
from grader.batch.ledger import Ledger
from grader.batch.task import Plan, Request
from grader.batch.terms import Terms, to_do
from grader.course.toml import Strict, read_toml
from grader.runtime.errors import InfrastructureError
from grader.runtime.text import say
from grader.util import files

POLL_SECONDS = 5.0
_PATIENCE = 60  # polls in a row that Slurm may leave without an answer


class Settings(Strict):
    """What a cluster is asked for: the file of `--slurm`. GRADES and DIR must lie in folders that all nodes share."""

    tasks: int = Field(ge=1, le=1000)  # of the array, among which submissions are divided; Slurm's usual cap is 1001
    at_once: int = Field(default=256, ge=1)  # tasks that may run at the same time
    minutes: int = Field(ge=1)  # that a task may take; what it does not finish is submitted again
    cpus: int = Field(default=2, ge=1)  # of a task, which grades as many submissions at once
    memory_gb: int = Field(default=8, ge=1)  # of a task
    partition: str | None = None
    gres: str | None = None  # e.g. "gpu:1", with --device cuda
    again: int = Field(default=3, ge=0)  # how often the work that tasks leave unfinished is submitted again
    sbatch: dict[str, str | int] = Field(default={})  # further options by name, e.g. account = "teaching"


def read_cluster(path: Path) -> Settings:
    """Read the file of `--slurm`.

    Raises:
        PolicyError: with everything that is wrong in it.
    """
    return read_toml(path, Settings)


class Cluster:
    """A cluster that grades.

    Args:
        settings: what it is asked for.
        terms: what submissions are graded with.
        ledger: where grades are kept, in a folder that all nodes share.
        request: what you asked for, for each task.
        console: of standard error.
        sleep: waits before Slurm is asked again.
    """

    def __init__(
        self,
        settings: Settings,
        terms: Terms,
        ledger: Ledger,
        request: Request,
        console: Console,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._settings, self._terms, self._ledger, self._request = settings, terms, ledger, request
        self._console, self._sleep = console, sleep
        self._folder = ledger.grades.resolve() / "slurm"  # of plans and logs
        self._name = f"grader-{hashlib.blake2b(str(self._folder).encode(), digest_size=6).hexdigest()}"

    def grade(self, entries: Sequence[Entry]) -> None:
        """Grade what is unfinished of these entries. What tasks leave unfinished is submitted again, a few times.

        Raises:
            InfrastructureError: there is no Slurm, or it refuses the job.
        """
        self._cancel()  # the tasks of a command that was killed would grade the same submissions
        with Display(self._console, len(entries)) as display:
            for attempt in range(self._settings.again + 1):
                if attempt:
                    say(self._console, f"tasks left {len(entries)} submissions unfinished: submitting these again")
                self._grade_once(entries, display.show)
                entries = [entry for entry, stages in to_do(self._terms, self._ledger, entries) if stages]
                if not entries:
                    return

    def _grade_once(self, entries: Sequence[Entry], on_event: Callable[[Event], None]) -> None:
        """Submit a job, and wait for its end."""
        watch = Watch(self._ledger, entries, self._terms.stages, on_event)
        try:
            self._submit(entries)
            while self._is_there():
                self._sleep(POLL_SECONDS)
                watch.look()
        finally:
            self._cancel()
        watch.look()

    def _submit(self, entries: Sequence[Entry]) -> None:
        count = min(self._settings.tasks, len(entries))
        plan = self._write_plan([[entry.record for entry in entries[i::count]] for i in range(count)])
        command = [sys.executable, "-m", "grader.batch.task", str(plan)]
        with _refusals():
            import submitit  # only a cluster needs it

            functions = [submitit.helpers.CommandFunction([*command, str(i)], cwd=ROOT) for i in range(count)]
            executor = self._executor()
            with executor.batch():
                jobs = [executor.submit(function) for function in functions]
        job = jobs[0].job_id.partition("_")[0]
        say(self._console, f"Slurm job {job}: {count} tasks; their logs are in {self._folder}")

    def _write_plan(self, shards: list[list[str]]) -> Path:
        """Write what the tasks must know, and return the file.

        Args:
            shards: ids of records, a list for each task.
        """
        terms = self._terms
        plan: Plan = {
            **self._request,
            "tier": terms.tier,
            "part": terms.part,
            "keys": {stage: asdict(terms.keys[stage]) for stage in terms.stages},
            "shards": shards,
            "accuracy": terms.accuracy,
        }
        path = self._folder / "plan.json"
        files.replace(path, json.dumps(plan).encode())
        return path

    def _executor(self) -> Any:
        """What submits to Slurm, with these settings; submitit has no types."""
        import submitit

        settings = self._settings
        executor = submitit.SlurmExecutor(self._folder)
        executor.update_parameters(
            job_name=self._name,
            partition=settings.partition,
            gres=settings.gres,
            time=settings.minutes,
            cpus_per_task=settings.cpus,
            mem=f"{settings.memory_gb}GB",
            array_parallelism=settings.at_once,
            additional_parameters=settings.sbatch,
            stderr_to_stdout=True,
            use_srun=False,
        )
        return executor

    def _is_there(self) -> bool:
        """Whether any task is waiting or running. Slurm itself may be away for a while."""
        for _ in range(_PATIENCE):
            answer = self._slurm("squeue", "--noheader", "--format=%i")
            if answer.returncode == 0:
                return bool(answer.stdout.strip())
            self._sleep(POLL_SECONDS)
        raise InfrastructureError(f"Slurm no longer says what has become of the job: {answer.stderr.strip()}")

    def _cancel(self) -> None:
        """End all tasks of this folder of grades, whoever submitted them."""
        self._slurm("scancel")

    def _slurm(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        mine = (f"--name={self._name}", f"--user={getpass.getuser()}")
        try:
            return subprocess.run([command, *mine, *options], capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise InfrastructureError(
                f"there is no Slurm on this machine ({command} is missing): grade without --slurm"
            ) from error


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what submitit raises into one message."""
    from submitit.core.utils import FailedJobError

    try:
        yield
    except (RuntimeError, OSError, subprocess.CalledProcessError, FailedJobError) as error:
        raise InfrastructureError(f"Slurm refuses the job: {str(error).strip()}") from error


class Watch:
    """Reports what tasks write into the ledger.

    Args:
        ledger: where they write.
        entries: that they grade.
        stages: of each.
        on_event: as for `Engine.run`.
    """

    def __init__(
        self, ledger: Ledger, entries: Sequence[Entry], stages: Sequence[str], on_event: Callable[[Event], None]
    ):
        self._ledger, self._entries, self._stages, self._on_event = ledger, entries, stages, on_event
        self._seen = {entry.record: self._written(entry) for entry in entries}

    def look(self) -> None:
        """Report what was written since the last time."""
        for entry in self._entries:
            before, now = self._seen[entry.record], self._written(entry)
            for stage in [stage for stage in now if now[stage] != before.get(stage)]:
                if graded := self._ledger.read(entry.record, stage):
                    self._on_event(Graded(entry, stage, graded))
                    if stage == UNIT:
                        self._on_event(Visited(entry, ()))
            self._seen[entry.record] = now

    def _written(self, entry: Entry) -> dict[str, int]:
        return self._ledger.written(entry.record, self._stages)
