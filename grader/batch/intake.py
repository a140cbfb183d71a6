"""Reads the folder of a class, whoever wrote it: zips and folders, a Gradescope export, or a Canvas download."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from grader.batch import canvas_download, gradescope_export
from grader.batch.cache_keys import problem_hash, submission_hash
from grader.batch.entries import Entry, Intake, IntakeError, record_id
from grader.course.assignment import Assignment
from grader.runtime.text import visible
from grader.submission.archive import ADDED_BY_MACOS, SubmissionError
from grader.submission.layout import Submission, lay_out, name_of

MOST_FILES = 10_000  # of a folder, that are looked at to see whether it has changed


def read_class(folder: Path, assignment: Assignment, grades: Path | None = None) -> Intake:
    """Recognise what kind of folder this is, and list the submissions in it.

    Args:
        folder: of a class.
        assignment: what is asked.
        grades: a folder of ours, which is not a submission even if it lies in `folder`.

    Raises:
        IntakeError: there is no such folder, nothing in it, or two submissions with the same name.
    """
    if folder.is_file():
        raise IntakeError(f"{folder} is a file: unpack it (unzip {folder} -d CLASS), and give the folder")
    if not folder.is_dir():
        raise IntakeError(f"there is no folder {folder}: give the one that holds the submissions")
    ours = grades and grades.resolve()
    paths = sorted(path for path in folder.iterdir() if not _is_hidden(path) and path.resolve() != ours)
    intake = _read(folder, paths, assignment)
    if not intake.entries:
        raise IntakeError(f"{folder} holds no submissions: put a folder or zip for each submission into it")
    names = [entry.submission for entry in intake.entries]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise IntakeError(f"several submissions have the same name ({', '.join(twice)}): rename them, or remove some")
    return replace(intake, entries=tuple(sorted(intake.entries, key=lambda entry: entry.submission)))


def _read(folder: Path, paths: Sequence[Path], assignment: Assignment) -> Intake:
    """Call the reader for this kind of folder."""
    if (metadata := folder / gradescope_export.METADATA).is_file():
        return gradescope_export.read_export(metadata, paths)
    if canvas_download.is_download(paths):
        return canvas_download.read_download(paths, assignment.allowlist)
    return _read_folder(paths)


def _read_folder(paths: Sequence[Path]) -> Intake:
    entries, others = [], []
    for path in paths:
        if (path / gradescope_export.METADATA).is_file():
            raise IntakeError(f"{path} is a Gradescope export: give that folder itself")
        if path.is_dir() or (path.is_file() and path.suffix.lower() == ".zip"):
            entries.append(Entry(record_id(path.name, path.name), name_of(path), path))
        else:
            others.append(path.name)
    return Intake("a folder of submissions", tuple(entries), tuple(others))


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name.casefold() == ADDED_BY_MACOS


# ------------------------------------------------------------------------------------------------- laying out an entry


@dataclass(frozen=True)
class LaidOut:
    """An entry that is laid out as a submission, or the reason why it cannot be."""

    submission: Submission | None
    hash: str  # of what is graded
    problem: str = ""


@contextlib.contextmanager
def laid_out(entry: Entry, assignment: Assignment, within: Path | None = None) -> Iterator[LaidOut]:
    """Lay out what was handed in, for the time of this context.

    Args:
        entry: what was handed in.
        assignment: what is asked.
        within: where the fresh folder is made; by default among the temporary files.
    """
    with contextlib.ExitStack() as stack:
        try:
            submission = stack.enter_context(_submission_of(entry, assignment, within))
        except SubmissionError as error:
            # Students need not know where our folders are.
            problem = str(error).replace(visible(str(entry.path)), entry.submission)
            yield LaidOut(None, problem_hash(problem), problem)
        else:
            yield LaidOut(submission, submission_hash(submission))


@contextlib.contextmanager
def _submission_of(entry: Entry, assignment: Assignment, within: Path | None) -> Iterator[Submission]:
    if entry.problem:
        raise SubmissionError(entry.problem)
    with contextlib.ExitStack() as stack:
        path = entry.path
        if path is None:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gathered-", dir=within)))
            _gather(entry.loose, path)
        submission = stack.enter_context(lay_out(path, assignment.allowlist, assignment.student, within))
        yield replace(submission, name=entry.submission)


def _gather(loose: Mapping[str, Path], folder: Path) -> None:
    """Put single files into a folder, under the names that the assignment asks for."""
    for name, path in loose.items():
        if path.is_symlink() or not path.is_file():
            raise SubmissionError(f"{path.name} is a link or a special file: hand in the file itself")
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        try:
            os.link(path, target)
        except OSError:  # another file system, or one without links
            shutil.copyfile(path, target)


# ---------------------------------------------------------------------------------------------------- seeing a change


def appearance(entry: Entry) -> str:
    """Hash names, sizes and times of what was handed in: a change is seen without reading any file.

    Returns:
        '' if there are more than MOST_FILES, or if something cannot be looked at.
    """
    digest, left = hashlib.blake2b(digest_size=16), MOST_FILES
    try:
        for asked, top in ({entry.submission: entry.path} if entry.path else entry.loose).items():
            for path in _walk(top):
                if (left := left - 1) < 0:
                    return ""
                stat = path.lstat()
                name = os.fsencode(os.path.relpath(path, top))  # the class may be moved
                digest.update(repr((asked, name, stat.st_mode, stat.st_size, stat.st_mtime_ns)).encode())
    except OSError:
        return ""
    return digest.hexdigest()


def _walk(top: Path) -> Iterator[Path]:
    yield top
    for folder, folders, files in os.walk(top, onerror=_refuse) if top.is_dir() else ():
        folders.sort()
        yield from (Path(folder, name) for name in sorted([*folders, *files]))


def _refuse(error: OSError) -> NoReturn:
    raise error
