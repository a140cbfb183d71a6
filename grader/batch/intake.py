"""What a class has handed in: a folder of zips and folders, an export of Gradescope, or a download of Canvas."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.assignment import Assignment
from grader.batch.keys import problem_hash, submission_hash
from grader.members import ADDED_BY_MACOS, SubmissionError
from grader.record import Student
from grader.submission import Submission, lay_out, name_of
from grader.text import visible

MOST_FILES = 10_000  # in a folder, that are looked at to see whether it is as it was
_READABLE = 40  # characters of a name in the id of a record


class IntakeError(Exception):
    """The folder of a class cannot be graded; the message says what is wrong and what mends it."""

    def __init__(self, message: str):
        super().__init__(visible(message))  # it may quote names that students chose


@dataclass(frozen=True)
class Entry:
    """What one student, or one group, has handed in."""

    record: str  # id: the same in every run, and safe as a name of files
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

    kind: str  # in words
    entries: tuple[Entry, ...]  # by submission
    passed_over: tuple[str, ...] = ()  # names of what belongs to nobody


def read_class(folder: Path, assignment: Assignment, grades: Path | None = None) -> Intake:
    """Recognise what lies in a folder, and list what can be graded.

    Args:
        folder: of a class.
        assignment: what is asked.
        grades: a folder of ours, which is no submission if it lies there too.

    Raises:
        IntakeError: there is no such folder, nothing in it, or two submissions with one name.
    """
    from grader.batch import canvas, gradescope

    if folder.is_file():
        raise IntakeError(f"{folder} is a file: unpack it (unzip {folder} -d CLASS), and give the folder")
    if not folder.is_dir():
        raise IntakeError(f"there is no folder {folder}: give the one that holds the submissions")
    ours = grades and grades.resolve()
    found = sorted(path for path in folder.iterdir() if not _is_hidden(path) and path.resolve() != ours)
    if (metadata := folder / gradescope.METADATA).is_file():
        intake = gradescope.read_export(metadata, found)
    elif canvas.is_download(found):
        intake = canvas.read_download(found, assignment.allowlist)
    else:
        intake = _read_folder(found)
    if not intake.entries:
        raise IntakeError(f"{folder} holds no submissions: it must have a folder or zip for each")
    names = [entry.submission for entry in intake.entries]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise IntakeError(f"several submissions have the same name ({', '.join(twice)}): rename them, or remove some")
    return replace(intake, entries=tuple(sorted(intake.entries, key=lambda entry: entry.submission)))


def _read_folder(found):
    entries, others = [], []
    for path in found:
        if (path / "submission_metadata.yml").is_file():
            raise IntakeError(f"{path} is an export of Gradescope: give that folder itself")
        if path.is_dir() or (path.is_file() and path.suffix.lower() == ".zip"):
            entries.append(Entry(record_id(path.name, path.name), name_of(path), path))
        else:
            others.append(path.name)
    return Intake("a folder of submissions", tuple(entries), tuple(others))


def _is_hidden(path):
    return path.name.startswith(".") or path.name.casefold() == ADDED_BY_MACOS


def record_id(readable: str, identity: str) -> str:
    """The id of a record: what can be read of a name, and a hash of what identifies the submission."""
    text = re.sub(r"[^A-Za-z0-9]+", "-", readable.removesuffix(".zip"))[:_READABLE].strip("-")
    digest = hashlib.blake2b(os.fsencode(identity), digest_size=4).hexdigest()
    return f"{text}-{digest}" if text else digest


@dataclass(frozen=True)
class Opened:
    """A submission that is laid out, or why it cannot be."""

    submission: Submission | None
    hash: str  # of what is graded
    problem: str = ""


@contextlib.contextmanager
def opened(entry: Entry, assignment: Assignment, within: Path | None = None) -> Iterator[Opened]:
    """Lay out what was handed in, in a folder within this one, for the time of this context."""
    with contextlib.ExitStack() as stack:
        try:
            submission = stack.enter_context(_laid_out(entry, assignment, within))
        except SubmissionError as error:
            told = str(error).replace(visible(str(entry.path)), entry.submission)  # our folders are no student's matter
            yield Opened(None, problem_hash(told), told)
        else:
            yield Opened(submission, submission_hash(submission))


@contextlib.contextmanager
def _laid_out(entry, assignment, within):
    if entry.problem:
        raise SubmissionError(entry.problem)
    with contextlib.ExitStack() as stack:
        path = entry.path
        if entry.loose:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gathered-", dir=within)))
            _gather(entry.loose, path)
        submission = stack.enter_context(lay_out(path, assignment.allowlist, assignment.student, within))
        yield replace(submission, name=entry.submission)


def _gather(loose, folder):
    for name, path in loose.items():
        if path.is_symlink() or not path.is_file():
            raise SubmissionError(f"{path.name} is a link or a special file: hand in the file itself")
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        try:
            os.link(path, target)
        except OSError:  # another file system, or one without links
            shutil.copyfile(path, target)


def appearance(entry: Entry) -> str:
    """A hash of names, sizes and times of what was handed in, by which changes are seen without reading it.

    Returns:
        '' if there are more than MOST_FILES, or something cannot be looked at.
    """
    digest, left = hashlib.blake2b(digest_size=16), MOST_FILES
    try:
        for asked, top in ({entry.submission: entry.path} if entry.path else entry.loose).items():
            for path in _walk(top):
                if (left := left - 1) < 0:
                    return ""
                stat = path.lstat()
                name = os.fsencode(os.path.relpath(path, top))  # wherever the class lies
                digest.update(repr((asked, name, stat.st_mode, stat.st_size, stat.st_mtime_ns)).encode())
    except OSError:
        return ""
    return digest.hexdigest()


def _walk(top):
    yield top
    for folder, folders, files in os.walk(top, onerror=_refuse) if top.is_dir() else ():
        folders.sort()
        yield from (Path(folder, name) for name in sorted([*folders, *files]))


def _refuse(error):
    raise error
