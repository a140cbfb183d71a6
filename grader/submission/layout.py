"""From untrusted bytes to a folder that can be graded: exactly the files of the allowlist, capped, flat, no links.

A submission is a folder or a zip. What is not on the allowlist stays behind; the given files are always ours.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.runtime.text import visible
from grader.submission.archive import Allowed, Member, SubmissionError, members_of, only, plain, required_names

__all__ = ["Allowed", "Submission", "SubmissionError", "contents", "lay_out", "name_of", "parse_allowlist"]


@dataclass(frozen=True)
class Submission:
    """A submission laid out for grading."""

    name: str  # of the folder or zip that it came from
    folder: Path  # flat: the student's files and the given ones
    missing: tuple[str, ...]  # required files that were not handed in
    present: tuple[str, ...]  # files that were handed in


def parse_allowlist(text: str) -> list[Allowed]:
    """Read the text of `allowlist.txt`: each line is 'name required|optional max_bytes', and # starts a comment."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [Allowed(name, need == "required", int(size)) for name, need, size in lines]


@contextlib.contextmanager
def lay_out(path: Path, allowlist: list[Allowed], given: Path, within: Path | None = None) -> Iterator[Submission]:
    """Copy a submission and the given files into a fresh folder, and remove it at the end.

    Args:
        path: a folder or zip. Its files may lie in a subfolder: the shallowest one that holds a required file counts.
        allowlist: what may be handed in.
        given: the folder of given files (`student/`). A file on the allowlist never comes from here.
        within: where to make the fresh folder; by default among the temporary files.

    Raises:
        SubmissionError: there is nothing, no zip, or none of the files; or one is too large, a link, or there twice.
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
    """The name of a submission in reports and in the TA's marks: that of its folder or zip, without .zip."""
    return visible(path.stem if path.is_file() else path.resolve().name)


def contents(path: Path, allowlist: list[Allowed]) -> Iterator[tuple[str, bytes]]:
    """The name and content of each allowed file of a submission, one at a time.

    Raises:
        SubmissionError: as for `lay_out`, except that none of the files need be there.
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


def _copy(path: Path, allowlist: list[Allowed], folder: Path) -> list[str]:
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


def _chosen(members: list[Member], allowlist: list[Allowed]) -> Iterator[tuple[Allowed, Member]]:
    """The member for each allowed file that was handed in."""
    named: dict[str, list[Member]] = {}
    for member in members:
        named.setdefault(member.name, []).append(member)
    root = _root(named, allowlist)
    for allowed in allowlist:
        wanted = PurePosixPath(root, plain(allowed.name))
        names = (allowed.name, *PurePosixPath(allowed.name).parents)
        for place, name in zip((wanted, *wanted.parents), names, strict=False):
            if any(member.special for member in named.get(str(place), ())):
                raise SubmissionError(f"{name} is a link or a special file: hand in the file itself")
        copies = named.get(str(wanted), [])
        if len(copies) > 1:
            raise SubmissionError(f"the submission holds {allowed.name} {len(copies)} times: hand in one")
        if copies:
            yield allowed, copies[0]


def _root(names: Iterable[str], allowlist: list[Allowed]) -> str:
    """The folder that holds the files: '' or e.g. 'student'; the shallowest if there are several."""
    required = required_names(allowlist)
    parents = {path.parent for path in map(PurePosixPath, names) if path.name in required}
    depth = min((len(parent.parts) for parent in parents), default=0)
    return only({str(parent) for parent in parents if len(parent.parts) == depth} or {""})
