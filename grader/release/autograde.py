"""What runs on Gradescope: `run_autograder` starts it as root, as `python -m grader.release.autograde`.

This repository's root is then `source/`, and beside it lie `submission/`, `results/` and `submission_metadata.json`. A
results.json that tells of a broken grader is there already; this one replaces it, whole, at the end.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from grader import ROOT, sandbox
from grader.accuracy.grade import Accuracy, accuracies_of
from grader.course import assignment as assignments
from grader.course.assignment import Assignment
from grader.grading import goldens
from grader.grading.goldens import Secret
from grader.grading.run import open_submission, select
from grader.report import results
from grader.report.terminal import OUTSIDE_TODOS, outside_todos
from grader.runtime.case import Case, Outcome, Verdict
from grader.runtime.errors import InfrastructureError
from grader.runtime.text import visible
from grader.sandbox import doctor
from grader.submission.archive import SubmissionError

SETTINGS, FALLBACK, SECRET = "gradescope.json", "fallback.json", "secret"  # in source/
MEMORY_BYTES = 2**28  # of a case: what a container of 768 MB leaves, beyond torch. The policy's limit is a laptop's
OUT_OF_TIME = "was not run: Gradescope's time was used up before it. This is not your fault, and will be graded again"


@dataclass(frozen=True)
class Settings:
    """What is graded on Gradescope."""

    part: int | None  # None: all parts
    accuracy: tuple[str, ...]  # tables [accuracy.NAME] of assignment.toml
    seconds: float  # from the start of the grader until it must have written its results

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Those that `grader gradescope` has written."""
        settings = json.loads(path.read_text())
        return cls(**settings | {"accuracy": tuple(settings["accuracy"])})

    def accuracies(self, assignment: Assignment) -> list[Accuracy]:
        """The accuracies that are graded."""
        return select([a for a in accuracies_of(assignment.policy) if a.name in self.accuracy], self.part)

    def cases(self, assignment: Assignment) -> list[Case]:
        """All that is graded, in the order of reports."""
        return [*select(assignment.cases, self.part), *(accuracy.case for accuracy in self.accuracies(assignment))]


class OutOfTimeError(Exception):
    """The time of the whole submission is used up."""


def main() -> None:
    """Grade what lies in `submission/`, and write `results/results.json`."""
    home, settings = ROOT.parent, Settings.read(ROOT / SETTINGS)
    with _deadline(settings.seconds):
        assignment = _within(assignments.load())
        hidden = Secret(int((ROOT / SECRET / "seed").read_text(), 16), goldens.load(ROOT / SECRET))
        document = grade(assignment, hidden, settings, home / "submission")
    document = with_metadata(document, home / "submission_metadata.json")
    results.write_atomically(home / "results" / "results.json", document)


def grade(assignment: Assignment, hidden: Secret, settings: Settings, path: Path) -> dict[str, Any]:
    """Grade a submission at the strongest tier of this machine. Returns Gradescope's results.

    What a submission changed outside the TODOs is printed, which staff alone can see: a hidden test would hide the
    student's total as well.

    Raises:
        InfrastructureError: this machine has no protection from submissions.
    """
    known, name = goldens.load(assignment.resources), doctor.strongest().tier
    if name not in ("sandbox", "restricted"):
        lacks = [line for finding in doctor.findings() for line in finding.lacks]
        raise InfrastructureError(f"this machine has no protection from submissions: {'; '.join(lacks)}")
    print(f"trust tier: {name}", flush=True)
    verdicts: list[Verdict] = []
    changed: list[str] = []
    with contextlib.closing(sandbox.start(name)) as tier:
        try:
            with open_submission(assignment, tier, known, path, hidden) as grading:
                changed += grading.changed_parts(settings.part)
                cases, accuracies = select(assignment.cases, settings.part), settings.accuracies(assignment)
                for verdict in grading.run(cases, accuracies):
                    verdicts.append(verdict)  # one by one: those that there was time for are kept
        except SubmissionError as error:
            refusal = {"output": f"This cannot be graded: {error}"}
            return results.gradescope(name, ["public", "secret"], []) | refusal
        except OutOfTimeError:
            rest = settings.cases(assignment)[len(verdicts) :]
            verdicts += [Verdict(case, Outcome.INFRASTRUCTURE, 0.0, OUT_OF_TIME) for case in rest]
    if changed:
        print(f"{OUTSIDE_TODOS}:\n{outside_todos(changed)}")
    return results.gradescope(name, ["public", "secret"], verdicts, changed)


def with_metadata(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """The results with what Gradescope tells of the submission: whose it is, and whether it is late."""
    metadata = json.loads(path.read_text()) if path.is_file() else {}
    due, handed_in = (metadata.get("assignment") or {}).get("due_date"), metadata.get("created_at")
    late = bool(due and handed_in and datetime.fromisoformat(handed_in) > datetime.fromisoformat(due))
    students = [visible(user.get("name") or "") for user in metadata.get("users") or []]
    extra = document["extra_data"] | {"students": students, "late": late}
    output = document["output"] + (f" Handed in after the due date, {due}." if late else "")
    return document | {"output": output, "extra_data": extra}


def _within(assignment: Assignment) -> Assignment:
    """The assignment with the memory that a container has."""
    limits = assignment.policy.limits
    lower = limits.model_copy(update={"memory_bytes": min(limits.memory_bytes, MEMORY_BYTES)})
    return replace(assignment, policy=assignment.policy.model_copy(update={"limits": lower}))


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise OutOfTimeError here when the time is up, wherever the grader then is."""

    def stop(*_: object) -> None:
        raise OutOfTimeError

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    try:
        main()
    except InfrastructureError as error:
        sys.exit(f"the grader failed: {error}")
