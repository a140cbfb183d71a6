"""Grades a class on a cluster: a job array, each of whose tasks grades its share into the same ledger."""

from __future__ import annotations

import getpass
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import Field
from rich.console import Console

from grader import ROOT, files
from grader.batch.engine import Graded, Visited
from grader.batch.intake import Entry
from grader.batch.keys import UNIT
from grader.batch.ledger import Ledger
from grader.batch.progress import Display
from grader.batch.terms import Terms, to_do
from grader.case import InfrastructureError
from grader.policy import Strict, read_toml
from grader.text import say

POLL_SECONDS = 5.0
_PATIENCE = 60  # polls in a row that Slurm may leave without an answer


class Settings(Strict):
    """What a cluster is asked for: the file of `--slurm`. GRADES and DIR must lie in folders that all nodes share."""

    tasks: int = Field(ge=1, le=1000)  # of the array, among which submissions are divided; Slurm's usual cap is 1001
    at_once: int = Field(default=256, ge=1)  # of the tasks
    minutes: int = Field(ge=1)  # that a task may take; what it leaves then is submitted again
    cpus: int = Field(default=2, ge=1)  # of a task, which grades as many submissions at once
    memory_gb: int = Field(default=8, ge=1)  # of a task
    partition: str | None = None
    gres: str | None = None  # e.g. "gpu:1", with --device cuda
    again: int = Field(default=3, ge=0)  # how often what failed or preempted tasks have left is submitted again
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
        terms: with what is graded.
        ledger: where it is kept, in a folder that all nodes share.
        plan: what else a task must know, ready for JSON: see `task.py`.
        console: of standard error.
        sleep: waits before Slurm is asked again.
    """

    def __init__(
        self,
        settings: Settings,
        terms: Terms,
        ledger: Ledger,
        plan: dict,
        console: Console,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._settings, self._terms, self._ledger, self._plan = settings, terms, ledger, plan
        self._console, self._sleep = console, sleep
        self._folder = ledger.grades.resolve() / "slurm"  # of plans and logs
        self._name = f"grader-{hashlib.blake2b(str(self._folder).encode(), digest_size=6).hexdigest()}"

    def grade(self, entries: Sequence[Entry]) -> None:
        """Grade what is unfinished of these entries; what tasks leave is submitted again, a few times.

        Raises:
            InfrastructureError: there is no Slurm, or it refuses.
        """
        self._cancel()  # what a head that was killed has left would grade the same
        with Display(self._console, len(entries)) as display:
            for attempt in range(self._settings.again + 1):
                if attempt:
                    say(self._console, f"tasks have left {len(entries)} submissions: these are submitted again")
                watch = Watch(self._ledger, entries, self._terms.stages, display.tell)
                try:
                    self._submit(entries)
                    while self._is_there():
                        self._sleep(POLL_SECONDS)
                        watch.look()
                finally:
                    self._cancel()
                watch.look()
                entries = [entry for entry, stages in to_do(self._terms, self._ledger, entries) if stages]
                if not entries:
                    return

    def _submit(self, entries):
        import submitit

        settings, folder = self._settings, self._folder
        count = min(settings.tasks, len(entries))
        shards = [[entry.record for entry in entries[i::count]] for i in range(count)]
        keys = {stage: asdict(self._terms.keys[stage]) for stage in self._terms.stages}
        plan = self._plan | {"tier": self._terms.tier, "part": self._terms.part, "keys": keys, "shards": shards}
        files.replace(folder / "plan.json", json.dumps(plan | {"accuracy": self._terms.accuracy}).encode())
        command = [sys.executable, "-m", "grader.batch.task", str(folder / "plan.json")]
        functions = [submitit.helpers.CommandFunction([*command, str(i)], cwd=ROOT) for i in range(count)]
        try:
            executor = submitit.SlurmExecutor(folder)
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
            with executor.batch():
                jobs = [executor.submit(function) for function in functions]
        except (RuntimeError, OSError, subprocess.CalledProcessError, submitit.core.utils.FailedJobError) as error:
            raise InfrastructureError(f"Slurm refuses the job: {str(error).strip()}") from error
        job = jobs[0].job_id.partition("_")[0]
        say(self._console, f"Slurm job {job}: {count} tasks, whose logs are in {folder}")

    def _is_there(self):
        """Whether any task is waiting or running. Slurm itself may be away for a while."""
        for _ in range(_PATIENCE):
            asked = self._slurm("squeue", "--noheader", "--format=%i")
            if asked.returncode == 0:
                return bool(asked.stdout.strip())
            self._sleep(POLL_SECONDS)
        raise InfrastructureError(f"Slurm does not tell of the job any more: {asked.stderr.strip()}")

    def _cancel(self):
        """End all tasks of this folder of grades, whoever has submitted them."""
        self._slurm("scancel")

    def _slurm(self, command, *options):
        mine = (f"--name={self._name}", f"--user={getpass.getuser()}")
        try:
            return subprocess.run([command, *mine, *options], capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise InfrastructureError(f"there is no Slurm here ({command}): grade without --slurm") from error


class Watch:
    """Tells what tasks write into the ledger.

    Args:
        ledger: theirs.
        entries: that they grade.
        stages: of each.
        tell: as of `Engine.run`.
    """

    def __init__(self, ledger: Ledger, entries: Sequence[Entry], stages: Sequence[str], tell: Callable):
        self._ledger, self._entries, self._stages, self._tell = ledger, entries, stages, tell
        self._seen = {entry.record: self._written(entry) for entry in entries}

    def look(self) -> None:
        """Tell what is there since the last time."""
        for entry in self._entries:
            before, now = self._seen[entry.record], self._written(entry)
            for stage in [stage for stage in now if now[stage] != before.get(stage)]:
                if graded := self._ledger.read(entry.record, stage):
                    self._tell(Graded(entry, stage, graded))
                    if stage == UNIT:
                        self._tell(Visited(entry, ()))
            self._seen[entry.record] = now

    def _written(self, entry):
        return self._ledger.written(entry.record, self._stages)
