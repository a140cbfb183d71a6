"""Grades one submission: lays it out, runs the cases at a tier, judges what was observed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from grader import fixed_parts
from grader.assignment import Assignment
from grader.case import Case, InfrastructureError, Outcome, Verdict
from grader.golden import Known, Secret
from grader.judge import judge
from grader.rng import case_seed
from grader.submission import Submission, lay_out

ATTEMPTS = 2  # an infrastructure fault is retried before it is reported
# All that a student is told of a run with hidden inputs: anything of its own would show them.
ONLY_PUBLIC = (
    "passes with the public inputs, but not with others of the same kind that only the grader knows: either the answer "
    "depends on the particular inputs (values, sizes, timesteps), or it does not come out the same in every run"
)
NO_TIME = "was not run: the cases before it have used up the {:g} seconds that a submission has"


class Grading:
    """A submission that is being graded.

    Args:
        assignment: what is asked.
        tier: where its code runs.
        known: what the judge knows of the public seed.
        submission: laid out.
        secret: a secret seed and what the judge knows of it; None grades with the public one alone.

    Raises:
        ValueError: the tier runs student code in this process, which holds the secret.
    """

    def __init__(
        self,
        assignment: Assignment,
        tier,
        known: Known,
        submission: Submission,
        secret: Secret | None = None,
    ):
        if secret and tier.tier == "none":
            raise ValueError("student code must not run in a process that holds the secret seed")
        self.assignment, self.tier, self.known, self.submission = assignment, tier, known, submission
        self.secret = secret
        self._seconds_left = assignment.policy.limits.submission_seconds
        self._output_left = assignment.policy.limits.submission_output_bytes

    @property
    def seeds(self) -> list[str]:
        """Which seeds a case must pass with, by name."""
        return ["public", "secret"] if self.secret else ["public"]

    @property
    def accuracy_seed(self) -> int:
        """The seed of generated images: the secret one if there is one."""
        return self.secret.seed if self.secret else self.assignment.policy.public_seed

    def changed_parts(self, part: int | None = None) -> list[str]:
        """What the submission has changed outside the TODOs of the handout, a line each."""
        names = [allowed.name for allowed in self.assignment.allowlist if allowed.required]
        return fixed_parts.changed_parts(self.assignment.student, self.submission.folder, names, part)

    def verdict(self, case: Case) -> Verdict:
        """Run and judge one case. Faults of the harness become INFRASTRUCTURE, never an exception or a zero.

        With a secret seed a case must pass with both; of the run with hidden inputs a student learns no more than that.
        """
        if self._seconds_left <= 0:
            return Verdict(case, Outcome.ERROR, 0.0, NO_TIME.format(self.assignment.policy.limits.submission_seconds))
        public = self._verdict(case, self.assignment.policy.public_seed, self.known)
        if self.secret is None or public.outcome is not Outcome.PASSED:
            return public
        hidden = self._verdict(case, self.secret.seed, self.secret.known)
        seconds = public.seconds + hidden.seconds
        if hidden.outcome is Outcome.PASSED:
            return replace(public, seconds=seconds)
        if hidden.outcome is Outcome.INFRASTRUCTURE:
            return replace(hidden, seconds=seconds)
        outcome = Outcome.ERROR if hidden.outcome is Outcome.ERROR else Outcome.FAILED
        return replace(public, outcome=outcome, points=0.0, message=ONLY_PUBLIC, seconds=seconds)

    def _verdict(self, case, seed, known):
        for _ in range(ATTEMPTS):
            try:
                goldens, fingerprints = known.of(case)
                limits = self.assignment.limits
                observation = self.tier.observe(case, self.submission.folder, case_seed(seed, case.id), limits)
                observation = self._charge(observation)
            except InfrastructureError as error:
                fault = str(error)
            else:
                return judge(case, observation, goldens, fingerprints)
        return Verdict(case, Outcome.INFRASTRUCTURE, 0.0, fault)

    def _charge(self, observation):
        """Count what a case used of what the whole submission may use, and cut what it printed beyond that."""
        self._seconds_left -= observation.seconds
        output = observation.output[: self._output_left]
        self._output_left -= len(output)
        return replace(observation, output=output)


@contextlib.contextmanager
def open_submission(
    assignment: Assignment, tier, known: Known, path: Path, secret: Secret | None = None
) -> Iterator[Grading]:
    """Lay out the submission at `path` for the time of this context.

    Raises:
        SubmissionError: it cannot be graded at all.
    """
    with lay_out(path, assignment.allowlist, assignment.student) as submission:
        yield Grading(assignment, tier, known, submission, secret)


def select(cases: Iterable[Case], part: int | None = None, keyword: str | None = None) -> list[Case]:
    """The cases of a part, and whose id contains the keyword."""
    return [c for c in cases if (part is None or c.part == part) and (keyword is None or keyword in c.id)]
