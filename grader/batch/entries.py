"""What a class has handed in: one entry for each submission, not opened yet. No reader of folders is imported here."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.report.record import Student
from grader.runtime.errors import UserError
from grader.runtime.text import visible

_READABLE = 40  # characters of a name in the id of a record


class IntakeError(UserError):
    """The folder of a class cannot be graded; the message says what is wrong and how to correct it."""

    def __init__(self, message: str):
        super().__init__(visible(message))  # it may quote names that students chose


@dataclass(frozen=True)
class Entry:
    """What one student, or one group, has handed in."""

    record: str  # id: the same in every run, and safe as a file name
    submission: str  # as `submission.name_of` spells it
    path: Path | None  # a folder or zip; None if there is none
    students: tuple[Student, ...] = ()
    late: bool = False
    loose: Mapping[str, Path] = field(default_factory=dict)  # instead of `path`: single files, by name on the allowlist
    passed_over: tuple[str, ...] = ()  # names of what does not count, such as older attempts
    problem: str = ""  # why nothing of it can be graded


@dataclass(frozen=True)
class Intake:
    """A class."""

    kind: str  # what the folder is, in words
    entries: tuple[Entry, ...]  # sorted by submission
    passed_over: tuple[str, ...] = ()  # names of what belongs to nobody


def record_id(readable: str, identity: str) -> str:
    """Return the id of a record: the readable part of a name, then a hash of what identifies the submission."""
    text = re.sub(r"[^A-Za-z0-9]+", "-", readable.removesuffix(".zip"))[:_READABLE].strip("-")
    digest = hashlib.blake2b(os.fsencode(identity), digest_size=4).hexdigest()
    return f"{text}-{digest}" if text else digest
