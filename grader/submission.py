"""From untrusted bytes to a folder that can be graded: exactly the allowlist, capped, flat, no links.

A submission is a folder or a zip. What is not on the allowlist is left behind; the given files are always ours.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MEMBERS_CAP = 10_000  # of a zip, allowed or not


class SubmissionError(Exception):
    """The submission cannot be graded at all; the message says what is wrong and what mends it."""


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


def read_allowlist(path: Path) -> list[Allowed]:
    """Read `allowlist.txt`: a line 'name required|optional max_bytes' for each file; # starts a comment."""
    lines = [line.split() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return [Allowed(name, need == "required", int(size)) for name, need, size in lines]


@contextlib.contextmanager
def lay_out(path: Path, allowlist: list[Allowed], given: Path) -> Iterator[Submission]:
    """Copy a submission and the given files into a fresh folder, which is removed at the end.

    Args:
        path: a folder or zip.
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
        yield Submission(path.stem if path.is_file() else path.resolve().name, folder, missing, tuple(present))


def _copy(path, allowlist, folder):
    if path.is_dir():
        found = _find_in_folder(path, allowlist)
    elif path.is_file():
        found = _find_in_zip(path, allowlist)
    else:
        raise SubmissionError(f"there is no submission at {path}: give a folder or a zip")
    present = []
    for allowed, read in found:
        content = read(allowed.max_bytes + 1)
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


def _find_in_folder(path, allowlist):
    for allowed in allowlist:
        file = path / allowed.name
        if file.is_symlink() or any(parent.is_symlink() for parent in file.parents if path in parent.parents):
            raise SubmissionError(f"{allowed.name} is a link: hand in the file itself")
        if file.is_file():

            def read(count, file=file):
                with file.open("rb") as stream:
                    return stream.read(count)

            yield allowed, read


def _find_in_zip(path, allowlist):
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise SubmissionError(
            f"{path} is not a zip that can be read ({error}): make it with collect_submission.sh"
        ) from error
    with archive:
        if len(members) > MEMBERS_CAP:
            raise SubmissionError(f"{path} has {len(members)} members, more than {MEMBERS_CAP}")
        root = _root([m.filename for m in members if not m.is_dir()], allowlist)
        for allowed in allowlist:
            named = [m for m in members if m.filename == root + allowed.name]
            if len(named) > 1:
                raise SubmissionError(f"{path} holds {allowed.name} {len(named)} times: hand in one")
            if named:
                yield allowed, lambda count, member=named[0]: _read_member(archive, member, count)


def _root(names, allowlist):
    """The folder inside the zip that holds the files: '' or e.g. 'student/'; the shallowest if there are several."""
    paths = [PurePosixPath(name) for name in names]
    paths = [p for p in paths if not p.is_absolute() and not {"..", "__MACOSX"} & set(p.parts)]
    required = {allowed.name for allowed in allowlist if "/" not in allowed.name}
    parents = [path.parent for path in paths if path.name in required]
    if not parents:
        return ""
    root = str(min(parents, key=lambda p: (len(p.parts), str(p))))
    return "" if root == "." else root + "/"


def _read_member(archive, member, count):
    if member.flag_bits & 1:
        raise SubmissionError(f"{member.filename} is encrypted")
    if (member.external_attr >> 16) & 0o170000 not in (0, 0o100000):
        raise SubmissionError(f"{member.filename} is a link or a special file: hand in the file itself")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # only these inflate piece by piece
        raise SubmissionError(f"{member.filename} in the zip cannot be read: compression method {member.compress_type}")
    try:
        with archive.open(member) as stream:
            return stream.read(count)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, ValueError) as error:
        raise SubmissionError(f"{member.filename} in the zip cannot be read: {error}") from error
