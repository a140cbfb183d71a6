"""What a verdict depends on, as hashes: a stage that was graded with the same need not be graded again."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path

from grader import ROOT
from grader.accuracy import tasks
from grader.assignment import Assignment
from grader.submission import Submission

UNIT = "unit"  # the stage of all unit cases; every accuracy is a stage of its own
# What can change without any verdict changing: reports, commands, what proves the grader, what authors generate.
_DECIDES_NOTHING = (
    *("batch", "report", "bundle", "mistakes", "variants", "oracles", "watch", "__main__.py", "compare.py"),
    *("conftest.py", "demo.py", "fingerprints.py", "hints.py", "inline", "marks.py", "notebooks.py", "questions.py"),
    *("record.py", "release.py", "selfcheck.py", "similarity.py", "spreadsheet.py", "student.py"),
    *("test_submission.py", "update.py", "written.py"),
)


@dataclass(frozen=True)
class Key:
    """What a stage was graded with; each a hash, but for the tier and the part."""

    submission: str
    grader: str  # its code, the given files, goldens, classifiers, and the versions of torch and numpy
    assignment: str  # of this stage: cases, or policy of the accuracy
    seed: str  # of the names and values of seeds
    tier: str  # of trust
    part: str  # to which the unit cases were limited; '' is all of them

    def why_not(self, now: Key) -> str:
        """Why a stage graded with this must be graded again with another; '' if it need not."""
        before, after = asdict(self), asdict(now)
        return " and ".join(reason for field, reason in _REASONS.items() if before[field] != after[field])


_REASONS = {
    "submission": "the submission changed",
    "grader": "the grader changed",
    "assignment": "assignment.toml or its cases changed",
    "seed": "other seeds are graded with",
    "tier": "another tier of trust is used",
    "part": "another --part is graded",
}


def stage_of(task) -> str:
    """The stage of an accuracy."""
    return f"accuracy.{task.name}"


def stage_keys(assignment: Assignment, seeds: dict[str, int], tier: str, part: int | None) -> dict[str, Key]:
    """The key of each stage of this assignment, with nothing yet of a submission.

    Args:
        assignment: what is asked.
        seeds: by name.
        tier: of trust.
        part: to which it is limited; None for all.
    """
    graded_with = Key("", _of_grader(assignment), "", _digest(sorted(seeds.items())), tier, "")
    policy = assignment.policy
    common = policy.public_seed, policy.limits.model_dump()
    cases = [*(ROOT / "grader" / "cases").rglob("*.py"), *(Path(inspect.getfile(c.observe)) for c in assignment.cases)]
    about = [(c.id, c.reference, c.points, c.rtol, c.atol, c.seconds, c.bonus) for c in assignment.cases]
    unit = replace(graded_with, assignment=_digest((common, about), cases), part=str(part or ""))
    accuracies = {
        stage_of(task): replace(graded_with, assignment=_digest((common, task.policy.model_dump())))
        for task in tasks(policy)
    }
    return {UNIT: unit} | accuracies


def submission_hash(submission: Submission) -> str:
    """Of the files that were handed in, as they are laid out."""
    return _digest(submission.missing, (submission.folder / name for name in submission.present), submission.folder)


def problem_hash(problem: str) -> str:
    """Of a submission that cannot be laid out."""
    return _digest(("cannot be graded", problem))


def _of_grader(assignment):
    package = ROOT / "grader"
    code = [
        path for path in package.rglob("*.py") if path.relative_to(package).parts[0] not in (*_DECIDES_NOTHING, "cases")
    ]
    kept = [
        path
        for kind in ("goldens", "fingerprints", "classifiers", "iclevr")
        for path in (assignment.resources / kind).rglob("*")
    ]
    versions = [sys.version_info[:2], *(metadata.version(package) for package in ("torch", "numpy"))]
    return _digest(versions, [*code, *assignment.student.iterdir(), assignment.resources / "allowlist.txt", *kept])


def _digest(values, files: Iterable[Path] = (), root: Path = ROOT) -> str:
    """Of values with a stable repr, and of names and contents of files."""
    digest = hashlib.blake2b(repr(values).encode(), digest_size=16)
    for path in sorted({path for path in files if path.is_file()}):
        name = path.relative_to(root) if path.is_relative_to(root) else path.name
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "blake2b").hexdigest()
        digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()
