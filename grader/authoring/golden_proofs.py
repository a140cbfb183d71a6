"""What `grader check` proves about goldens and fingerprints alone, without running anything."""

from __future__ import annotations

from collections.abc import Iterator

from grader.authoring.building import SOLUTION
from grader.course.assignment import Assignment
from grader.grading.goldens import Known
from grader.grading.judge import differences, distance
from grader.runtime.case import Ended, Observation
from grader.runtime.rng import Streams, case_seed

REPLAYS = 200  # seeds under which the public goldens are tried
LUCK = 0.02  # the share of them under which they may pass


def disagreements(assignment: Assignment, known: Known, seed: int) -> Iterator[str]:
    """A line for each golden that its oracle does not derive, and for each of the two without the other."""
    oracles = {(o.case, o.variant or SOLUTION): o for o in assignment.oracles}
    for case in assignment.cases:
        for source, arrays in known.goldens.get(case.id, {SOLUTION: {}}).items():
            oracle = oracles.pop((case.id, source), None)
            if oracle is None:
                yield f"{case.id}: no oracle for the golden of {source}"
                continue
            expected = oracle.expected(Streams(case_seed(seed, case.id)))
            if expected.keys() != arrays.keys():
                yield f"{case.id}: the oracle of {source} is about {sorted(expected)}, not {sorted(arrays)}"
            for line in differences(case, Observation(Ended.COMPLETED, arrays), expected):
                yield f"{case.id}: the golden of {source} disagrees with its oracle: {line}"
    for id, source in oracles:
        yield f"{id}: its oracle for {source} has no golden"


def shared_fingerprints(assignment: Assignment, known: Known) -> Iterator[str]:
    """A line for any two mistakes that look the same in a case that both name: neither could be diagnosed."""
    for id, prints in known.fingerprints.items():
        case = assignment.by_id[id]
        for i, first in enumerate(prints):
            for second in prints[i + 1 :]:
                same = first.exception == second.exception and first.arrays.keys() == second.arrays.keys()
                if same and distance(case, first.arrays, second.arrays) <= 1:
                    yield f"{id}: mistakes {first.mistake} and {second.mistake} share a fingerprint"


def lucky_replays(assignment: Assignment, known: Known, seed: int) -> Iterator[str]:
    """A line for each case whose public golden passes with other seeds too. The oracles say what those ask for."""
    for case in assignment.cases:
        oracles = [o for o in assignment.oracles if o.case == case.id]
        replayed = [Observation(Ended.COMPLETED, arrays) for arrays in known.goldens.get(case.id, {}).values()]
        lucky = 0
        for other in range(seed + 1, seed + 1 + REPLAYS):
            expected = [oracle.expected(Streams(case_seed(other, case.id))) for oracle in oracles]
            lucky += any(not differences(case, r, e) for r in replayed for e in expected)
        if lucky > LUCK * REPLAYS:
            yield (
                f"{case.id}: its public golden passes with {lucky} of {REPLAYS} other seeds, so its answer can be "
                "hard-coded: draw more of it from rng"
            )
