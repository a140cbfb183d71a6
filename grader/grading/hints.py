"""Gives hints in three steps: where to look, which term of which equation, and what a run of the case says."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from grader import ROOT
from grader.runtime.case import Case, Outcome, Verdict

LABELS = ("Look at", "Equation", "Diagnosis")
STEPS = len(LABELS)


def steps(case: Case, verdict: Verdict | None) -> tuple[str, str, str]:
    """Return the three hints to a case, each of which reveals more than the one before.

    Args:
        case: the case that a student is stuck with.
        verdict: the verdict on the student's code; None if it has not run.

    Returns:
        What to look at; the equation, with the term to check; the diagnosis of a known mistake, or what differs.
    """
    return case.look, f"{case.equation}\n{case.term}", _diagnosis(verdict)


def command(id: str, submission: Path = ROOT / "student") -> str:
    """Return the command that shows hints to a case, to type in the current folder."""
    python = Path(sys.executable)
    if python.is_relative_to(Path.cwd()):
        python = python.relative_to(Path.cwd())
    of = "" if submission == ROOT / "student" else f" --submission {shlex.quote(str(submission))}"
    return f"{python} -m grader hint {id}{of}"


def _diagnosis(verdict: Verdict | None) -> str:
    if verdict is None:
        return "Run the case first: this step says what your code gives."
    if verdict.outcome is Outcome.PASSED:
        return "The case passes: there is nothing to repair."
    if verdict.hint:
        return f"A known mistake: {verdict.hint}"
    if verdict.outcome is Outcome.FAILED:
        differs, *_ = verdict.message.splitlines()
        return f"{differs}\nNo known mistake has exactly this result."
    return verdict.message  # it says where the run ended, and why
