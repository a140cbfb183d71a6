"""Reads a Canvas download of all submissions: one folder of files, whose names say who handed in what.

`{name}[_LATE]_{user}_{attachment}_{file}`, or `[LATE_]anon_{user}_{attachment}_{file}`. Canvas counts attempts in the
name of the file: `submission-1.zip` is newer than `submission.zip`. A text that was typed in, and a link, have no
attachment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from grader.batch.entries import Entry, Intake, record_id
from grader.report.record import Student
from grader.runtime.text import visible
from grader.submission.archive import Allowed, plain
from grader.submission.layout import name_of

_WHO = r"(?:(?P<late_anonymous>LATE_)?anon_(?P<anonymous>[A-Za-z0-9]+)|(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d+))"
_FILE = re.compile(rf"{_WHO}_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL)
_TYPED = re.compile(rf"{_WHO}_(?P<file>text|link)\.html", re.DOTALL)
_ATTEMPT = re.compile(r"(?P<stem>.+)-(?P<number>\d{1,4})(?P<ending>\.[^.]+)", re.DOTALL)


@dataclass(frozen=True)
class _Upload:
    """A file of the download."""

    path: Path
    user: str  # the number that Canvas gives a user, or an anonymous name
    name: str  # '' if anonymous
    late: bool
    attachment: int
    file: str  # as the student called it

    @property
    def is_zip(self) -> bool:
        return bool(self.attachment) and self.file.lower().endswith(".zip")

    @property
    def age(self) -> tuple[int, int]:
        """Greater for newer files."""
        attempt = _ATTEMPT.fullmatch(self.file)
        return int(attempt["number"]) if attempt else 0, self.attachment

    @property
    def first_name(self) -> str:
        """What the file was called before Canvas counted attempts."""
        attempt = _ATTEMPT.fullmatch(self.file)
        return attempt["stem"] + attempt["ending"] if attempt else self.file


def is_download(paths: Sequence[Path]) -> bool:
    """Whether most of these have names as Canvas gives them, and all of those are files."""
    named = [path for path in paths if _matched(path)]
    return 2 * len(named) > len(paths) and all(path.is_file() for path in named)


def read_download(paths: Sequence[Path], allowlist: Sequence[Allowed]) -> Intake:
    """List the submissions of a download.

    Args:
        paths: the files.
        allowlist: what may be handed in, for students who handed in files instead of a zip.
    """
    of_user: dict[str, list[_Upload]] = {}
    others = []
    for path in paths:
        if (match := _matched(path)) and path.is_file():
            upload = _upload(path, match)
            of_user.setdefault(upload.user, []).append(upload)
        else:
            others.append(path.name)
    entries = [_entry(user, uploads, allowlist) for user, uploads in of_user.items()]
    return Intake("a Canvas download", tuple(entries), tuple(others))


def _matched(path: Path) -> re.Match[str] | None:
    return _FILE.fullmatch(path.name) or _TYPED.fullmatch(path.name)


def _upload(path: Path, match: re.Match[str]) -> _Upload:
    part = match.groupdict()
    return _Upload(
        path,
        user=part["user"] or f"anon_{part['anonymous']}",
        name=part["name"] or "",
        late=bool(part["late"] or part["late_anonymous"]),
        attachment=int(part.get("attachment") or 0),
        file=part["file"],
    )


def _entry(user: str, uploads: Sequence[_Upload], allowlist: Sequence[Allowed]) -> Entry:
    """A student's newest zip counts; without a zip, the newest of each file that is asked for."""
    zips = sorted((upload for upload in uploads if upload.is_zip), key=lambda upload: upload.age)
    newest_zip = zips[-1] if zips else None
    loose = {} if newest_zip else _newest_files(uploads, allowlist)
    counts = [newest_zip] if newest_zip else list(loose.values())
    name = next((upload.name for upload in uploads if upload.name), "")
    identifier = f"{name}_{user}" if name else user
    entry = Entry(
        record_id(identifier, user),
        visible(identifier),
        path=None,
        students=(Student(name or user, user),),
        late=any(upload.late for upload in counts or uploads),
        passed_over=tuple(sorted(upload.path.name for upload in uploads if upload not in counts)),
    )
    if newest_zip:
        return replace(entry, submission=name_of(newest_zip.path), path=newest_zip.path)
    files = {asked: upload.path for asked, upload in loose.items()}
    return replace(entry, loose=files, problem="" if counts else _problem(uploads))


def _newest_files(uploads: Sequence[_Upload], allowlist: Sequence[Allowed]) -> Mapping[str, _Upload]:
    """The newest upload of each file on the allowlist, by its name there."""
    asked = {plain(PurePosixPath(allowed.name).name): allowed.name for allowed in allowlist}
    newest = {}
    for upload in sorted(uploads, key=lambda upload: upload.age):
        name = asked.get(plain(upload.file)) or asked.get(plain(upload.first_name))
        if upload.attachment and name:
            newest[name] = upload
    return newest


def _problem(uploads: Sequence[_Upload]) -> str:
    typed = {"text": "a text was typed in", "link": "a link was handed in"}
    reasons = sorted({typed.get(u.file, f"{u.file} is not one of the files to hand in") for u in uploads})
    return f"nothing can be graded: {'; '.join(reasons[:5])}. Hand in the zip that collect_submission.sh makes"
