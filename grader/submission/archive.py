"""What an untrusted folder or zip holds: names as any system may read them, and bytes on demand, capped."""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
import re
import unicodedata
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from grader.runtime.errors import UserError
from grader.runtime.text import visible

MEMBERS_CAP = 10_000  # of a zip, allowed or not; also folders that are searched
NAME_CAP = 1_000  # characters; no file to hand in has a longer name
ADDED_BY_MACOS = "__macosx"  # a folder of resource forks, which have the names of the files


class SubmissionError(UserError):
    """The submission cannot be graded at all; the message says what is wrong and how to mend it."""

    def __init__(self, message: str):
        super().__init__(visible(message))  # it may quote names that a student chose


@dataclass(frozen=True)
class Allowed:
    """One file that students hand in."""

    name: str  # relative to the submission, e.g. 'checkpoints/DDPM.pt'
    required: bool
    max_bytes: int


@dataclass(frozen=True)
class Member:
    """Something in a folder or zip that may be one of the files to hand in."""

    name: str  # as `plain` makes it
    special: bool  # a link, a pipe, a device
    read: Callable[[int], bytes]  # its first bytes


@contextlib.contextmanager
def members_of(path: Path, allowlist: list[Allowed]) -> Iterator[list[Member]]:
    """Open a folder or zip and list everything in it that may be a file of the allowlist.

    Raises:
        SubmissionError: nothing is there, it is no zip, it has too many members, or the files lie in several folders.
    """
    if path.is_dir():
        yield _members_of_folder(path, allowlist)
    elif path.is_file():
        with _members_of_zip(path) as members:
            yield members
    else:
        raise SubmissionError(f"there is no submission at {path}: give a folder or a zip")


def only(folders: Collection[str]) -> str:
    """The one folder that holds the files to hand in.

    Raises:
        SubmissionError: there are several.
    """
    if len(folders) > 1:
        some = ", ".join(sorted(folders)[:3])
        raise SubmissionError(f"the files to hand in lie in {len(folders)} folders ({some}): hand in one")
    return next(iter(folders))


def required_names(allowlist: list[Allowed]) -> set[str]:
    """The plain names of the required files that do not lie in a folder of their own."""
    return {plain(allowed.name) for allowed in allowlist if allowed.required and "/" not in allowed.name}


def plain(name: str) -> str:
    """Write a name so that one file cannot pass for two, nor two for one, whichever system reads it.

    Windows and macOS do not tell 'Models.py' from 'models.py'. Some zips hold 'student\\\\models.py' or './models.py'.
    """
    return str(PurePosixPath(unicodedata.normalize("NFKC", name.replace("\\", "/")).casefold()))


# ------------------------------------------------------------------------------------------------------- folders


def _members_of_folder(path: Path, allowlist: list[Allowed]) -> list[Member]:
    """What lies in the shallowest folder with a required file, and in those of its subfolders that matter."""
    required, seen = required_names(allowlist), 0
    level = [str(path)]
    while level and seen < MEMBERS_CAP:
        entries = {folder: _entries(folder) for folder in level}
        homes = {folder for folder in level if required & {plain(e.name) for e in entries[folder]}}
        if homes:
            inner = {str(p) for allowed in allowlist for p in PurePosixPath(plain(allowed.name)).parents}
            return list(_files_in(only(homes), "", inner))
        seen += len(level)
        below = (e for folder in level for e in entries[folder] if e.is_dir(follow_symlinks=False))
        level = [e.path for e in itertools.islice(below, MEMBERS_CAP) if plain(e.name) != ADDED_BY_MACOS]
    return []


def _files_in(folder: str, prefix: str, inner: Collection[str]) -> Iterator[Member]:
    for entry in _entries(folder):
        name = plain(prefix + entry.name)
        if not entry.is_dir(follow_symlinks=False):
            yield Member(name, not entry.is_file(follow_symlinks=False), partial(_read, entry.path))
        elif name in inner:
            yield from _files_in(entry.path, f"{name}/", inner)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise SubmissionError(f"the submission cannot be read: {error}") from error


def _read(path: str, count: int) -> bytes:
    with open(path, "rb") as stream:
        return stream.read(count)


# ---------------------------------------------------------------------------------------------------------- zips


@contextlib.contextmanager
def _members_of_zip(path: Path) -> Iterator[list[Member]]:
    try:
        _count_members(path)
        archive = zipfile.ZipFile(path)
    except SubmissionError:
        raise
    except Exception as error:  # of a damaged zip zipfile raises nearly anything
        raise SubmissionError(
            f"{path} is not a zip that can be read ({error}): make it with collect_submission.sh"
        ) from error
    with archive:
        files = [info for info in archive.infolist() if not info.is_dir() and _lies_inside(info.filename)]
        yield [
            Member(
                plain(info.filename),
                (info.external_attr >> 16) & 0o170000 not in (0, 0o100000),  # the type of a file in Unix's mode
                partial(_read_member, archive, info),
            )
            for info in files
        ]


def _count_members(path: Path) -> None:
    """Refuse too many members before zipfile makes an object of each: every member has an entry with this signature."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        count = sum(1 for _ in itertools.islice(re.finditer(b"PK\x01\x02", content), MEMBERS_CAP + 1))
    if count > MEMBERS_CAP:
        raise SubmissionError(f"{path} has more than {MEMBERS_CAP} members: hand in the files that are asked for")


def _lies_inside(name: str) -> bool:
    """Whether this can name a file to hand in: it is not absolute, not outside the zip, and not too long."""
    if len(name) > NAME_CAP:
        return False
    path = PurePosixPath(plain(name))
    return not path.is_absolute() and not {"..", ADDED_BY_MACOS} & set(path.parts)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, count: int) -> bytes:
    if info.flag_bits & 1:
        raise SubmissionError("the zip is encrypted: hand in one without a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # only these inflate piece by piece
        raise ValueError(f"compression method {info.compress_type}")
    with archive.open(info) as stream:
        return stream.read(count)
