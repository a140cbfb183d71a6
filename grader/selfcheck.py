"""`grader check`: the grader proves itself, case by case.

The untouched stub is not implemented; the solution scores full marks; every mistake fails the cases it names and earns
its own hint and no other; every variant scores full marks; every golden agrees with an independent oracle; and every
case can fail, and has hints of its own. A change is tried on the cases that it can touch: those that call a function in
which it is. All that decides points holds for other seeds as well, under which the public goldens are worth nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from grader import building, reach
from grader.assignment import Assignment
from grader.building import SOLUTION, GoldenError
from grader.case import Ended, Observation, Outcome
from grader.golden import Known
from grader.judge import differences, distance, judge
from grader.rng import Streams, case_seed

WRONG = (Outcome.FAILED, Outcome.ERROR)
MARGIN = 5.0  # tolerances that lie at least between a golden and the nearest mistake
REPLAYS = 200  # seeds under which the public goldens are tried
LUCK = 0.02  # the share of them under which they may pass


@dataclass
class Report:
    """What was proved, and what was not."""

    failures: list[str] = field(default_factory=list)
    margins: dict[str, tuple[float, str]] = field(default_factory=dict)  # case -> (tolerances, nearest mistake)
    counts: dict[int, dict[str, float]] = field(default_factory=dict)  # part -> what there is of each kind

    def document(self) -> dict:
        """What `grader check --json` prints."""
        margins = {id: {"tolerances": m, "mistake": who} for id, (m, who) in self.margins.items()}
        return {"parts": {str(p): c for p, c in self.counts.items()}, "margins": margins, "failures": self.failures}


def check(
    assignment: Assignment, tier, known: Known, progress: Callable = lambda what: None, other_seeds: int = 3
) -> Report:
    """Prove everything that can be proved about an assignment.

    Args:
        assignment: with its solution, mistakes, variants and oracles.
        tier: where the experiments run.
        known: the goldens and fingerprints as committed.
        progress: told what is being tried.
        other_seeds: that the solution and the variants are tried under as well; under the first also the mistakes.
    """
    report = Report(counts=_counts(assignment))
    seed = assignment.policy.public_seed
    judging = _Judging(assignment, known)

    _check_hints(assignment, report)
    progress("reach")
    touched = reach.cases_of(assignment, tier, seed)
    progress("oracles")
    _check_oracles(assignment, known, seed, report)
    progress("solution")
    solution = building.observe_folder(assignment, tier, assignment.solution, assignment.cases, seed)
    _all_pass(judging, solution, "the solution", report)
    progress("stubs")
    stubs = building.observe_folder(assignment, tier, assignment.student, assignment.cases, seed)
    for case in assignment.cases:
        outcome = judging.judge(case, stubs[case.id]).outcome
        if outcome is not Outcome.NOT_IMPLEMENTED:
            report.failures.append(f"{case.id}: the untouched stub is {outcome}, not NOT_IMPLEMENTED")
    for variant, observations in building.observe_changes(assignment, tier, assignment.variants, touched, seed):
        progress(variant.id)
        _all_pass(judging, observations, f"variant {variant.id}", report)
    caught = {case.id: 0 for case in assignment.cases}
    for mistake, observations in building.observe_changes(assignment, tier, assignment.mistakes, touched, seed):
        progress(mistake.id)
        _check_mistake(judging, mistake, observations, caught, report)
    report.failures += [
        f"{id}: no mistake makes this case fail, so it shows nothing" for id, n in caught.items() if not n
    ]
    _check_fingerprints(assignment, known, report)
    progress("replays")
    _check_replays(assignment, known, seed, report)
    for other in range(seed + 1, seed + 1 + other_seeds):
        progress(f"seed {other}")
        mistakes = assignment.mistakes if other == seed + 1 else ()
        _check_seed(assignment, tier, other, mistakes, touched, report)
    return report


@dataclass
class _Judging:
    """Judges observations by what is known."""

    assignment: Assignment
    known: Known

    def judge(self, case, observation: Observation):
        goldens, fingerprints = self.known.of(case)
        return judge(case, observation, goldens, fingerprints)


def _all_pass(judging, observations, who, report):
    for id, observation in observations.items():
        verdict = judging.judge(judging.assignment.by_id[id], observation)
        if verdict.outcome is not Outcome.PASSED:
            report.failures.append(f"{id}: {who} is {verdict.outcome}: {verdict.message}")


def _check_mistake(judging, mistake, observations, caught, report):
    report.failures += [
        f"{id}: mistake {mistake.id} is in nothing that the case calls"
        for id in mistake.fails
        if id not in observations
    ]
    for id, observation in observations.items():
        case = judging.assignment.by_id[id]
        verdict = judging.judge(case, observation)
        if id in mistake.fails:
            if verdict.outcome not in WRONG:
                report.failures.append(f"{id}: mistake {mistake.id} is {verdict.outcome}: the case does not see it")
                continue
            caught[id] += 1
            _note_margin(judging, case, observation, mistake, report)
            if verdict.diagnosis != mistake.id:
                found = verdict.diagnosis or "nothing"
                report.failures.append(f"{id}: mistake {mistake.id} is diagnosed as {found}")
        elif verdict.diagnosis:
            report.failures.append(f"{id}: mistake {mistake.id} earns the hint of {verdict.diagnosis}")


def _note_margin(judging, case, observation, mistake, report):
    """How far the nearest mistake is from any golden, in tolerances: the justification of the tolerance."""
    if observation.ended is not Ended.COMPLETED:
        return
    margin = min(distance(case, observation.arrays, golden) for golden in judging.known.goldens[case.id].values())
    if margin < report.margins.get(case.id, (float("inf"), ""))[0]:
        report.margins[case.id] = (margin, mistake.id)
    if margin < MARGIN:
        report.failures.append(f"{case.id}: mistake {mistake.id} is only {margin:.1f} tolerances away: tighten them")


def _check_hints(assignment, report):
    """Every case has its two hints, and none repeats what a student has read already: title, equation, another hint."""
    told = {text: case.id for case in assignment.cases for text in (case.title, case.equation)}
    for case in assignment.cases:
        for name in ("look", "term"):
            text = getattr(case, name)
            if not text:
                report.failures.append(f"{case.id}: has no hint: write {name}=... beside its equation (grader/case.py)")
            elif text in told:
                report.failures.append(f"{case.id}: its {name} says no more than a text of {told[text]}")
            told[text] = case.id


def _check_oracles(assignment, known, seed, report):
    oracles = {(o.case, o.variant or SOLUTION): o for o in assignment.oracles}
    for case in assignment.cases:
        for source, arrays in known.goldens.get(case.id, {SOLUTION: {}}).items():
            oracle = oracles.pop((case.id, source), None)
            if oracle is None:
                report.failures.append(f"{case.id}: no oracle for the golden of {source}")
                continue
            expected = oracle.expected(Streams(case_seed(seed, case.id)))
            if expected.keys() != arrays.keys():
                report.failures.append(
                    f"{case.id}: the oracle of {source} is about {sorted(expected)}, not {sorted(arrays)}"
                )
            for line in differences(case, Observation(Ended.COMPLETED, arrays), expected):
                report.failures.append(f"{case.id}: the golden of {source} disagrees with its oracle: {line}")
    report.failures += [f"{case}: its oracle for {source} has no golden" for case, source in oracles]


def _check_fingerprints(assignment, known, report):
    """No two mistakes may look the same in a case that both name, or neither could be diagnosed."""
    for id, prints in known.fingerprints.items():
        case = assignment.by_id[id]
        for i, first in enumerate(prints):
            for second in prints[i + 1 :]:
                same = first.exception == second.exception and first.arrays.keys() == second.arrays.keys()
                if same and distance(case, first.arrays, second.arrays) <= 1:
                    report.failures.append(f"{id}: mistakes {first.mistake} and {second.mistake} share a fingerprint")


def _check_replays(assignment, known, seed, report):
    """Who hands in the public goldens passes with the public seed only. The oracles tell what other seeds ask for."""
    for case in assignment.cases:
        oracles = [o for o in assignment.oracles if o.case == case.id]
        replayed = [Observation(Ended.COMPLETED, arrays) for arrays in known.goldens.get(case.id, {}).values()]
        lucky = 0
        for other in range(seed + 1, seed + 1 + REPLAYS):
            expected = [oracle.expected(Streams(case_seed(other, case.id))) for oracle in oracles]
            lucky += any(not differences(case, r, e) for r in replayed for e in expected)
        if lucky > LUCK * REPLAYS:
            report.failures.append(
                f"{case.id}: its public golden passes with {lucky} of {REPLAYS} other seeds, so its answer can be "
                "hard-coded: draw more of it from rng"
            )


def _check_seed(assignment, tier, seed, mistakes, touched, report):
    """With another seed the oracles agree, every variant passes, and no mistake passes a case that it names."""
    try:
        judging = _Judging(assignment, building.build_goldens(assignment, tier, seed))
    except GoldenError as error:
        report.failures.append(f"with seed {seed}: {error}")
        return
    found = Report()
    _check_oracles(assignment, judging.known, seed, found)
    for variant, observations in building.observe_changes(assignment, tier, assignment.variants, touched, seed):
        _all_pass(judging, observations, f"variant {variant.id}", found)
    for mistake, observations in building.observe_changes(assignment, tier, mistakes, assignment.named_by, seed):
        for id, observation in observations.items():
            if judging.judge(assignment.by_id[id], observation).outcome not in WRONG:
                found.failures.append(f"{id}: the case does not see mistake {mistake.id}")
    report.failures += [f"with seed {seed}: {failure}" for failure in found.failures]


def _counts(assignment):
    def of(things, part):
        return sum(1 for t in things if (getattr(t, "id", None) or t.case).split(".")[0] == str(part))

    return {
        part: {
            "cases": of(assignment.cases, part),
            "points": sum(c.points for c in assignment.cases if c.part == part),
            "mistakes": of(assignment.mistakes, part),
            "variants": of(assignment.variants, part),
            "oracles": of(assignment.oracles, part),
        }
        for part in sorted({c.part for c in assignment.cases})
    }
