"""From untrusted bytes to a folder that can be graded: exactly the allowlist, capped, flat, no links.

A submission is a folder or a zip. What is not on the allowlist is left behind; the given files are always ours.
"""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
import re
import shutil
import tempfile
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
class Submission:
    """A submission laid out for grading."""

    name: str  # of the folder or zip it came from
    folder: Path  # flat: the student's files and the given ones
    missing: tuple[str, ...]  # required files that were not handed in
    present: tuple[str, ...]  # files that were


@dataclass(frozen=True)
class _Member:
    """Something in a folder or zip that may be one of the files."""

    name: str  # as `_plain` makes it
    special: bool  # a link, a pipe, a device
    read: Callable[[int], bytes]  # its first bytes


def read_allowlist(path: Path) -> list[Allowed]:
    """Read `allowlist.txt`: a line 'name required|optional max_bytes' for each file; # starts a comment."""
    lines = [line.split() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return [Allowed(name, need == "required", int(size)) for name, need, size in lines]


@contextlib.contextmanager
def lay_out(path: Path, allowlist: list[Allowed], given: Path) -> Iterator[Submission]:
    """Copy a submission and the given files into a fresh folder, which is removed at the end.

    Args:
        path: a folder or zip. Its files may lie in a folder of their own: the shallowest that holds a required one.
        allowlist: what may be handed in.
        given: the folder of given files (`student/`); those that are on the allowlist are not taken from it.

    Raises:
        SubmissionError: nothing there, not a zip, none of the files in it, a file too large, a link or a duplicate.
    """
    with tempfile.TemporaryDirectory(prefix="submission-") as temporary:
        folder = Path(temporary).resolve()
        names = {allowed.name for allowed in allowlist}
        for file in given.iterdir():
            if file.is_file() and file.name not in names:
                shutil.copyfile(file, folder / file.name)
        present = _copy(path, allowlist, folder)
        missing = tuple(a.name for a in allowlist if a.required and a.name not in present)
        name = path.stem if path.is_file() else path.resolve().name
        yield Submission(visible(name), folder, missing, tuple(present))


def _copy(path, allowlist, folder):
    present = []
    with _members(path, allowlist) as members:
        for allowed, member in _chosen(members, allowlist):
            try:
                content = member.read(allowed.max_bytes + 1)
            except SubmissionError:
                raise
            except Exception as error:  # a damaged member makes zipfile and zlib raise nearly anything
                raise SubmissionError(f"{allowed.name} cannot be read: {error}") from error
            if len(content) > allowed.max_bytes:
                raise SubmissionError(f"{allowed.name} is larger than the {allowed.max_bytes} bytes allowed")
            target = folder / allowed.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            present.append(allowed.name)
    if not present:
        required = ", ".join(a.name for a in allowlist if a.required)
        raise SubmissionError(f"{path} holds none of the files to hand in ({required}): is it the right folder?")
    return present


def _members(path, allowlist):
    if path.is_dir():
        return contextlib.nullcontext(_members_of_folder(path, allowlist))
    if path.is_file():
        return _members_of_zip(path)
    raise SubmissionError(f"there is no submission at {path}: give a folder or a zip")


def _chosen(members, allowlist):
    """The member for each allowed file that was handed in."""
    named = {}
    for member in members:
        named.setdefault(member.name, []).append(member)
    root = _root(named, allowlist)
    for allowed in allowlist:
        wanted = PurePosixPath(root, _plain(allowed.name))
        if any(m.special for place in (wanted, *wanted.parents) for m in named.get(str(place), ())):
            raise SubmissionError(f"{allowed.name} is a link or a special file: hand in the file itself")
        found = named.get(str(wanted), ())
        if len(found) > 1:
            raise SubmissionError(f"the submission holds {allowed.name} {len(found)} times: hand in one")
        if found:
            yield allowed, found[0]


def _root(names, allowlist):
    """The folder that holds the files: '' or e.g. 'student'; the shallowest if there are several."""
    required = _required(allowlist)
    parents = {path.parent for path in map(PurePosixPath, names) if path.name in required}
    depth = min((len(parent.parts) for parent in parents), default=0)
    return _only({str(parent) for parent in parents if len(parent.parts) == depth} or {""})


def _only(folders):
    if len(folders) > 1:
        some = ", ".join(sorted(folders)[:3])
        raise SubmissionError(f"the files to hand in lie in {len(folders)} folders ({some}): hand in one")
    return next(iter(folders))


def _required(allowlist):
    return {_plain(allowed.name) for allowed in allowlist if allowed.required and "/" not in allowed.name}


def _plain(name):
    """A name as other systems may read it: no matter how it is spelt, one file must not pass for two, nor two for one.

    Windows and macOS tell 'Models.py' not from 'models.py', and some zips hold 'student\\\\models.py' or './models.py'.
    """
    return str(PurePosixPath(unicodedata.normalize("NFKC", name.replace("\\", "/")).casefold()))


# ------------------------------------------------------------------------------------------------------- folders


def _members_of_folder(path, allowlist):
    """What lies in the shallowest folder that holds a required file, and in those of its folders that matter."""
    required, level, seen = _required(allowlist), [path], 0
    while level and seen < MEMBERS_CAP:
        entries = {folder: _entries(folder) for folder in level}
        homes = {str(folder) for folder in level if required & {_plain(e.name) for e in entries[folder]}}
        if homes:
            inner = {str(p) for allowed in allowlist for p in PurePosixPath(_plain(allowed.name)).parents}
            return list(_files_in(_only(homes), "", inner))
        seen += len(level)
        below = (e for folder in level for e in entries[folder] if e.is_dir(follow_symlinks=False))
        level = [e.path for e in itertools.islice(below, MEMBERS_CAP) if _plain(e.name) != ADDED_BY_MACOS]
    return []


def _files_in(folder, prefix, inner):
    for entry in _entries(folder):
        name = _plain(prefix + entry.name)
        if not entry.is_dir(follow_symlinks=False):
            yield _Member(name, not entry.is_file(follow_symlinks=False), lambda count, e=entry: _read(e.path, count))
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
            _Member(
                _plain(info.filename),
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
    path = PurePosixPath(_plain(name))
    return not path.is_absolute() and not {"..", ADDED_BY_MACOS} & set(path.parts)


def _read_member(archive, info, count):
    if info.flag_bits & 1:
        raise SubmissionError("the zip is encrypted: hand in one without a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # only these inflate piece by piece
        raise ValueError(f"compression method {info.compress_type}")
    with archive.open(info) as stream:
        return stream.read(count)
