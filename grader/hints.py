"""Hints on demand, in three steps: where to look, which term of which equation, and what a run of the case says."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from grader import ROOT
from grader.case import Case, Outcome, Verdict

STEPS = 3


def steps(case: Case, verdict: Verdict | None) -> tuple[str, str, str]:
    """The three hints to a case, each telling more than the one before.

    Args:
        case: that a student is stuck with.
        verdict: of the student's code; None if it has not run.

    Returns:
        What to look at; which equation, and which of its terms; the diagnosis of a known mistake, or what differs.
    """
    return case.look, f"{case.equation}\n{case.term}", _diagnosis(verdict)


def command(id: str, submission: Path = ROOT / "student") -> str:
    """What to type for hints to a case, in the folder in which this process was started."""
    python = Path(sys.executable)
    if python.is_relative_to(Path.cwd()):
        python = python.relative_to(Path.cwd())
    of = "" if submission == ROOT / "student" else f" --submission {shlex.quote(str(submission))}"
    return f"{python} -m grader hint {id}{of}"


def _diagnosis(verdict):
    if verdict is None:
        return "Run the case first: this step says what your code gives."
    if verdict.outcome is Outcome.PASSED:
        return "The case passes: there is nothing to mend."
    if verdict.hint:
        return f"A known mistake: {verdict.hint}"
    if verdict.outcome is Outcome.FAILED:
        differs, *_ = verdict.message.splitlines()
        return f"{differs}\nNo known mistake gives just this."
    return verdict.message  # which says where it ended, and why
