"""What is graded already: a JSON file for each submission and stage, whole or not there, whenever the power fails.

No two processes write the same file but by mistake, and then the later one counts. A cluster's shared folder need be
capable of atomic renames alone; only the head takes a lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import filelock

from grader import files
from grader.batch.keys import Key
from grader.case import Case, InfrastructureError, Outcome, Question, Verdict
from grader.record import verdict_from_json, verdict_to_json

REGRADED = "regraded"  # why a mark is given anew although nothing has changed
INFRASTRUCTURE = Outcome.INFRASTRUCTURE


class LedgerError(InfrastructureError):
    """The ledger cannot be used, so the batch must stop; what is in it already stays."""


@dataclass(frozen=True)
class Seen:
    """A submission as it was when it was last graded."""

    fingerprint: str  # of names, sizes and times; '' if there is none
    submission: str  # hash of what was laid out


@dataclass(frozen=True)
class Stage:
    """What was graded of a submission at once."""

    key: Key
    verdicts: tuple[Verdict, ...]
    seeds: tuple[str, ...] = ()  # names
    changed: tuple[str, ...] = ()  # outside the TODOs
    problem: str = ""  # why nothing could be graded
    stale: bool = False  # to be graded again although nothing has changed
    before: Mapping[str, tuple[float, str]] = field(default_factory=dict)  # case -> mark that was replaced, and why

    @property
    def complete(self) -> bool:
        """Whether no verdict is missing for a fault of the grader."""
        return all(v.outcome is not INFRASTRUCTURE for v in self.verdicts)

    def finished(self, key: Key) -> bool:
        """Whether it need not be graded again with this key."""
        return self.complete and not self.stale and self.key == key


class Ledger:
    """The folder `ledger` of GRADES.

    Args:
        grades: the folder of all that the batch writes.
        asked: as `record.everything_asked` gives it.
    """

    def __init__(self, grades: Path, asked: Mapping[str, Case | Question]):
        self.grades, self.folder, self._asked = grades, grades / "ledger", asked

    def read(self, record: str, stage: str) -> Stage | None:
        """What was graded; None if it was not, or if the file is damaged."""
        told = self._read(record, stage)
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):  # of an older grader
            verdicts = tuple(verdict_from_json(v, self._asked) for v in told["verdicts"] if v["case"] in self._asked)
            before = {id: tuple(mark) for id, mark in told["before"].items()}
            lists = {name: tuple(told[name]) for name in ("seeds", "changed")}
            return Stage(**told | lists | {"key": Key(**told["key"]), "verdicts": verdicts, "before": before})
        return None

    def write(self, record: str, stage: str, graded: Stage) -> None:
        """Keep what was graded, and of what was there before, the marks that it replaces.

        Raises:
            LedgerError: it cannot be written.
        """
        if old := self.read(record, stage):
            graded = replace(graded, before=_marks_before(old, graded.key))
        self._keep(record, stage, graded)

    def make_stale(self, record: str, stage: str) -> None:
        """Have a stage graded again, also by a later run if this one is interrupted."""
        if (old := self.read(record, stage)) and not old.stale:
            self._keep(record, stage, replace(old, stale=True))

    def written(self, record: str, stages: Collection[str]) -> dict[str, int]:
        """When each of these stages was last written, as far as they are there."""
        try:
            with os.scandir(self.folder / record) as found:
                return {f.name[:-5]: f.stat().st_mtime_ns for f in found if f.name[:-5] in stages}
        except OSError:  # nothing yet, or replaced at this moment
            return {}

    def seen(self, record: str) -> Seen | None:
        """What was seen of a submission when it was last graded; None if it was not."""
        told = self._read(record, "seen")
        with contextlib.suppress(TypeError):
            return Seen(**told)
        return None

    def note(self, record: str, seen: Seen) -> None:
        """Keep what was seen of a submission.

        Raises:
            LedgerError: it cannot be written.
        """
        if self.seen(record) != seen:
            self._write(record, "seen", asdict(seen))

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep another head out: two of them would grade everything twice.

        Raises:
            LedgerError: another is at work, or the folder cannot be written.
        """
        lock = filelock.FileLock(self.folder / "lock")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise LedgerError(
                f"another `grader batch` is at work in {self.grades}: wait for it, or give another --out"
            ) from None
        except OSError as error:
            raise LedgerError(f"{self.folder} cannot be written: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()

    def _keep(self, record, stage, graded):
        verdicts = [verdict_to_json(v) for v in graded.verdicts]
        self._write(record, stage, vars(graded) | {"key": asdict(graded.key), "verdicts": verdicts})

    def _read(self, record, name):
        """The content of a file; None if it is not there, or damaged."""
        try:
            kept = json.loads((self.folder / record / f"{name}.json").read_bytes())
            return kept["content"] if kept["digest"] == _digest(kept["content"]) else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def _write(self, record, name, content):
        content = json.loads(json.dumps(content))  # as it will be read: a tuple is a list then
        path = self.folder / record / f"{name}.json"
        try:
            files.replace(path, json.dumps({"digest": _digest(content), "content": content}, indent=1).encode())
        except OSError as error:
            raise LedgerError(f"{path} cannot be written: {error.strerror}") from error


def _marks_before(old, key):
    """The marks that a stage replaces, each with the reason; a fault was none."""
    reason = old.key.why_not(key) or (REGRADED if old.stale else "")
    if not reason:  # a fault is tried again: what was replaced before still is
        return old.before
    return {**old.before, **{v.case.id: (v.points, reason) for v in old.verdicts if v.outcome is not INFRASTRUCTURE}}


def _digest(content):
    return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()
