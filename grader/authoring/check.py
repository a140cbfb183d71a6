"""`grader check`: the grader proves itself, case by case.

The untouched stub is not implemented; the solution scores full marks; every mistake fails the cases it names and earns
its own hint and no other; every variant scores full marks; every golden agrees with an independent oracle; and every
case can fail, and has hints of its own. A change is tried on the cases that it can touch: those that call a function in
which it is. All that decides points holds for other seeds as well, under which the public goldens are worth nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from grader.authoring import building, completeness, coverage, golden_proofs
from grader.authoring.building import GoldenError, Observations
from grader.authoring.stubs import solution_of
from grader.course.assignment import Assignment, Mistake
from grader.grading.goldens import Known
from grader.grading.judge import distance, judge
from grader.runtime.case import Case, Ended, Observation, Outcome, Verdict
from grader.sandbox.tier import Tier

WRONG = (Outcome.FAILED, Outcome.ERROR)
MARGIN = 5.0  # tolerances that lie at least between a golden and the nearest mistake


@dataclass
class Report:
    """What was proved, and what was not."""

    failures: list[str] = field(default_factory=list)
    margins: dict[str, tuple[float, str]] = field(default_factory=dict)  # case -> (tolerances, nearest mistake)
    counts: dict[int, dict[str, float]] = field(default_factory=dict)  # part -> what there is of each kind

    def document(self) -> dict[str, Any]:
        """What `grader check --json` prints."""
        margins = {id: {"tolerances": m, "mistake": who} for id, (m, who) in self.margins.items()}
        return {"parts": {str(p): c for p, c in self.counts.items()}, "margins": margins, "failures": self.failures}


def check(
    assignment: Assignment,
    tier: Tier,
    known: Known,
    progress: Callable[[str], None] = lambda what: None,
    other_seeds: int = 3,
) -> Report:
    """Prove everything that can be proved about the cases of an assignment.

    Args:
        assignment: with its solution, mistakes, variants and oracles.
        tier: where the experiments run.
        known: the goldens and fingerprints as committed.
        progress: gets what is being tried.
        other_seeds: that the solution and the variants are tried under as well; under the first also the mistakes.

    Returns:
        What was proved. Where something is missing that the rest needs, that alone.
    """
    report = Report(counts=_counts(assignment))
    report.failures += [*completeness.missing(assignment, known), *completeness.wrong(assignment)]
    if report.failures:
        return report
    seed = assignment.policy.public_seed
    judging = _Judging(assignment, known.only(assignment.by_id))
    progress("what the cases call")
    touched = coverage.cases_of(assignment, tier, seed)
    progress("oracles")
    report.failures += golden_proofs.disagreements(assignment, judging.known, seed)
    progress("solution and stubs")
    _check_ends(judging, tier, seed, report)
    for variant, observations in building.observe_changes(assignment, tier, assignment.variants, touched, seed):
        progress(variant.id)
        _all_pass(judging, observations, f"variant {variant.id}", report)
    _check_mistakes(judging, tier, seed, touched, report, progress)
    report.failures += golden_proofs.shared_fingerprints(assignment, judging.known)
    progress("replays")
    report.failures += golden_proofs.lucky_replays(assignment, judging.known, seed)
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

    def judge(self, case: Case, observation: Observation) -> Verdict:
        """The verdict on an observation."""
        goldens, fingerprints = self.known.of(case)
        return judge(case, observation, goldens, fingerprints)


def _all_pass(judging: _Judging, observations: Observations, who: str, report: Report) -> None:
    for id, observation in observations.items():
        verdict = judging.judge(judging.assignment.by_id[id], observation)
        if verdict.outcome is not Outcome.PASSED:
            report.failures.append(f"{id}: {who} is {verdict.outcome}: {verdict.message}")


def _check_ends(judging: _Judging, tier: Tier, seed: int, report: Report) -> None:
    """The solution passes, and the untouched stub is not implemented."""
    assignment = judging.assignment
    solution, stubs = (
        building.observe_folder(assignment, tier, folder, assignment.cases, seed)
        for folder in (solution_of(assignment), assignment.student)
    )
    _all_pass(judging, solution, "the solution", report)
    for case in assignment.cases:
        outcome = judging.judge(case, stubs[case.id]).outcome
        if outcome is not Outcome.NOT_IMPLEMENTED:
            report.failures.append(f"{case.id}: the untouched stub is {outcome}, not NOT_IMPLEMENTED")


def _check_mistakes(
    judging: _Judging,
    tier: Tier,
    seed: int,
    touched: coverage.CasesOf,
    report: Report,
    progress: Callable[[str], None],
) -> None:
    """Every mistake fails the cases that it names, with its own hint, and gets no other's hint; every case can fail."""
    assignment = judging.assignment
    caught = {case.id: 0 for case in assignment.cases}
    for mistake, observations in building.observe_changes(assignment, tier, assignment.mistakes, touched, seed):
        progress(mistake.id)
        _check_mistake(judging, mistake, observations, caught, report)
    report.failures += [
        f"{id}: no mistake makes this case fail, so it shows nothing" for id, n in caught.items() if not n
    ]


def _check_mistake(
    judging: _Judging, mistake: Mistake, observations: Observations, caught: dict[str, int], report: Report
) -> None:
    named = [case.id for case in judging.assignment.named_by(mistake)]
    report.failures += [
        f"{id}: mistake {mistake.id} is in nothing that the case calls" for id in named if id not in observations
    ]
    for id, observation in observations.items():
        case = judging.assignment.by_id[id]
        verdict = judging.judge(case, observation)
        if id in named:
            if verdict.outcome not in WRONG:
                report.failures.append(f"{id}: mistake {mistake.id} is {verdict.outcome}: the case does not see it")
                continue
            caught[id] += 1
            _note_margin(judging, case, observation, mistake, report)
            if verdict.diagnosis != mistake.id:
                diagnosed = verdict.diagnosis or "nothing"
                report.failures.append(f"{id}: mistake {mistake.id} is diagnosed as {diagnosed}")
        elif verdict.diagnosis:
            report.failures.append(f"{id}: mistake {mistake.id} earns the hint of {verdict.diagnosis}")


def _note_margin(judging: _Judging, case: Case, observation: Observation, mistake: Mistake, report: Report) -> None:
    """How far the nearest mistake is from any golden, in tolerances: the justification of the tolerance."""
    if observation.ended is not Ended.COMPLETED:
        return
    margin = min(distance(case, observation.arrays, golden) for golden in judging.known.goldens[case.id].values())
    if margin < report.margins.get(case.id, (float("inf"), ""))[0]:
        report.margins[case.id] = (margin, mistake.id)
    if margin < MARGIN:
        report.failures.append(f"{case.id}: mistake {mistake.id} is only {margin:.1f} tolerances away: tighten them")


def _check_seed(
    assignment: Assignment,
    tier: Tier,
    seed: int,
    mistakes: Sequence[Mistake],
    touched: coverage.CasesOf,
    report: Report,
) -> None:
    """With another seed the oracles agree, every variant passes, and no mistake passes a case that it names."""
    try:
        judging = _Judging(assignment, building.build_goldens(assignment, tier, seed))
    except GoldenError as error:
        report.failures.append(f"with seed {seed}: {error}")
        return
    of_seed = Report()
    of_seed.failures += golden_proofs.disagreements(assignment, judging.known, seed)
    for variant, observations in building.observe_changes(assignment, tier, assignment.variants, touched, seed):
        _all_pass(judging, observations, f"variant {variant.id}", of_seed)
    for mistake, observations in building.observe_changes(assignment, tier, mistakes, assignment.named_by, seed):
        for id, observation in observations.items():
            if judging.judge(assignment.by_id[id], observation).outcome not in WRONG:
                of_seed.failures.append(f"{id}: the case does not see mistake {mistake.id}")
    report.failures += [f"with seed {seed}: {failure}" for failure in of_seed.failures]


def _counts(assignment: Assignment) -> dict[int, dict[str, float]]:
    def of(ids: list[str], part: int) -> int:
        return sum(1 for id in ids if id.split(".")[0] == str(part))

    mistakes, variants = [m.id for m in assignment.mistakes], [v.id for v in assignment.variants]
    oracles = [oracle.case for oracle in assignment.oracles]
    return {
        part: {
            "cases": sum(1 for c in assignment.cases if c.part == part),
            "points": sum(c.points for c in assignment.cases if c.part == part),
            "mistakes": of(mistakes, part),
            "variants": of(variants, part),
            "oracles": of(oracles, part),
        }
        for part in sorted({c.part for c in assignment.cases})
    }
