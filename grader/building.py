"""Builds goldens and fingerprints, by running the very experiments that students' code is run in.

Its code is the authors' own: the solution, and the solution with a known mistake or a variant in it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grader.assignment import Assignment
from grader.case import Case, Ended, Observation
from grader.golden import Known
from grader.judge import Fingerprint, exception_of
from grader.release import write_patched
from grader.rng import case_seed
from grader.submission import lay_out

SOLUTION = "solution"


class GoldenError(Exception):
    """The solution does not complete a case, so there is no golden of it; the message names both."""


def observe_folder(assignment: Assignment, tier, folder: Path, cases: Iterable[Case], seed: int):
    """Run cases on a folder laid out like a submission. Returns {case id: Observation}."""
    with lay_out(folder, assignment.allowlist, assignment.student) as submission:
        return {c.id: tier.observe(c, submission.folder, case_seed(seed, c.id), assignment.limits) for c in cases}


def observe_change(assignment: Assignment, tier, change, cases: Iterable[Case], seed: int):
    """The same for the solution with a `Mistake` or `Variant` applied."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = write_patched(assignment, change, Path(temporary))
        return observe_folder(assignment, tier, folder, cases, seed)


def observe_changes(assignment: Assignment, tier, changes: Sequence, cases_of: Callable, seed: int):
    """The same for many changes, as many at a time as the tier has workers. Yields (change, {case id: Observation})."""
    with ThreadPoolExecutor(tier.size) as threads:
        observed = threads.map(lambda c: observe_change(assignment, tier, c, cases_of(c), seed), changes)
        yield from zip(changes, observed, strict=True)


def build_goldens(assignment: Assignment, tier, seed: int) -> Known:
    """Run the solution and the accepted alternatives: what it takes to decide, without a diagnosis.

    Raises:
        GoldenError: the solution or an alternative does not complete a case.
    """
    known = Known()
    solution = observe_folder(assignment, tier, assignment.solution, assignment.cases, seed)
    for case in assignment.cases:
        known.goldens[case.id] = {SOLUTION: _completed(SOLUTION, case.id, solution[case.id])}
    alternatives = [v for v in assignment.variants if v.alternative_for]
    for variant, found in observe_changes(assignment, tier, alternatives, assignment.named_by, seed):
        for id, observation in found.items():
            known.goldens[id][variant.id] = _completed(variant.id, id, observation)
    return known


def build(assignment: Assignment, tier, seed: int) -> Known:
    """Run everything that the judge must know for a seed: the goldens, and the fingerprints of the mistakes.

    Raises:
        GoldenError: the solution or an alternative does not complete a case.
    """
    known = build_goldens(assignment, tier, seed)
    for mistake, found in observe_changes(assignment, tier, assignment.mistakes, assignment.named_by, seed):
        for id, observation in found.items():
            known.fingerprints.setdefault(id, []).append(fingerprint(mistake, observation))
    return known


def fingerprint(mistake, observation: Observation) -> Fingerprint:
    """The fingerprint that an observation of a known mistake leaves."""
    if observation.ended is Ended.RAISED:
        return Fingerprint(mistake.id, mistake.hint, {}, exception_of(observation))
    return Fingerprint(mistake.id, mistake.hint, observation.arrays)


def _completed(source, id, observation):
    if observation.ended is not Ended.COMPLETED or observation.not_arrays:
        told = observation.message or ", ".join(observation.not_arrays)
        raise GoldenError(f"{source} does not complete {id}: {observation.ended} {observation.exception} {told}")
    return observation.arrays
