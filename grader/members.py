"""What lies in an untrusted folder or zip: names as any system may read them, and bytes on demand, capped."""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.text import visible

MEMBERS_CAP = 10_000  # of a zip, allowed or not; folders that are searched
NAME_CAP = 1_000  # characters; a file to hand in has no longer name
ADDED_BY_MACOS = "__macosx"  # a folder of resource forks, which have the names of the files


class SubmissionError(Exception):
    """The submission cannot be graded at all; the message says what is wrong and what mends it."""

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
    """Something in a folder or zip that may be one of the files."""

    name: str  # as `plain` makes it
    special: bool  # a link, a pipe, a device
    read: Callable[[int], bytes]  # its first bytes


@contextlib.contextmanager
def members_of(path: Path, allowlist: list[Allowed]) -> Iterator[list[Member]]:
    """Open a folder or zip and list what in it may be one of the files of the allowlist.

    Raises:
        SubmissionError: nothing there, not a zip, too many members, or files to hand in that lie in several folders.
    """
    if path.is_dir():
        yield _members_of_folder(path, allowlist)
    elif path.is_file():
        with _members_of_zip(path) as members:
            yield members
    else:
        raise SubmissionError(f"there is no submission at {path}: give a folder or a zip")


def only(folders):
    if len(folders) > 1:
        some = ", ".join(sorted(folders)[:3])
        raise SubmissionError(f"the files to hand in lie in {len(folders)} folders ({some}): hand in one")
    return next(iter(folders))


def required_names(allowlist):
    return {plain(allowed.name) for allowed in allowlist if allowed.required and "/" not in allowed.name}


def plain(name):
    """A name as other systems may read it: no matter how it is spelt, one file must not pass for two, nor two for one.

    Windows and macOS tell 'Models.py' not from 'models.py', and some zips hold 'student\\\\models.py' or './models.py'.
    """
    return str(PurePosixPath(unicodedata.normalize("NFKC", name.replace("\\", "/")).casefold()))


# ------------------------------------------------------------------------------------------------------- folders


def _members_of_folder(path, allowlist):
    """What lies in the shallowest folder that holds a required file, and in those of its folders that matter."""
    required, level, seen = required_names(allowlist), [path], 0
    while level and seen < MEMBERS_CAP:
        entries = {folder: _entries(folder) for folder in level}
        homes = {str(folder) for folder in level if required & {plain(e.name) for e in entries[folder]}}
        if homes:
            inner = {str(p) for allowed in allowlist for p in PurePosixPath(plain(allowed.name)).parents}
            return list(_files_in(only(homes), "", inner))
        seen += len(level)
        below = (e for folder in level for e in entries[folder] if e.is_dir(follow_symlinks=False))
        level = [e.path for e in itertools.islice(below, MEMBERS_CAP) if plain(e.name) != ADDED_BY_MACOS]
    return []


def _files_in(folder, prefix, inner):
    for entry in _entries(folder):
        name = plain(prefix + entry.name)
        if not entry.is_dir(follow_symlinks=False):
            yield Member(name, not entry.is_file(follow_symlinks=False), lambda count, e=entry: _read(e.path, count))
        elif name in inner:
            yield from _files_in(entry.path, f"{name}/", inner)


def _entries(folder):
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise SubmissionError(f"the submission cannot be read: {error}") from error


def _read(path, count):
    with open(path, "rb") as stream:
        return stream.read(count)


# ---------------------------------------------------------------------------------------------------------- zips


@contextlib.contextmanager
def _members_of_zip(path):
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
                lambda count, info=info: _read_member(archive, info, count),
            )
            for info in files
        ]


def _count_members(path):
    """Refuse too many members before zipfile makes an object of each: all of them have an entry with this signature."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        count = sum(1 for _ in itertools.islice(re.finditer(b"PK\x01\x02", content), MEMBERS_CAP + 1))
    if count > MEMBERS_CAP:
        raise SubmissionError(f"{path} has more than {MEMBERS_CAP} members: hand in the files that are asked for")


def _lies_inside(name):
    """Whether a name could be that of a file to hand in: not absolute, nor outside the zip, nor of endless length."""
    if len(name) > NAME_CAP:
        return False
    path = PurePosixPath(plain(name))
    return not path.is_absolute() and not {"..", ADDED_BY_MACOS} & set(path.parts)


def _read_member(archive, info, count):
    if info.flag_bits & 1:
        raise SubmissionError("the zip is encrypted: hand in one without a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # only these inflate piece by piece
        raise ValueError(f"compression method {info.compress_type}")
    with archive.open(info) as stream:
        return stream.read(count)
