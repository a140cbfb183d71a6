"""Hashes of all that a verdict depends on: a stage that was graded with the same hashes need not be graded again."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path

from grader import ROOT
from grader.accuracy.grade import Accuracy, accuracies_of
from grader.course.assignment import Assignment
from grader.grading.deciding_code import deciding_code
from grader.submission.layout import Submission

UNIT = "unit"  # the stage of all unit cases; every accuracy is a stage of its own


@dataclass(frozen=True)
class CacheKey:
    """What a stage was graded with: hashes, except the tier and the part."""

    submission: str
    grader: str  # its code, the given files, goldens, classifiers, and the versions of torch and numpy
    assignment: str  # of this stage: cases, or policy of the accuracy
    seed: str  # names and values of the seeds
    tier: str  # of trust
    part: str  # to which the unit cases were limited; '' is all of them

    def why_not(self, now: CacheKey) -> str:
        """Say why a stage that was graded with this key must be graded again with another; '' if it need not."""
        before, after = asdict(self), asdict(now)
        return " and ".join(reason for field, reason in _REASONS.items() if before[field] != after[field])


_REASONS = {
    "submission": "the submission changed",
    "grader": "the grader changed",
    "assignment": "assignment.toml or its cases changed",
    "seed": "the seeds changed",
    "tier": "the tier of trust changed",
    "part": "--part changed",
}


def stage_of(accuracy: Accuracy) -> str:
    """Name the stage of an accuracy."""
    return f"accuracy.{accuracy.name}"


def stage_keys(assignment: Assignment, seeds: Mapping[str, int], tier: str, part: int | None) -> dict[str, CacheKey]:
    """Return the key of each stage of this assignment; `submission` is still empty in it.

    Args:
        assignment: what is asked.
        seeds: by name.
        tier: of trust.
        part: to which grading is limited; None for all parts.
    """
    shared = CacheKey("", _grader_hash(assignment), "", _digest(sorted(seeds.items())), tier, "")
    policy = assignment.policy
    common = policy.public_seed, policy.limits.model_dump()
    files = [*_case_files(), *(Path(inspect.getfile(case.observe)) for case in assignment.cases)]
    about = [(c.id, c.reference, c.points, c.rtol, c.atol, c.seconds, c.bonus) for c in assignment.cases]
    unit = replace(shared, assignment=_digest((common, about), files), part=str(part or ""))
    accuracies = {
        stage_of(accuracy): replace(shared, assignment=_digest((common, accuracy.policy.model_dump())))
        for accuracy in accuracies_of(policy)
    }
    return {UNIT: unit} | accuracies


def submission_hash(submission: Submission) -> str:
    """Hash the files that were handed in, as they are laid out."""
    return _digest(submission.missing, (submission.folder / name for name in submission.present), submission.folder)


def problem_hash(problem: str) -> str:
    """Hash the reason why a submission cannot be laid out."""
    return _digest(("cannot be graded", problem))


def _case_files() -> list[Path]:
    return [*(ROOT / "grader" / "parts").glob("*/cases/**/*.py")]


def _grader_hash(assignment: Assignment) -> str:
    cases = set(_case_files())  # these belong to a stage's assignment
    code = [path for path in deciding_code() if path not in cases and path.suffix == ".py"]
    kinds = ("goldens", "fingerprints", "classifiers")
    kept = [path for kind in kinds for path in (assignment.resources / kind).rglob("*")]
    lists = {name for accuracy in assignment.policy.accuracy.values() for name in accuracy.resources}
    kept += [path for name in lists for path in assignment.resources.glob(name)]
    versions = [sys.version_info[:2], *(metadata.version(package) for package in ("torch", "numpy"))]
    return _digest(versions, [*code, *assignment.student.iterdir(), assignment.resources / "allowlist.txt", *kept])


def _digest(values: object, files: Iterable[Path] = (), root: Path = ROOT) -> str:
    """Hash values with a stable repr, and the names and contents of files."""
    digest = hashlib.blake2b(repr(values).encode(), digest_size=16)
    for path in sorted({path for path in files if path.is_file()}):
        name = path.relative_to(root) if path.is_relative_to(root) else path.name
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "blake2b").hexdigest()
        digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()
