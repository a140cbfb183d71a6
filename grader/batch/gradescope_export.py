"""Reads a Gradescope export: `submission_metadata.yml` says who handed in which folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.batch.entries import Entry, Intake, IntakeError, record_id
from grader.report.record import Student
from grader.submission.layout import name_of

METADATA = "submission_metadata.yml"
_MOST_BYTES = 50_000_000  # of it; ten thousand submissions have a tenth


@dataclass(frozen=True)
class _Attempt:
    """One time that a student or group handed in."""

    folder: str  # name
    students: tuple[Student, ...]
    time: str  # sorts by age; '' if it is not known

    @property
    def identity(self) -> frozenset[str] | str:
        """The same for all attempts of a student or group. A name alone may be that of several students."""
        group = frozenset(student.email or student.id for student in self.students)
        return group if group and "" not in group else self.folder


def read_export(metadata: Path, paths: Sequence[Path]) -> Intake:
    """List the submissions of an export: of several attempts the newest counts.

    Args:
        metadata: its `submission_metadata.yml`.
        paths: what lies beside it.

    Raises:
        IntakeError: the file cannot be read.
    """
    described = _read(metadata)
    folders = {path.name: path for path in paths if path.is_dir()}
    attempts: dict[frozenset[str] | str, list[_Attempt]] = {}
    for name in [*described, *(folders.keys() - described.keys())]:
        attempt = _attempt(name, described.get(name, {}))
        attempts.setdefault(attempt.identity, []).append(attempt)
    entries = [_entry(metadata, folders, group) for group in attempts.values()]
    others = sorted(path.name for path in paths if path.name not in folders and path != metadata)
    return Intake("a Gradescope export", tuple(entries), tuple(others))


def _read(metadata: Path) -> dict[str, Mapping[str, Any]]:
    """What the metadata say of each folder, by its name."""
    import yaml  # staff install it; no other folder needs it

    if metadata.stat().st_size > _MOST_BYTES:
        raise IntakeError(f"{metadata} has more than {_MOST_BYTES} bytes: is it the one that Gradescope made?")
    try:
        with metadata.open("rb") as file:
            content = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:300]
        raise IntakeError(f"{metadata} cannot be read ({reason}): export the submissions again") from error
    if not isinstance(content, dict) or not all(isinstance(about, dict) for about in content.values()):
        raise IntakeError(f"{metadata} does not describe submissions: export them again")
    return {str(name): about for name, about in content.items()}


def _attempt(name: str, about: Mapping[str, Any]) -> _Attempt:
    submitters = about.get(":submitters")
    listed = [s for s in submitters if isinstance(s, dict)] if isinstance(submitters, list) else []
    return _Attempt(name, tuple(map(_student, listed)), str(about.get(":created_at", "")))


def _student(submitter: Mapping[str, Any]) -> Student:
    """A submitter; whatever is missing is ''."""
    name, id, email = (str(submitter.get(key) or "") for key in (":name", ":sid", ":email"))
    return Student(name, id, email)


def _entry(metadata: Path, folders: Mapping[str, Path], attempts: Sequence[_Attempt]) -> Entry:
    newest = max(attempts, key=lambda attempt: attempt.time)
    name, students = newest.folder, newest.students
    folder = folders.get(name)
    readable = students[0].name if students else name
    return Entry(
        record=record_id(f"{readable} {name}", name),
        submission=name_of(folder or Path(name)),
        path=folder,
        students=students,
        passed_over=tuple(attempt.folder for attempt in attempts if attempt is not newest),
        problem="" if folder else f"{metadata.name} mentions {name}, but the export has no such folder",
    )
