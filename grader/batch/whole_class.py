"""Runs a batch: reads the class, grades what is unfinished on this machine or on a cluster, and writes the reports."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from grader.authoring import secret as secrets
from grader.batch import local, records
from grader.batch.entries import Entry, Intake, IntakeError
from grader.batch.intake import read_class
from grader.batch.ledger import Ledger
from grader.batch.slurm import Cluster, Settings, read_cluster
from grader.batch.task import Request
from grader.batch.terms import Terms, to_do
from grader.course import assignment as assignments
from grader.grading import goldens
from grader.report.mark_changes import Change
from grader.report.record import Record
from grader.runtime.text import say
from grader.sandbox.doctor import required
from grader.written import marks as marking


@dataclass(frozen=True)
class Options:
    """What you ask `grader batch` for."""

    folder: Path  # of the class
    out: Path  # folder of grades
    only: Sequence[str] = ()  # names of submissions; none means all
    regrade: bool = False  # grade again what is finished
    jobs: int | None = None  # submissions at once; None for one on each core
    device: str = "cpu"  # where images are generated, as `local.devices` reads it
    part: int | None = None  # to which grading is limited
    accuracy: bool = True  # whether images are generated
    public_only: bool = False  # no hidden inputs
    trust_submissions: bool = False  # grade even below tier `sandbox`
    marks: Path | None = None  # CSV of written questions
    slurm: Path | None = None  # settings of a cluster


@dataclass(frozen=True)
class Batch:
    """A class that is ready to be graded."""

    options: Options
    console: Console  # of standard error
    intake: Intake
    chosen: Sequence[Entry]  # those that this run grades
    marks: marking.Marks
    terms: Terms
    ledger: Ledger
    devices: Sequence[str]
    cluster: Settings | None

    @classmethod
    def prepare(cls, options: Options, console: Console) -> Batch:
        """Read the class and all that it is graded with, and change nothing.

        Raises:
            UserError: an option cannot be used, or the class cannot be read.
            InfrastructureError: this machine lacks a tier.
        """
        assignment, tier = assignments.load(), required(options.trust_submissions)
        devices = local.devices(options.device)
        cluster = read_cluster(options.slurm) if options.slurm else None
        intake = read_class(options.folder, assignment, options.out)
        chosen = choose(intake.entries, options.only)
        marks = marking.read_marks(options.marks, assignment.questions) if options.marks else {}
        secret = None if options.public_only else secrets.load_here(console)
        known = goldens.load(assignment.resources)
        terms = Terms(assignment, known, secret, tier, options.part, options.accuracy)
        ledger = Ledger(options.out, terms.asked)
        return cls(options, console, intake, chosen, marks, terms, ledger, devices, cluster)

    def to_do(self) -> list[tuple[Entry, list[str]]]:
        """Return each chosen entry with its unfinished stages."""
        return list(to_do(self.terms, self.ledger, self.chosen))

    def run(self) -> tuple[list[Record], list[Change]]:
        """Grade what is unfinished, and write the reports. Returns all records, and the marks that changed.

        Raises:
            InfrastructureError: the batch must stop; what is finished is kept.
        """
        with self.ledger.lock():
            if self.options.regrade:
                self._make_stale()
            waiting = [entry for entry, stages in self.to_do() if stages]
            count = len(self.chosen)
            say(self.console, f"{count - len(waiting)} of {count} finished already")
            if waiting:
                self._grade(waiting)
            return records.write(self.terms, self.ledger, self.intake.entries, self.marks)

    def _make_stale(self) -> None:
        for entry in self.chosen:
            for stage in self.terms.stages:
                self.ledger.make_stale(entry.record, stage)

    def _grade(self, waiting: Sequence[Entry]) -> None:
        if self.cluster:
            Cluster(self.cluster, self.terms, self.ledger, self._request(), self.console).grade(waiting)
        else:
            jobs = self.options.jobs or local.cores()
            local.grade(self.terms, self.ledger, waiting, jobs, self.devices, self.console)

    def _request(self) -> Request:
        """What a cluster's tasks must know. Their working directory is another one."""
        return {
            "folder": str(self.options.folder.resolve()),
            "out": str(self.options.out.resolve()),
            "jobs": self.options.jobs,
            "devices": list(self.devices),
            "public_only": self.options.public_only,
        }


def choose(entries: Sequence[Entry], names: Sequence[str]) -> list[Entry]:
    """Return the entries with these names, or all if there are no names.

    Raises:
        IntakeError: no entry has such a name.
    """
    if not names:
        return list(entries)
    by_name = {name: entry for entry in entries for name in (entry.record, entry.submission)}
    chosen = {}
    for name in names:
        entry = by_name.get(name) or by_name.get(name.removesuffix(".zip"))
        if entry is None:
            near = difflib.get_close_matches(name, by_name, n=1)
            raise IntakeError(f"there is no submission {name}" + (f". Did you mean {near[0]}?" if near else ""))
        chosen[entry.record] = entry
    return list(chosen.values())
