"""Grades the stages of one submission after another, each kept in the ledger as soon as it is done."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from pathlib import Path

from grader.accuracy import grade_accuracy
from grader.batch import outputs
from grader.batch.intake import Entry, appearance, opened
from grader.batch.keys import UNIT
from grader.batch.ledger import Ledger, LedgerError, Seen, Stage
from grader.batch.terms import Terms
from grader.case import Outcome, Verdict

DELAYS = (1.0, 5.0, 20.0)  # seconds before a fault is tried again: a machine that is short of something may recover
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # nothing more can be graded then


class Patience:
    """Waits before a fault is tried again, unless everything fails: then waiting helps nobody.

    Args:
        wait: gets the seconds; returns whether the batch has been stopped meanwhile.
        delays: seconds before each further attempt.
    """

    HOPELESS = 3  # submissions in a row

    def __init__(self, wait: Callable[[float], bool], delays: tuple[float, ...] = DELAYS):
        self._wait, self._delays, self._in_a_row = wait, delays, 0

    def insist(self, attempt: Callable[[], bool]) -> None:
        """Attempt until it returns that all went well, or for the last time."""
        for delay in (None, *(self._delays if self._in_a_row < self.HOPELESS else ())):
            if delay is not None and self._wait(delay):
                return
            if attempt():
                self._in_a_row = 0
                return
        self._in_a_row += 1


class Worker:
    """One that grades, for a thread.

    Args:
        terms: with what.
        ledger: where it is kept.
        tier: where the code of submissions runs.
        device: where samples are generated; None leaves for others what needs one.
        scratch: a folder for what was handed in, laid out.
        patience: with faults of the grader.
        stopped: set when nobody waits for grades any more.
        tell: gets the entry, the stage and what was graded, for each stage that is done.
    """

    def __init__(
        self,
        terms: Terms,
        ledger: Ledger,
        tier,
        device: str | None,
        scratch: Path,
        patience: Patience,
        stopped: threading.Event,
        tell: Callable[[Entry, str, Stage], None],
    ):
        self.terms, self.ledger, self.tier, self.device, self.scratch = terms, ledger, tier, device, scratch
        self._patience, self._stopped, self._tell = patience, stopped, tell

    def grade(self, entry: Entry) -> list[str]:
        """Grade what is unfinished. Returns the accuracies that are left for a worker with a device.

        Raises:
            LedgerError: grades cannot be kept, or nothing can be laid out.
        """
        faults, left = {}, []

        def attempt():
            faults.clear()
            left.clear()
            self._attempt(entry, faults, left)
            return not faults or self._stopped.is_set()

        self._patience.insist(attempt)
        for stage, graded in faults.items():
            self._tell(entry, stage, graded)
        return left

    def _attempt(self, entry, faults, left):
        """Grade once. What fails for a fault of ours goes to `faults`, what needs a device to `left`."""
        hash, mine = "", [stage for stage in self.terms.stages if self.device is None or stage != UNIT]
        try:
            looks = appearance(entry)  # before it is read: what changes meanwhile is seen in the next run
            with opened(entry, self.terms.assignment, self.scratch) as found:
                hash = found.hash
                self.ledger.note(entry.record, Seen(looks, hash))
                unfinished = self.terms.unfinished(self.ledger, entry.record, hash)
                mine = [stage for stage in mine if stage in unfinished]
                while mine and not self._stopped.is_set():
                    if self._needs_device(mine[0], found.submission):
                        left.append(mine[0])
                    else:
                        self._keep(entry, mine[0], self._graded(mine[0], found, entry.record), faults)
                    del mine[0]
        except LedgerError:
            raise
        except Exception as error:  # ours, or the machine's: one submission must not end the batch
            if isinstance(error, OSError) and error.errno in _FULL:
                raise LedgerError(f"there is no room in {self.scratch} to lay out submissions: {error}") from error
            for stage in mine:
                verdicts = [Verdict(c, Outcome.INFRASTRUCTURE, 0.0, repr(error)) for c in self.terms.cases_of(stage)]
                self._keep(entry, stage, Stage(self.terms.key(stage, hash), tuple(verdicts)), faults)

    def _needs_device(self, stage, submission):
        """Whether this worker lacks what the stage needs: without a checkpoint nothing is generated."""
        if self.device is not None or stage == UNIT or submission is None:
            return False
        return self.terms.tasks[stage].policy.checkpoint in submission.present

    def _graded(self, stage, found, record):
        key = self.terms.key(stage, found.hash)
        if found.submission is None:
            verdicts = [Verdict(case, Outcome.ERROR, 0.0, found.problem) for case in self.terms.cases_of(stage)]
            return Stage(key, tuple(verdicts), problem=found.problem)
        grading = self.terms.grading(self.tier, found.submission)
        if stage == UNIT:
            changed = grading.changed_parts(self.terms.part)  # before any of its code runs
            return Stage(key, tuple(map(grading.verdict, self.terms.cases)), tuple(grading.seeds), tuple(changed))
        task = self.terms.tasks[stage]
        show = outputs.sample_grid(self.ledger.grades, record, task)
        return Stage(key, (grade_accuracy(grading, task, self.device or "cpu", show=show),), tuple(grading.seeds))

    def _keep(self, entry, stage, graded, faults):
        if self._stopped.is_set():
            return  # the tier was closed under it
        self.ledger.write(entry.record, stage, graded)
        if graded.complete:
            self._tell(entry, stage, graded)
        else:
            faults[stage] = graded
