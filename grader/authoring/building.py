"""Builds goldens and fingerprints, by running the very experiments that students' code is run in.

Its code is the authors' own: the solution, and the solution with a known mistake or a variant in it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from grader.authoring.patching import write_patched
from grader.authoring.stubs import solution_of
from grader.course.assignment import Assignment, Mistake, Variant
from grader.grading.goldens import Known
from grader.grading.judge import Arrays, Fingerprint, exception_of
from grader.runtime.case import Case, Ended, Observation
from grader.runtime.errors import UserError
from grader.runtime.rng import case_seed
from grader.sandbox.exchange import Job
from grader.sandbox.tier import Tier
from grader.submission.layout import lay_out

SOLUTION = "solution"
Observations = Mapping[str, Observation]  # by the ids of their cases
Change = TypeVar("Change", Mistake, Variant)


class GoldenError(UserError):
    """The solution does not complete a case, so there is no golden of it; the message names both."""


def observe_folder(
    assignment: Assignment, tier: Tier, folder: Path, cases: Iterable[Case], seed: int
) -> dict[str, Observation]:
    """Run cases on a folder laid out like a submission. Returns {case id: Observation}."""
    with lay_out(folder, assignment.allowlist, assignment.student) as submission:
        jobs = [Job(case, submission.folder, case_seed(seed, case.id), assignment.limits) for case in cases]
        return {job.case.id: tier.observe(job) for job in jobs}


def observe_change(
    assignment: Assignment, tier: Tier, change: Mistake | Variant, cases: Iterable[Case], seed: int
) -> dict[str, Observation]:
    """Do the same for the solution with a `Mistake` or `Variant` applied."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = write_patched(assignment, change, Path(temporary))
        return observe_folder(assignment, tier, folder, cases, seed)


def observe_changes(
    assignment: Assignment,
    tier: Tier,
    changes: Sequence[Change],
    cases_of: Callable[[Mistake | Variant], Iterable[Case]],
    seed: int,
) -> Iterator[tuple[Change, Observations]]:
    """Do the same for many changes, as many at a time as the tier has workers. Yields each with its observations."""

    def observe(change: Change) -> Observations:
        cases = list(cases_of(change))
        return observe_change(assignment, tier, change, cases, seed) if cases else {}

    with ThreadPoolExecutor(tier.size) as threads:
        yield from zip(changes, threads.map(observe, changes), strict=True)


def build_goldens(assignment: Assignment, tier: Tier, seed: int) -> Known:
    """Run the solution and the accepted alternatives: what it takes to decide, without a diagnosis.

    Raises:
        GoldenError: the solution or an alternative does not complete a case.
    """
    solution = observe_folder(assignment, tier, solution_of(assignment), assignment.cases, seed)
    goldens = {case.id: {SOLUTION: _completed(SOLUTION, case.id, solution[case.id])} for case in assignment.cases}
    alternatives = [v for v in assignment.variants if v.alternative_for]
    for variant, observations in observe_changes(assignment, tier, alternatives, assignment.named_by, seed):
        for id, observation in observations.items():
            goldens[id][variant.id] = _completed(variant.id, id, observation)
    return Known(goldens)


def build(assignment: Assignment, tier: Tier, seed: int) -> Known:
    """Run everything that the judge must know for a seed: the goldens, and the fingerprints of the mistakes.

    Raises:
        GoldenError: the solution or an alternative does not complete a case.
    """
    known = build_goldens(assignment, tier, seed)
    for mistake, observations in observe_changes(assignment, tier, assignment.mistakes, assignment.named_by, seed):
        for id, observation in observations.items():
            known.fingerprints.setdefault(id, []).append(fingerprint(mistake, observation))
    return known


def fingerprint(mistake: Mistake, observation: Observation) -> Fingerprint:
    """The fingerprint that an observation of a known mistake leaves."""
    if observation.ended is Ended.RAISED:
        return Fingerprint(mistake.id, mistake.hint, {}, exception_of(observation))
    return Fingerprint(mistake.id, mistake.hint, observation.arrays)


def _completed(source: str, id: str, observation: Observation) -> Arrays:
    if observation.ended is not Ended.COMPLETED or observation.not_arrays:
        why = observation.message or ", ".join(observation.not_arrays)
        raise GoldenError(f"{source} does not complete {id}: {observation.ended} {observation.exception} {why}")
    return observation.arrays
