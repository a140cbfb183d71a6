"""Grades one submission: lays it out, runs the cases at a tier, judges what was observed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.assignment import Assignment
from grader.case import Case, InfrastructureError, Outcome, Verdict
from grader.golden import Known
from grader.judge import judge
from grader.sandbox import InProcess, Process
from grader.submission import Submission, lay_out

ATTEMPTS = 2  # an infrastructure fault is retried before it is reported


class Grading:
    """A submission that is being graded.

    Args:
        assignment: what is asked.
        tier: where its code runs.
        known: what the judge knows of the seed.
        submission: laid out.
    """

    def __init__(self, assignment: Assignment, tier: Process | InProcess, known: Known, submission: Submission):
        self.assignment, self.tier, self.known, self.submission = assignment, tier, known, submission

    def verdict(self, case: Case) -> Verdict:
        """Run and judge one case. Faults of the harness become INFRASTRUCTURE, never an exception or a zero."""
        for _ in range(ATTEMPTS):
            try:
                goldens, fingerprints = self.known.of(case)
                seed, limits = self.assignment.policy.public_seed, self.assignment.limits
                observation = self.tier.observe(case, self.submission.folder, seed, limits)
            except InfrastructureError as error:
                fault = str(error)
            else:
                return judge(case, observation, goldens, fingerprints)
        return Verdict(case, Outcome.INFRASTRUCTURE, 0.0, fault)


@contextlib.contextmanager
def open_submission(assignment: Assignment, tier, known: Known, path: Path) -> Iterator[Grading]:
    """Lay out the submission at `path` for the time of this context.

    Raises:
        SubmissionError: it cannot be graded at all.
    """
    with lay_out(path, assignment.allowlist, assignment.student) as submission:
        yield Grading(assignment, tier, known, submission)


def select(cases: Iterable[Case], part: int | None = None, keyword: str | None = None) -> list[Case]:
    """The cases of a part, and whose id contains the keyword."""
    return [c for c in cases if (part is None or c.part == part) and (keyword is None or keyword in c.id)]
