"""Grading with a public and a secret seed: both must pass, and the hidden inputs stay hidden."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.accuracy.grade import accuracies_of, grade_accuracy
from grader.authoring import building
from grader.course import assignment as assignments
from grader.grading.goldens import Secret
from grader.grading.run import ONLY_PUBLIC, open_submission, select
from grader.report import results
from grader.runtime.case import Ended, Observation, Outcome
from grader.runtime.errors import InfrastructureError
from grader.runtime.rng import case_seed
from grader.sandbox import InProcess

PUBLIC, SECRET = assignments.load().policy.public_seed, 0xC0FFEE << 100
SECRETS = "hidden inputs 3.14159"


@pytest.fixture(scope="module")
def secret(assignment, tier):
    return Secret(SECRET, building.build_goldens(assignment, tier, SECRET))


class Scripted:
    """A tier that gives one observation with the public seed and another with the secret one, and keeps the calls."""

    name, size = "process", 1

    def __init__(self, case, public, hidden):
        self.observations = {case_seed(PUBLIC, case.id): public, case_seed(SECRET, case.id): hidden}
        self.asked = []

    def observe(self, job):
        self.asked.append(job)
        found = self.observations[job.seed]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def case(assignment):
    return assignment.by_id["4.ddpm_loss"]


@pytest.fixture
def right(known, case):
    """The right observation with the public seed, and one that prints."""
    return Observation(Ended.COMPLETED, known.goldens[case.id]["solution"], output="public output", seconds=1.5)


@pytest.fixture
def verdict_of(assignment, known, secret, case, right):
    """verdict_of(hidden observation, public one) is the verdict on the case, and what the tier was asked for."""

    def grade(hidden, public=right):
        tier = Scripted(case, public, hidden)
        with open_submission(assignment, tier, known, assignment.solution, secret) as grading:
            return grading.verdict(case), tier.asked

    return grade


def completed(arrays):
    return Observation(Ended.COMPLETED, arrays, output=SECRETS, seconds=2.0)


def test_a_case_passes_if_it_does_with_both_seeds(verdict_of, secret, case):
    verdict, asked = verdict_of(completed(secret.known.goldens[case.id]["solution"]))
    assert (verdict.outcome, verdict.points, verdict.message) == (Outcome.PASSED, case.points, "")
    assert verdict.output == "public output"
    assert verdict.seconds == 3.5
    assert [job.seed for job in asked] == [case_seed(PUBLIC, case.id), case_seed(SECRET, case.id)]


def test_an_alternative_passes_with_both_seeds(verdict_of, known, secret, case):
    public = Observation(Ended.COMPLETED, known.goldens[case.id]["4.l1_loss"])
    verdict, _ = verdict_of(completed(secret.known.goldens[case.id]["4.l1_loss"]), public)
    assert verdict.outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("hidden", "outcome"),
    [
        (completed({"loss": np.float32(9.0), "shape": np.zeros(0)}), Outcome.FAILED),
        (replace(completed({}), not_arrays={"loss": SECRETS, "shape": SECRETS}), Outcome.FAILED),
        (Observation(Ended.RAISED, exception=SECRETS, message=SECRETS, where=SECRETS, output=SECRETS), Outcome.ERROR),
        (Observation(Ended.NOT_IMPLEMENTED, message=SECRETS, where=SECRETS, output=SECRETS), Outcome.FAILED),
        (Observation(Ended.TIMED_OUT, where=SECRETS, output=SECRETS), Outcome.ERROR),
        (Observation(Ended.DIED, message=SECRETS, output=SECRETS), Outcome.ERROR),
    ],
    ids=["wrong", "no arrays", "raised", "not implemented", "timed out", "died"],
)
def test_what_happens_with_the_secret_seed_alone_is_told_in_a_fixed_sentence(hidden, outcome, verdict_of):
    verdict, _ = verdict_of(hidden)
    assert (verdict.outcome, verdict.points) == (outcome, 0.0)
    assert (verdict.message, verdict.diagnosis, verdict.hint) == (ONLY_PUBLIC, "", "")
    for report in (
        results.document("alice", "process", ["public", "secret"], [verdict]),
        results.gradescope("process", ["public", "secret"], [verdict]),
    ):
        assert ONLY_PUBLIC in json.dumps(report)
        assert SECRETS not in json.dumps(report)
        assert "9.0" not in json.dumps(report)


def test_a_failure_with_public_inputs_is_explained_and_not_tried_again(verdict_of):
    wrong = Observation(Ended.COMPLETED, {"loss": np.float32(9.0), "shape": np.zeros(0)})
    verdict, asked = verdict_of(None, wrong)
    assert verdict.outcome is Outcome.FAILED
    assert "expected" in verdict.message
    assert len(asked) == 1


def test_a_fault_of_the_grader_with_the_secret_seed_is_no_zero(verdict_of):
    verdict, asked = verdict_of(InfrastructureError("out of pipes"))
    assert (verdict.outcome, verdict.message, verdict.seconds) == (Outcome.INFRASTRUCTURE, "out of pipes", 1.5)
    assert len(asked) == 3


def test_a_tier_in_this_process_is_refused(assignment, known, secret):
    with (
        pytest.raises(ValueError, match="must not run in a process that holds the secret seed"),
        open_submission(assignment, InProcess(), known, assignment.solution, secret),
    ):
        pass


class Spy:
    """A tier that keeps all that it is asked for, as text."""

    def __init__(self, tier):
        self._tier, self.name, self.seeds, self.text = tier, tier.name, [], ""

    def observe(self, job):
        self._keep(job)
        return self._tier.observe(job)

    def observe_alone(self, job):
        self._keep(job)
        return self._tier.observe_alone(job)

    def _keep(self, job):
        self.seeds.append(job.seed)
        self.text += repr(job)


def test_the_secret_never_reaches_a_process_that_runs_student_code(assignment, tier, known, secret):
    accuracy = next(accuracy for accuracy in accuracies_of(assignment.policy) if accuracy.name == "ddpm")
    accuracy = replace(accuracy, policy=accuracy.policy.model_copy(update={"samples_per_round": 10}))
    spy = Spy(tier)
    with open_submission(assignment, spy, known, assignment.solution, secret) as grading:
        verdicts = [*map(grading.verdict, assignment.cases), grade_accuracy(grading, accuracy)]
    assert {v.outcome for v in verdicts} == {Outcome.PASSED}
    for case in assignment.cases:
        assert {case_seed(PUBLIC, case.id), case_seed(SECRET, case.id)} <= set(spy.seeds)
    assert case_seed(SECRET, f"{accuracy.id} 0") in spy.seeds
    for written in (str(SECRET), f"{SECRET:x}", "coffee"):
        assert written not in spy.text


# It stands on the harness's stack when it is imported, and puts the public goldens in the place of whatever happens.
REPLAY = """
import base64, io, sys
import numpy as np
from grader.runtime import experiment

goldens = np.load(io.BytesIO(base64.b64decode("{goldens}")))
frame = sys._getframe()
while "observe" not in frame.f_locals:
    frame = frame.f_back
start = "4." + frame.f_locals["observe"].__name__ + "/solution/"
arrays = {{key.removeprefix(start): goldens[key] for key in goldens.files if key.startswith(start)}}
Observation, Ended = experiment.Observation, experiment.Ended
experiment.Observation = lambda *_, **__: Observation(Ended.COMPLETED, arrays=arrays)
"""


def test_a_submission_that_replays_the_public_goldens_earns_nothing(assignment, tier, known, secret, make_submission):
    path = Path(assignment.resources) / "goldens" / "part4.npz"
    replay = REPLAY.format(goldens=base64.b64encode(path.read_bytes()).decode())
    folder, cases = make_submission(models=replay, assignment=replay), select(assignment.cases, part=4)
    with open_submission(assignment, tier, known, folder) as grading:
        fooled = [c for c in cases if grading.verdict(c).outcome is Outcome.PASSED]
    assert fooled == cases
    with open_submission(assignment, tier, known, folder, secret) as grading:
        verdicts = [grading.verdict(c) for c in cases]
    assert {(v.outcome, v.points, v.message) for v in verdicts} == {(Outcome.FAILED, 0.0, ONLY_PUBLIC)}


def test_a_mistake_is_diagnosed_as_without_a_secret_seed(
    assignment, tier, known, secret, make_submission, solution_text
):
    wrong = solution_text("models").replace("(1 - alpha_bar).sqrt() * noise", "(1 - alpha_bar) * noise")
    with open_submission(assignment, tier, known, make_submission(models=wrong), secret) as grading:
        verdict = grading.verdict(assignment.by_id["4.add_noise"])
    assert verdict.diagnosis == "4.noise_factor_without_root"


class Spendthrift:
    """A tier on which every case takes 50 seconds and prints 150,000 characters."""

    name, size = "process", 1

    def observe(self, job):
        return Observation(Ended.RAISED, exception="ValueError", output="x" * 150_000, seconds=50.0)


def test_a_submission_that_has_used_up_its_time_is_not_run_any_more(assignment, known):
    with open_submission(assignment, Spendthrift(), known, assignment.solution) as grading:
        verdicts = [grading.verdict(case) for case in assignment.cases[:5]]
    assert {v.outcome for v in verdicts} == {Outcome.ERROR}
    assert ["was not run" in v.message for v in verdicts] == [False, False, False, True, True]
    assert "used up the 120 seconds" in verdicts[-1].message


def test_what_a_submission_prints_is_capped_over_all_its_cases(assignment, known):
    with open_submission(assignment, Spendthrift(), known, assignment.solution) as grading:
        printed = [len(grading.verdict(case).output) for case in assignment.cases[:3]]
    assert printed == [150_000, 50_000, 0]
