"""Accuracy grading end to end: sample, score, decide."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from grader.accuracy.grade import Scorer, accuracies_of, grade_accuracy
from grader.accuracy.protocols import COMPARED, protocol_of
from grader.accuracy.rounds import Judged, Rounds
from grader.accuracy.summary import summary
from grader.grading.run import Grading, open_submission
from grader.runtime.case import Outcome
from grader.runtime.errors import InfrastructureError

SAMPLER = """
import torch
from torch import nn

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
    def generate_sample(self, num_samples, device=None, labels=None):
        {body}

def prepare_ddpm():
    return Model()
"""


@pytest.fixture
def ddpm(assignment):
    """The DDPM's task with small rounds."""
    ddpm = next(ddpm for ddpm in accuracies_of(assignment.policy) if ddpm.name == "ddpm")
    small = {"samples_per_round": 20, "rounds": 3, "seconds": 60.0}
    return replace(ddpm, policy=ddpm.policy.model_copy(update=small))


@pytest.fixture
def grade(assignment, tier, known, make_submission, ddpm):
    """grade(body) grades a submission whose generate_sample has this body."""

    def grade(body, weights=None):
        folder = make_submission(assignment=SAMPLER.format(body=body))
        (folder / "checkpoints").mkdir()
        torch.save({"weight": torch.zeros(1)} if weights is None else weights, folder / "checkpoints" / "DDPM.pt")
        with open_submission(assignment, tier, known, folder) as grading:
            return grade_accuracy(grading, ddpm)

    return grade


def test_the_reference_earns_everything_and_stops_after_one_round(assignment, tier, known, ddpm):
    with open_submission(assignment, tier, known, assignment.solution) as grading:
        verdict = grade_accuracy(grading, ddpm)
    assert verdict.outcome is Outcome.PASSED, verdict.message
    assert verdict.points == 32
    assert verdict.message.count("accuracy of each round") == 1
    assert "over 20 samples, 95% interval" in verdict.message


def test_noise_earns_nothing_after_all_rounds(grade):
    verdict = grade("return torch.randn(num_samples, 1, 32, 32)")
    assert verdict.outcome is Outcome.FAILED
    assert verdict.points == 0
    assert "over 60 samples" in verdict.message  # too few to be sure before


@pytest.mark.parametrize(
    ("body", "outcome", "told"),
    [
        (
            "return torch.zeros(num_samples, 3, 32, 32)",
            Outcome.FAILED,
            r"must return images of shape \(20, 1, 32, 32\), not \(20, 3, 32, 32\)",
        ),
        ("return torch.full((num_samples, 1, 32, 32), float('nan'))", Outcome.FAILED, "NaN or infinity"),
        ("raise ValueError('no idea')", Outcome.ERROR, r"ValueError: no idea\n.*assignment\.py"),
        ("return 'images'", Outcome.ERROR, "no attribute 'shape'"),
        ("raise NotImplementedError('TODO')", Outcome.NOT_IMPLEMENTED, "TODO"),
    ],
)
def test_a_broken_sampler_gets_a_clear_line(body, outcome, told, grade):
    verdict = grade(body)
    assert verdict.outcome is outcome
    assert verdict.points == 0
    assert re.search(told, verdict.message), verdict.message


def test_a_checkpoint_of_another_model_is_an_error_with_a_remedy(grade):
    verdict = grade("return None", weights={"other": torch.zeros(1)})
    assert verdict.outcome is Outcome.ERROR
    assert "your code must build the one that was trained" in verdict.message


def test_a_checkpoint_with_code_in_it_is_not_run(grade, tmp_path):
    class Payload:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    verdict = grade("return None", weights=Payload())
    assert verdict.outcome is Outcome.ERROR
    assert "Save a plain state dict" in verdict.message
    assert not (tmp_path / "ran").exists()


def test_without_a_checkpoint_the_accuracy_is_not_implemented(assignment, tier, known, make_submission, ddpm):
    with open_submission(assignment, tier, known, make_submission()) as grading:
        verdict = grade_accuracy(grading, ddpm)
    assert verdict.outcome is Outcome.NOT_IMPLEMENTED
    assert verdict.message == "checkpoints/DDPM.pt was not handed in"


def test_a_scorer_that_fails_is_our_fault(assignment, tier, known, ddpm):
    broken = replace(ddpm, policy=ddpm.policy.model_copy(update={"classifier": "no_such_classifier"}))
    with open_submission(assignment, tier, known, assignment.solution) as grading:
        verdict = grade_accuracy(grading, broken)
    assert verdict.outcome is Outcome.INFRASTRUCTURE


@pytest.mark.parametrize(
    ("classifier", "shape"), [("fashion_mnist", (1, 32, 32)), ("mnist", (1, 28, 28)), ("cifar10", (3, 32, 32))]
)
def test_the_scorer_recognises_what_it_was_trained_on_and_nothing_else(classifier, shape):
    channels, *size = shape
    with Scorer(classifier) as scorer:
        first = scorer.judge(np.zeros((5, *shape), np.float32)).predicted
        assert first.shape == (5,)
        assert len(set(first)) == 1
        with pytest.raises(InfrastructureError, match="scoring process failed"):
            scorer.judge(np.zeros((5, channels + 1, *size), np.float32))


def rounds_of(ddpm, *accuracies):
    """Rounds of 20 samples with these accuracies."""
    rounds = Rounds(ddpm.policy)
    for accuracy in accuracies:
        labels = np.arange(20) % 10
        predicted = np.where(np.arange(20) < round(20 * accuracy), labels, (labels + 1) % 10)
        rounds.labels.append(labels)
        rounds.judged.append(Judged(predicted))
    return rounds


@pytest.mark.parametrize(
    ("accuracies", "share", "decided"),
    [
        ((0.75,), 0.0, False),
        ((0.8, 0.7), 0.5, False),
        ((0.7, 0.85), 1.0, True),
        ((0.8, 0.75, 0.8), 0.5, False),
        ((), 0.0, False),
    ],
)
def test_the_best_round_counts_and_full_marks_end_it(accuracies, share, decided, ddpm):
    rounds = rounds_of(ddpm, *accuracies)
    assert rounds.share == pytest.approx(share)
    assert rounds.decided is decided


@pytest.mark.parametrize(("accuracy", "decided"), [(0.0, True), (0.3, True), (0.4, True), (0.65, False), (0.74, False)])
def test_a_round_that_leaves_no_hope_ends_it_and_one_below_the_threshold_does_not(accuracy, decided, ddpm):
    policy = ddpm.policy.model_copy(update={"samples_per_round": 200, "rounds": 5})
    labels = np.arange(200) % 10
    predicted = np.where(np.arange(200) < round(200 * accuracy), labels, (labels + 1) % 10)
    assert Rounds(policy, [labels], [Judged(predicted)]).decided is decided


def test_the_summary_states_the_bias_of_the_best_round_and_the_confusions(ddpm):
    text = summary(rounds_of(ddpm, 0.8, 0.7))
    assert "accuracy of each round: 0.800, 0.700" in text
    assert "mean 0.750 over 40 samples, 95% interval 0.598 to 0.858" in text
    assert "the best of 3 rounds earns 0.6" in text
    assert "a single exact measurement 0.00" in text
    assert "most confused classes: 9 taken for 0" in text


def judged(labels, recognised, confirmed, copies=0):
    """A round in which as many of 20 images are recognised, confirmed by the auditor, and copies."""
    wrong, numbers = (labels + 1) % 10, np.arange(len(labels))
    return Judged(
        np.where(numbers < recognised, labels, wrong), np.where(numbers < confirmed, labels, wrong), numbers < copies
    )


@pytest.mark.parametrize(
    ("recognised", "confirmed", "copies", "accuracy", "suspicious"),
    [
        (20, 20, 0, 1.0, False),
        (18, 17, 0, 0.9, False),  # the allowance covers what the auditor does not see
        (20, 4, 0, 0.3, True),  # made for the given classifier
        (4, 20, 0, 0.2, False),
        (20, 20, 15, 0.25, True),  # stored pictures
        (20, 20, 20, 0.0, True),
    ],
)
def test_only_what_the_auditor_confirms_and_no_copy_counts(recognised, confirmed, copies, accuracy, suspicious, ddpm):
    labels = np.arange(20) % 10
    rounds = Rounds(ddpm.policy, [labels], [judged(labels, recognised, confirmed, copies)])
    assert rounds.accuracies == [pytest.approx(accuracy)]
    assert rounds.figures()["mean"] == pytest.approx(accuracy)
    assert rounds.figures()["suspicious"] is suspicious
    assert ("copies of training images" in summary(rounds)) == bool(copies)
    assert ("which no submission can have seen, only 0.200" in summary(rounds)) == (recognised > confirmed + 2)


def test_every_round_asks_for_other_labels_and_as_many_of_each_class(assignment, known, ddpm, make_submission):
    asked = []

    class Recorder:
        tier = "process"

        def observe_alone(self, job):
            asked.append((job.seed, job.arguments["labels"]))
            raise InfrastructureError("enough")

    folder = make_submission()
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "DDPM.pt").write_bytes(b"")
    from grader.accuracy.grade import _answer

    with open_submission(assignment, Recorder(), known, folder) as grading:
        asking = Grading(assignment, Recorder(), known, grading.submission)
        for number in range(2):
            with pytest.raises(InfrastructureError):
                _answer(asking, ddpm, protocol_of(ddpm.policy), number, "cpu")
    (seed_0, labels_0), (seed_1, labels_1) = asked
    assert seed_0 != seed_1
    assert labels_0 != labels_1
    assert sorted(labels_0) == sorted(labels_1) == sorted([*range(10)] * 2)


@pytest.mark.parametrize("device", ["cuda:77", "banana"])
def test_a_device_that_is_not_there_is_not_the_students_fault(device, assignment, tier, known, ddpm):
    with open_submission(assignment, tier, known, assignment.solution) as grading:
        verdict = grade_accuracy(grading, ddpm, device)
    assert verdict.outcome is Outcome.INFRASTRUCTURE
    assert f"--device {device} cannot be used on this machine" in verdict.message


def test_the_images_of_the_first_round_are_shown_with_their_labels(assignment, tier, known, ddpm):
    shown = []
    more = replace(ddpm, policy=ddpm.policy.model_copy(update={"rounds": 2, "samples_per_round": 10}))
    with open_submission(assignment, tier, known, assignment.solution) as grading:
        verdict = grade_accuracy(grading, more, every_round=True, show=lambda *what: shown.append(what))
    ((images, labels),) = shown
    assert verdict.figures["samples"] == 20
    assert (images.shape, images.dtype) == ((10, 1, 32, 32), np.float32)
    assert sorted(labels) == list(range(10))


def test_a_model_that_generates_nothing_is_not_shown(assignment, tier, known, make_submission, ddpm):
    shown = []
    folder = make_submission(assignment=SAMPLER.format(body="raise ValueError('no idea')"))
    (folder / "checkpoints").mkdir()
    torch.save({"weight": torch.zeros(1)}, folder / "checkpoints" / "DDPM.pt")
    with open_submission(assignment, tier, known, folder) as grading:
        grade_accuracy(grading, ddpm, show=lambda *what: shown.append(what))
    assert shown == []


def test_images_of_part_1s_generator_have_no_class(assignment):
    gan = next(ddpm.policy for ddpm in accuracies_of(assignment.policy) if ddpm.name == "gan")
    assert protocol_of(gan).columns(np.ones(2000)).tolist() == [0] * COMPARED
