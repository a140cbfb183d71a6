"""What is graded already: a JSON file for each submission and stage, whole or absent, even after a power cut.

Two processes never write the same file except by mistake, and then the later one counts. A cluster's shared folder
needs nothing but atomic renames; only the command that you start takes a lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import filelock

from grader.batch.cache_keys import CacheKey
from grader.report.record import verdict_from_json, verdict_to_json
from grader.runtime.case import Case, Outcome, Question, Verdict
from grader.runtime.errors import InfrastructureError
from grader.util import files

REGRADED = "regraded"  # the reason when a stage is graded again although nothing has changed
INFRASTRUCTURE = Outcome.INFRASTRUCTURE


class LedgerError(InfrastructureError):
    """The ledger cannot be used, so the batch must stop; what it holds already is kept."""


@dataclass(frozen=True)
class Seen:
    """A submission as it was when it was last graded."""

    appearance: str  # of its files, as `intake.appearance` gives it
    submission: str  # hash of what was laid out


@dataclass(frozen=True)
class Stage:
    """What was graded of a submission at once."""

    key: CacheKey
    verdicts: tuple[Verdict, ...]
    seeds: tuple[str, ...] = ()  # names
    changed: tuple[str, ...] = ()  # outside the TODOs
    problem: str = ""  # why nothing could be graded
    stale: bool = False  # must be graded again although nothing has changed
    before: Mapping[str, tuple[float, str]] = field(default_factory=dict)  # case -> mark that was replaced, and why

    @property
    def complete(self) -> bool:
        """Whether no verdict is missing because of a fault of the grader."""
        return all(v.outcome is not INFRASTRUCTURE for v in self.verdicts)

    def finished(self, key: CacheKey) -> bool:
        """Whether it need not be graded again with this key."""
        return self.complete and not self.stale and self.key == key


class Ledger:
    """The folder `ledger` of GRADES.

    Args:
        grades: the folder of all that a batch writes.
        asked: as `record.everything_asked` gives it.
    """

    def __init__(self, grades: Path, asked: Mapping[str, Case | Question]):
        self.grades, self.folder, self._asked = grades, grades / "ledger", asked

    def read(self, record: str, stage: str) -> Stage | None:
        """Return what was graded; None if nothing was, or if the file is damaged."""
        content = self._read(record, stage)
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):  # written by an older grader
            verdicts = [verdict_from_json(v, self._asked) for v in content["verdicts"] if v["case"] in self._asked]
            return Stage(
                CacheKey(**content["key"]),
                tuple(verdicts),
                seeds=tuple(content["seeds"]),
                changed=tuple(content["changed"]),
                problem=content["problem"],
                stale=content["stale"],
                before={id: tuple(mark) for id, mark in content["before"].items()},
            )
        return None

    def write(self, record: str, stage: str, graded: Stage) -> None:
        """Keep what was graded, and the marks that it replaces.

        Raises:
            LedgerError: it cannot be written.
        """
        if old := self.read(record, stage):
            graded = replace(graded, before=_marks_before(old, graded.key))
        self._keep(record, stage, graded)

    def make_stale(self, record: str, stage: str) -> None:
        """Have a stage graded again: by this run, or by a later one if this one is interrupted."""
        if (old := self.read(record, stage)) and not old.stale:
            self._keep(record, stage, replace(old, stale=True))

    def written(self, record: str, stages: Collection[str]) -> dict[str, int]:
        """Return when each of these stages was last written; a stage without a file is left out."""
        try:
            with os.scandir(self.folder / record) as kept:
                return {f.name[:-5]: f.stat().st_mtime_ns for f in kept if f.name[:-5] in stages}
        except OSError:  # nothing yet, or replaced at this moment
            return {}

    def seen(self, record: str) -> Seen | None:
        """Return what was noted of a submission when it was last graded; None if it was not graded yet."""
        content = self._read(record, "seen")
        with contextlib.suppress(KeyError, TypeError, AttributeError):
            old = content.get("fingerprint", "")  # the name of an appearance in the ledgers of earlier graders
            return Seen(content.get("appearance", old), content["submission"])
        return None

    def note(self, record: str, seen: Seen) -> None:
        """Note what a submission looks like.

        Raises:
            LedgerError: it cannot be written.
        """
        if self.seen(record) != seen:
            self._write(record, "seen", asdict(seen))

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep another batch out: two of them would grade everything twice.

        Raises:
            LedgerError: another batch is running, or the folder cannot be written.
        """
        lock = filelock.FileLock(self.folder / "lock")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise LedgerError(
                f"another `grader batch` is running in {self.grades}: wait until it ends, or give another --out"
            ) from None
        except OSError as error:
            raise LedgerError(f"{self.folder} cannot be written: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()

    def _keep(self, record: str, stage: str, graded: Stage) -> None:
        verdicts = [verdict_to_json(v) for v in graded.verdicts]
        self._write(record, stage, vars(graded) | {"key": asdict(graded.key), "verdicts": verdicts})

    def _read(self, record: str, name: str) -> Any:
        """The content of a file; None if there is no file, or if it is damaged."""
        try:
            kept = json.loads((self.folder / record / f"{name}.json").read_bytes())
            return kept["content"] if kept["digest"] == _digest(kept["content"]) else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def _write(self, record: str, name: str, content: Mapping[str, Any]) -> None:
        content = json.loads(json.dumps(content))  # as it will be read: a tuple becomes a list
        path = self.folder / record / f"{name}.json"
        try:
            files.replace(path, json.dumps({"digest": _digest(content), "content": content}, indent=1).encode())
        except OSError as error:
            raise LedgerError(f"{path} cannot be written: {error.strerror}") from error


def _marks_before(old: Stage, key: CacheKey) -> Mapping[str, tuple[float, str]]:
    """The marks that a stage replaces, each with the reason. A fault of the grader is no mark."""
    reason = old.key.why_not(key) or (REGRADED if old.stale else "")
    if not reason:  # a fault is tried again: the marks that were replaced before it still are
        return old.before
    return {**old.before, **{v.case.id: (v.points, reason) for v in old.verdicts if v.outcome is not INFRASTRUCTURE}}


def _digest(content: object) -> str:
    return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()
