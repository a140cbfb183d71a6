"""Grades one submission: lays it out, runs its cases at a tier, judges what was observed, then asks its models.

`Grading.run` is the only loop that does so, whoever asks: the command line, a batch, Gradescope, the demo.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from grader.course.assignment import Assignment
from grader.grading.goldens import Known, Secret
from grader.grading.judge import judge
from grader.runtime.case import Case, Observation, Outcome, Verdict
from grader.runtime.errors import InfrastructureError
from grader.runtime.rng import case_seed
from grader.sandbox.exchange import Job
from grader.sandbox.tier import Tier
from grader.submission import changes
from grader.submission.layout import Submission, lay_out

ATTEMPTS = 2  # an infrastructure fault is retried before it is reported
Show = Callable[[np.ndarray, np.ndarray], None]  # gets images (N, C, H, W) and the column of each, (N,)


class OfPart(Protocol):
    """Anything that earns points in a part."""

    @property
    def id(self) -> str: ...

    @property
    def part(self) -> int: ...


class Model(OfPart, Protocol):
    """An accuracy, as `grader.accuracy` implements it."""

    def grade(self, grading: Grading, device: str, show: Show | None = None) -> Verdict:
        """Ask the submission's model, and decide the points."""
        ...


Item = TypeVar("Item", bound=OfPart)

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
        tier: Tier,
        known: Known,
        submission: Submission,
        secret: Secret | None = None,
    ):
        if secret and tier.name == "none":
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
        return changes.changed_parts(self.assignment.student, self.submission.folder, names, part)

    def run(
        self,
        cases: Iterable[Case],
        accuracies: Iterable[Model] = (),
        on_progress: Callable[[str], None] = lambda what: None,
        device: str = "cpu",
        show: Callable[[Model], Show] | None = None,
    ) -> Iterator[Verdict]:
        """Grade cases, then accuracies. Yields each verdict as soon as it is decided.

        Args:
            cases: in the order of reports.
            accuracies: likewise.
            on_progress: gets a line before each of them.
            device: where the submission's models generate.
            show: gives, for an accuracy, what takes the images of its first round.
        """
        for case in cases:
            on_progress(f"{case.id}: {case.title}")
            yield self.verdict(case)
        for accuracy in accuracies:
            on_progress(f"{accuracy.id}: generating images on {device}")
            yield accuracy.grade(self, device, show and show(accuracy))

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

    def _verdict(self, case: Case, seed: int, known: Known) -> Verdict:
        fault = ""
        for _ in range(ATTEMPTS):
            try:
                goldens, fingerprints = known.of(case)
                job = Job(case, self.submission.folder, case_seed(seed, case.id), self.assignment.limits)
                observation = self._charge(self.tier.observe(job))
            except InfrastructureError as error:
                fault = str(error)
            else:
                return judge(case, observation, goldens, fingerprints)
        return Verdict(case, Outcome.INFRASTRUCTURE, 0.0, fault)

    def _charge(self, observation: Observation) -> Observation:
        """Count what a case used of what the whole submission may use, and cut what it printed beyond that."""
        self._seconds_left -= observation.seconds
        output = observation.output[: self._output_left]
        self._output_left -= len(output)
        return replace(observation, output=output)


@contextlib.contextmanager
def open_submission(
    assignment: Assignment, tier: Tier, known: Known, path: Path, secret: Secret | None = None
) -> Iterator[Grading]:
    """Lay out the submission at `path` for the time of this context.

    Raises:
        SubmissionError: it cannot be graded at all.
    """
    with lay_out(path, assignment.allowlist, assignment.student) as submission:
        yield Grading(assignment, tier, known, submission, secret)


def select(items: Iterable[Item], part: int | None = None) -> list[Item]:
    """Those of one part; all of them if no part is given."""
    return [item for item in items if part is None or item.part == part]
