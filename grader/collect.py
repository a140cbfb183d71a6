"""The pre-flight of `sh collect_submission.sh`: refuses what cannot be graded, warns of the rest, and zips.

The written answers are no part of the zip: they become a document beside it, for those who mark them.
"""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

from grader import assignment as assignments
from grader import sandbox, written
from grader.assignment import Assignment
from grader.case import Case, InfrastructureError
from grader.judge import ending
from grader.sampling import load
from grader.submission import Submission, SubmissionError, lay_out

TODO = re.compile(r"NotImplementedError\(\"(TODO\([\w.]+\))")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files give the same zip, byte for byte


def collect(assignment: Assignment, tier, folder: Path, target: Path) -> list[str]:
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
                warnings.append(f"{checkpoint} is not there: {points:g} points of accuracy cannot be earned")
            elif problem := _does_not_load(assignment, tier, submission, graded[0]):
                problems.append(f"{checkpoint} does not load into the model of part {graded[0].part}: {problem}")
        if problems:
            raise SubmissionError("\n".join(problems))
        _write_zip(submission, target)
    return warnings


def _by_checkpoint(policy):
    """The accuracies of each checkpoint: part 5 asks a model for two lists."""
    found = {}
    for accuracy in policy.accuracy.values():
        found.setdefault(accuracy.checkpoint, []).append(accuracy)
    return found


def _unfinished(submission: Submission) -> list[str]:
    warnings = []
    for name in submission.present:
        if name.endswith(".py"):
            text = (submission.folder / name).read_text(errors="replace")
            warnings += [f"{name}: {todo} is not done" for todo in dict.fromkeys(TODO.findall(text))]
    return warnings


def _does_not_load(assignment, tier, submission, policy):
    case = Case(f"{policy.part}.checkpoint", "", 0.0, load, "", seconds=120.0)
    arguments = {"model": policy.model_arguments()}
    observation = tier.observe(case, submission.folder, 0, assignment.limits, arguments)
    problem = ending(observation)
    return problem and problem[1]


def _write_zip(submission, target):
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(submission.present):
            member = zipfile.ZipInfo(name, EPOCH)
            member.external_attr = 0o100644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, (submission.folder / name).read_bytes())


def collect_answers(notebooks: Path, target: Path) -> list[str]:
    """Write the answers to the written questions beside the zip `target`. Returns what to say of that, line by line."""
    try:
        made, unanswered = written.document(notebooks)
        if made is None:
            return [f"no written question is answered yet: the answers belong into the notebooks in {notebooks}"]
        path, told = written.export(made, target.with_name("written"), notebooks)
    except written.WrittenError as error:
        return [f"warning: the written answers are not collected: {error}"]
    missing = [f"warning: written questions without an answer: {', '.join(unanswered)}"] if unanswered else []
    return [*missing, f"{path}: your written answers, to be uploaded by themselves{told and f' ({told})'}"]


def main() -> None:
    """`python -m grader.collect FOLDER ZIP`."""
    folder, target = Path(sys.argv[1]), Path(sys.argv[2])
    assignment, tier = assignments.load(), sandbox.start("process")
    try:
        warnings = collect(assignment, tier, folder, target)
    except (SubmissionError, InfrastructureError) as error:
        sys.exit(f"not collected: {error}")
    finally:
        tier.close()
    for warning in warnings:
        print(f"warning: {warning}")
    print(f"{target}: ready to upload")
    for line in collect_answers(assignment.notebooks, target):
        print(line)


if __name__ == "__main__":
    main()
