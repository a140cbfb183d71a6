"""From untrusted bytes to a folder that can be graded: exactly the allowlist, capped, flat, no links.

A submission is a folder or a zip. What is not on the allowlist is left behind; the given files are always ours.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.members import Allowed, SubmissionError, members_of, only, plain, required_names
from grader.text import visible


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
def lay_out(path: Path, allowlist: list[Allowed], given: Path, within: Path | None = None) -> Iterator[Submission]:
    """Copy a submission and the given files into a fresh folder, which is removed at the end.

    Args:
        path: a folder or zip. Its files may lie in a folder of their own: the shallowest that holds a required one.
        allowlist: what may be handed in.
        given: the folder of given files (`student/`); those that are on the allowlist are not taken from it.
        within: where the fresh folder is made; by default among the temporary files.

    Raises:
        SubmissionError: nothing there, not a zip, none of the files in it, a file too large, a link or a duplicate.
    """
    with tempfile.TemporaryDirectory(prefix="submission-", dir=within) as temporary:
        folder = Path(temporary).resolve()
        names = {allowed.name for allowed in allowlist}
        for file in given.iterdir():
            if file.is_file() and file.name not in names:
                shutil.copyfile(file, folder / file.name)
        present = _copy(path, allowlist, folder)
        missing = tuple(a.name for a in allowlist if a.required and a.name not in present)
        yield Submission(name_of(path), folder, missing, tuple(present))


def name_of(path: Path) -> str:
    """What a submission is called in reports and in the TA's marks: as its folder, or as its zip without the ending."""
    return visible(path.stem if path.is_file() else path.resolve().name)


def contents(path: Path, allowlist: list[Allowed]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each allowed file of a submission, one at a time.

    Raises:
        SubmissionError: as for `lay_out`, but that none of the files is there.
    """
    with members_of(path, allowlist) as members:
        for allowed, member in _chosen(members, allowlist):
            try:
                content = member.read(allowed.max_bytes + 1)
            except SubmissionError:
                raise
            except Exception as error:  # a damaged member makes zipfile and zlib raise nearly anything
                raise SubmissionError(f"{allowed.name} cannot be read: {error}") from error
            if len(content) > allowed.max_bytes:
                raise SubmissionError(f"{allowed.name} is larger than the {allowed.max_bytes} bytes allowed")
            yield allowed.name, content


def _copy(path, allowlist, folder):
    present = []
    for name, content in contents(path, allowlist):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        present.append(name)
    if not present:
        required = ", ".join(a.name for a in allowlist if a.required)
        raise SubmissionError(f"{path} holds none of the files to hand in ({required}): is it the right folder?")
    return present


def _chosen(members, allowlist):
    """The member for each allowed file that was handed in."""
    named = {}
    for member in members:
        named.setdefault(member.name, []).append(member)
    root = _root(named, allowlist)
    for allowed in allowlist:
        wanted = PurePosixPath(root, plain(allowed.name))
        names = (allowed.name, *PurePosixPath(allowed.name).parents)
        for place, name in zip((wanted, *wanted.parents), names, strict=False):
            if any(member.special for member in named.get(str(place), ())):
                raise SubmissionError(f"{name} is a link or a special file: hand in the file itself")
        found = named.get(str(wanted), ())
        if len(found) > 1:
            raise SubmissionError(f"the submission holds {allowed.name} {len(found)} times: hand in one")
        if found:
            yield allowed, found[0]


def _root(names, allowlist):
    """The folder that holds the files: '' or e.g. 'student'; the shallowest if there are several."""
    required = required_names(allowlist)
    parents = {path.parent for path in map(PurePosixPath, names) if path.name in required}
    depth = min((len(parent.parts) for parent in parents), default=0)
    return only({str(parent) for parent in parents if len(parent.parts) == depth} or {""})
