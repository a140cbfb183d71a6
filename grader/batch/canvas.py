"""A download of all submissions from Canvas: one folder of files, whose names tell who handed in what.

`{name}[_LATE]_{user}_{attachment}_{file}`, or `[LATE_]anon_{user}_{attachment}_{file}`. Canvas counts attempts in the
name of the file: `submission-1.zip` is newer than `submission.zip`. What was typed in, or is a link, has no attachment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.batch.intake import Entry, Intake, record_id
from grader.members import Allowed, plain
from grader.record import Student
from grader.submission import name_of
from grader.text import visible

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


def is_download(found: Sequence[Path]) -> bool:
    """Whether most of what lies in a folder has such names, and all of that is files."""
    named = [path for path in found if _matched(path)]
    return 2 * len(named) > len(found) and all(path.is_file() for path in named)


def read_download(found: Sequence[Path], allowlist: Sequence[Allowed]) -> Intake:
    """List the submissions of a download.

    Args:
        found: the files.
        allowlist: what may be handed in, for those who did so without a zip.
    """
    of_user, others = {}, []
    for path in found:
        if (match := _matched(path)) and path.is_file():
            upload = _upload(path, match)
            of_user.setdefault(upload.user, []).append(upload)
        else:
            others.append(path.name)
    entries = [_entry(user, uploads, allowlist) for user, uploads in of_user.items()]
    return Intake("a download of Canvas", tuple(entries), tuple(others))


def _matched(path):
    return _FILE.fullmatch(path.name) or _TYPED.fullmatch(path.name)


def _upload(path, match):
    told = match.groupdict()
    late = bool(told["late"] or told["late_anonymous"])
    attachment = int(told.get("attachment") or 0)
    user = told["user"] or f"anon_{told['anonymous']}"
    return _Upload(path, user, told["name"] or "", late, attachment, told["file"])


def _entry(user, uploads, allowlist):
    """A student's newest zip counts; without one, the newest of each file that is asked for."""
    names = {plain(PurePosixPath(a.name).name): a.name for a in allowlist}
    zips, loose = [], {}
    for upload in sorted(uploads, key=_age):
        if _is_zip(upload):
            zips.append(upload)
        elif upload.attachment and (asked := names.get(plain(upload.file)) or names.get(plain(_first_name(upload)))):
            loose[asked] = upload
    counts = zips[-1:] or list(loose.values())
    late, name = any(upload.late for upload in counts or uploads), next((u.name for u in uploads if u.name), "")
    student = Student(name or user, user)
    called = f"{name}_{user}" if name else user
    problem = "" if counts else _problem(uploads)
    passed_over = tuple(sorted(u.path.name for u in uploads if u not in counts))
    if zips:
        return Entry(record_id(called, user), name_of(zips[-1].path), zips[-1].path, (student,), late, {}, passed_over)
    files = {asked: upload.path for asked, upload in loose.items()}
    return Entry(record_id(called, user), visible(called), None, (student,), late, files, passed_over, problem)


def _is_zip(upload):
    return bool(upload.attachment) and upload.file.lower().endswith(".zip")


def _age(upload):
    """Newer ones are greater."""
    attempt = _ATTEMPT.fullmatch(upload.file)
    return int(attempt["number"]) if attempt else 0, upload.attachment


def _first_name(upload):
    """What a file was called before Canvas counted attempts."""
    attempt = _ATTEMPT.fullmatch(upload.file)
    return attempt["stem"] + attempt["ending"] if attempt else upload.file


def _problem(uploads):
    typed = {"text": "a text was typed in", "link": "a link was handed in"}
    told = sorted({typed.get(u.file, f"{u.file} is none of the files to hand in") for u in uploads})
    return f"nothing can be graded: {'; '.join(told[:5])}. A zip made by collect_submission.sh is what counts"
