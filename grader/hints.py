"""Hints on demand, in three steps: where to look, which term of which equation, and what a run of the case says."""

from __future__ import annotations

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


def _diagnosis(verdict):
    if verdict is None:
        return "Run the case first: this step says what your code gives."
    if verdict.outcome is Outcome.PASSED:
        return "The case passes: there is nothing to mend."
    told = verdict.message.partition("\n")[0]
    if verdict.hint:
        return f"A known mistake: {verdict.hint}"
    if verdict.outcome is Outcome.FAILED:
        return f"{told}\nNo known mistake gives just this."
    return told
