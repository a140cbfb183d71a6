"""A bulk export of Gradescope: `submission_metadata.yml` tells who handed in which folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from grader.batch.intake import Entry, Intake, IntakeError, record_id
from grader.record import Student
from grader.submission import name_of

METADATA = "submission_metadata.yml"
_MOST_BYTES = 50_000_000  # of it; ten thousand submissions have a tenth


def read_export(metadata: Path, found: Sequence[Path]) -> Intake:
    """List the submissions of an export.

    Args:
        metadata: its `submission_metadata.yml`.
        found: what lies beside it.

    Raises:
        IntakeError: the file cannot be read.
    """
    told = _read(metadata)
    folders = {path.name: path for path in found if path.is_dir()}
    newest, older = {}, {}
    for name in [*told, *(folders.keys() - told.keys())]:
        about = told.get(name, {})
        students = tuple(map(_student, _listed(about.get(":submitters"))))
        group = frozenset(student.email or student.id for student in students)
        identity = group if group and "" not in group else name
        handed_in = str(about.get(":created_at", ""))
        if identity not in newest or handed_in > newest[identity][0]:
            if identity in newest:
                older.setdefault(identity, []).append(newest[identity][1])
            newest[identity] = handed_in, name, students
        else:
            older.setdefault(identity, []).append(name)
    entries = [
        _entry(metadata, folders.get(name), name, students, older.get(identity, ()))
        for identity, (_, name, students) in newest.items()
    ]
    others = sorted(path.name for path in found if path.name not in folders and path != metadata)
    return Intake("an export of Gradescope", tuple(entries), tuple(others))


def _read(metadata):
    if metadata.stat().st_size > _MOST_BYTES:
        raise IntakeError(f"{metadata} has more than {_MOST_BYTES} bytes: is it the one that Gradescope made?")
    try:
        with metadata.open("rb") as file:
            told = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:300]
        raise IntakeError(f"{metadata} cannot be read ({reason}): export the submissions again") from error
    if not isinstance(told, dict) or not all(isinstance(about, dict) for about in told.values()):
        raise IntakeError(f"{metadata} does not tell of submissions: export them again")
    return {str(name): about for name, about in told.items()}


def _listed(value):
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _student(about):
    """A submitter; whatever is missing is ''."""
    name, id, email = (str(about.get(key) or "") for key in (":name", ":sid", ":email"))
    return Student(name, id, email)


def _entry(metadata, folder, name, students, older):
    problem = "" if folder else f"{metadata.name} tells of {name}, but there is no such folder in the export"
    spelt = name_of(folder) if folder else name_of(Path(name))
    readable = students[0].name if students else name
    return Entry(record_id(f"{readable} {name}", name), spelt, folder, students, False, {}, tuple(older), problem)
