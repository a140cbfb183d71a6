"""The pre-flight of `sh collect_submission.sh`: refuses what cannot be graded, warns of the rest, and zips.

The written answers are no part of the zip: they become a document beside it, for those who mark them.
"""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from grader.commands.running import opened_tier
from grader.course import assignment as assignments
from grader.course.accuracy_policy import AccuracyPolicy
from grader.course.assignment import Assignment
from grader.course.policy import Policy
from grader.grading.judge import ending
from grader.runtime.case import Case
from grader.runtime.errors import InfrastructureError
from grader.runtime.sampling import load
from grader.sandbox.exchange import Job
from grader.sandbox.tier import Tier
from grader.submission.archive import SubmissionError
from grader.submission.layout import Submission, lay_out
from grader.written import document

TODO = re.compile(r"NotImplementedError\(\"(TODO\([\w.]+\))")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files give the same zip, byte for byte


def collect(assignment: Assignment, tier: Tier, folder: Path, target: Path) -> list[str]:
    """Check a folder and write the zip.

    Returns:
        Warnings: what is unfinished, but can be handed in.

    Raises:
        SubmissionError: what cannot be graded; nothing is written then.
    """
    with lay_out(folder, assignment.allowlist, assignment.student) as submission:
        if submission.missing:
            raise SubmissionError(f"missing in {folder}: {', '.join(submission.missing)}")
        warnings = _unfinished(submission)
        problems = []
        for checkpoint, graded in _by_checkpoint(assignment.policy).items():
            if checkpoint not in submission.present:
                points = sum(policy.points for policy in graded)
                warnings.append(f"{checkpoint} is not there: you cannot earn its {points:g} points of accuracy")
            elif problem := _does_not_load(assignment, tier, submission, graded[0]):
                problems.append(f"{checkpoint} does not load into the model of part {graded[0].part}: {problem}")
        if problems:
            raise SubmissionError("\n".join(problems))
        _write_zip(submission, target)
    return warnings


def _by_checkpoint(policy: Policy) -> dict[str, list[AccuracyPolicy]]:
    """The accuracies of each checkpoint: a model may be asked for several lists."""
    policies: dict[str, list[AccuracyPolicy]] = {}
    for accuracy in policy.accuracy.values():
        policies.setdefault(accuracy.checkpoint, []).append(accuracy)
    return policies


def _unfinished(submission: Submission) -> list[str]:
    warnings = []
    for name in submission.present:
        if name.endswith(".py"):
            text = (submission.folder / name).read_text(errors="replace")
            warnings += [f"{name}: {todo} is not done" for todo in dict.fromkeys(TODO.findall(text))]
    return warnings


def _does_not_load(assignment: Assignment, tier: Tier, submission: Submission, policy: AccuracyPolicy) -> str:
    """Why a checkpoint does not load; '' if it does."""
    case = Case(f"{policy.part}.checkpoint", "", 0.0, load, "", seconds=120.0)
    arguments = {"model": policy.model_arguments()}
    observation = tier.observe(Job(case, submission.folder, 0, assignment.limits, arguments))
    problem = ending(observation)
    return problem[1] if problem else ""


def _write_zip(submission: Submission, target: Path) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(submission.present):
            member = zipfile.ZipInfo(name, EPOCH)
            member.external_attr = 0o100644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, (submission.folder / name).read_bytes())


def collect_answers(notebooks: Path, target: Path) -> list[str]:
    """Write the answers to the written questions beside the zip `target`. Returns what to say of that, line by line."""
    try:
        answers, unanswered = document.document(notebooks)
        if answers is None:
            return [f"no written question is answered yet: the answers belong in the notebooks in {notebooks}"]
        path, note = document.export(answers, target.with_name("written"), notebooks)
    except document.WrittenError as error:
        return [f"warning: the written answers are not collected: {error}"]
    missing = [f"warning: written questions without an answer: {', '.join(unanswered)}"] if unanswered else []
    return [*missing, f"{path}: your written answers, to be uploaded by themselves{note and f' ({note})'}"]


def main(arguments: Sequence[str]) -> None:
    """`python -m grader.commands.collect FOLDER ZIP`."""
    folder, target = map(Path, arguments)
    assignment = assignments.load()
    try:
        with opened_tier() as tier:
            warnings = collect(assignment, tier, folder, target)
    except (SubmissionError, InfrastructureError) as error:
        sys.exit(f"not collected: {error}")
    for warning in warnings:
        print(f"warning: {warning}")
    print(f"{target}: ready to upload")
    for line in collect_answers(assignment.notebooks, target) if assignment.notebooks else ():
        print(line)


if __name__ == "__main__":
    main(sys.argv[1:])
