"""Grades the stages of one submission after another, and keeps each in the ledger as soon as it is finished."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from grader.batch import records
from grader.batch.cache_keys import UNIT
from grader.batch.entries import Entry
from grader.batch.intake import LaidOut, appearance, laid_out
from grader.batch.ledger import Ledger, LedgerError, Seen, Stage
from grader.batch.terms import Terms
from grader.grading.run import Grading
from grader.runtime.case import Outcome, Verdict
from grader.sandbox.tier import Tier
from grader.submission.layout import Submission

DELAYS = (1.0, 5.0, 20.0)  # seconds before each further attempt: a machine that is short of something may recover
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # nothing more can be graded then


class Patience:
    """Waits before each further attempt after a fault, unless everything fails: then waiting helps nobody.

    Args:
        wait: gets the seconds; returns whether the batch has been stopped in the meantime.
        delays: seconds before each further attempt.
    """

    HOPELESS = 3  # submissions in a row

    def __init__(self, wait: Callable[[float], bool], delays: tuple[float, ...] = DELAYS):
        self._wait, self._delays, self._in_a_row = wait, delays, 0

    def insist(self, attempt: Callable[[], bool]) -> None:
        """Call `attempt` until it returns True, or until there are no more delays."""
        for delay in (None, *(self._delays if self._in_a_row < self.HOPELESS else ())):
            if delay is not None and self._wait(delay):
                return
            if attempt():
                self._in_a_row = 0
                return
        self._in_a_row += 1


@dataclass
class _Attempt:
    """One attempt to grade an entry, and how far it has come."""

    entry: Entry
    pending: list[str]  # stages that this runner has not graded yet
    hash: str = ""  # of the submission; '' until it is laid out
    faults: dict[str, Stage] = field(default_factory=dict)  # stages that failed for a fault of the grader
    left: list[str] = field(default_factory=list)  # stages that need a device


class Runner:
    """Grades one submission at a time, in a thread.

    Args:
        terms: what submissions are graded with.
        ledger: where grades are kept.
        tier: where the code of submissions runs.
        device: where images are generated; None leaves what needs a device to other runners.
        scratch: a folder in which submissions are laid out.
        patience: with faults of the grader.
        stopped: set when nobody waits for grades any more.
        on_graded: gets the entry, the stage and what was graded, for each finished stage.
    """

    def __init__(
        self,
        terms: Terms,
        ledger: Ledger,
        tier: Tier,
        device: str | None,
        scratch: Path,
        patience: Patience,
        stopped: threading.Event,
        on_graded: Callable[[Entry, str, Stage], None],
    ):
        self.terms, self.ledger, self.tier, self.device, self.scratch = terms, ledger, tier, device, scratch
        self._patience, self._stopped, self._on_graded = patience, stopped, on_graded

    def grade(self, entry: Entry) -> list[str]:
        """Grade what is unfinished. Returns the accuracies that are left for a runner with a device.

        Raises:
            LedgerError: grades cannot be kept, or nothing can be laid out.
        """
        last = _Attempt(entry, [])

        def attempt() -> bool:
            nonlocal last
            last = self._attempt(entry)
            return not last.faults or self._stopped.is_set()

        self._patience.insist(attempt)
        for stage, graded in last.faults.items():
            self._on_graded(entry, stage, graded)
        return last.left

    def _attempt(self, entry: Entry) -> _Attempt:
        """Grade once. Any exception is a fault of the grader: one submission must not end the batch."""
        attempt = _Attempt(entry, [stage for stage in self.terms.stages if self.device is None or stage != UNIT])
        try:
            seen = appearance(entry)  # before its files are read: what changes meanwhile is noticed in the next run
            with laid_out(entry, self.terms.assignment, self.scratch) as opened:
                attempt.hash = opened.hash
                self.ledger.note(entry.record, Seen(seen, opened.hash))
                self._grade_stages(attempt, opened)
        except LedgerError:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _FULL:
                raise LedgerError(f"there is no room in {self.scratch} to lay out submissions: {error}") from error
            self._keep_fault(attempt, error)
        return attempt

    def _grade_stages(self, attempt: _Attempt, opened: LaidOut) -> None:
        """Grade what is unfinished of the pending stages, one after another."""
        unfinished = self.terms.unfinished(self.ledger, attempt.entry.record, attempt.hash)
        attempt.pending = [stage for stage in attempt.pending if stage in unfinished]
        while attempt.pending and not self._stopped.is_set():
            stage = attempt.pending[0]
            if self._needs_device(stage, opened.submission):
                attempt.left.append(stage)
            else:
                self._keep(attempt, stage, self._grade_stage(stage, opened, attempt.entry.record))
            del attempt.pending[0]

    def _needs_device(self, stage: str, submission: Submission | None) -> bool:
        """Whether this runner lacks the device that the stage needs: without a checkpoint nothing is generated."""
        if self.device is not None or stage == UNIT or submission is None:
            return False
        return self.terms.accuracies[stage].policy.checkpoint in submission.present

    def _grade_stage(self, stage: str, opened: LaidOut, record: str) -> Stage:
        key = self.terms.key(stage, opened.hash)
        if opened.submission is None:
            verdicts = [Verdict(case, Outcome.ERROR, 0.0, opened.problem) for case in self.terms.cases_of(stage)]
            return Stage(key, tuple(verdicts), problem=opened.problem)
        grading = self.terms.grading(self.tier, opened.submission)
        if stage != UNIT:
            return Stage(key, self._accuracy(grading, stage, record), tuple(grading.seeds))
        changed = grading.changed_parts(self.terms.part)  # before any of its code runs, which could change its files
        return Stage(key, tuple(grading.run(self.terms.cases)), tuple(grading.seeds), tuple(changed))

    def _accuracy(self, grading: Grading, stage: str, record: str) -> tuple[Verdict, ...]:
        accuracy = self.terms.accuracies[stage]
        show = records.sample_grid(self.ledger.grades, record, accuracy)
        return tuple(grading.run((), [accuracy], device=self.device or "cpu", show=lambda _: show))

    def _keep_fault(self, attempt: _Attempt, error: Exception) -> None:
        """Keep the fault for each stage that could not be graded."""
        for stage in attempt.pending:
            verdicts = [Verdict(c, Outcome.INFRASTRUCTURE, 0.0, repr(error)) for c in self.terms.cases_of(stage)]
            self._keep(attempt, stage, Stage(self.terms.key(stage, attempt.hash), tuple(verdicts)))

    def _keep(self, attempt: _Attempt, stage: str, graded: Stage) -> None:
        if self._stopped.is_set():
            return  # the tier was closed while the stage was graded
        self.ledger.write(attempt.entry.record, stage, graded)
        if graded.complete:
            self._on_graded(attempt.entry, stage, graded)
        else:
            attempt.faults[stage] = graded
