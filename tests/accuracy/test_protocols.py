"""Part 1's accuracy: a discriminator is asked about images without their labels, and its generator is reported on."""

import base64
from dataclasses import replace

import numpy as np
import pytest
import torch

from grader.accuracy.grade import accuracies_of, grade_accuracy
from grader.accuracy.protocols import AnswerError, protocol_of
from grader.grading.run import open_submission
from grader.parts.gan import challenge
from grader.runtime import sampling
from grader.runtime.case import Outcome
from grader.runtime.errors import InfrastructureError

SHAPE = (3, 32, 32)
ANSWERS = """
import torch
from torch import nn

NOISE_DIM = 96

def sample_noise(batch_size, dim, seed=None):
    return 2 * torch.rand(batch_size, dim) - 1

class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
    def forward(self, x):
        assert not self.training and not torch.is_grad_enabled()
        {body}

def discriminator(seed=None):
    return Discriminator()

def generator(noise_dim=NOISE_DIM, seed=None):
    return nn.Sequential(nn.Linear(96, 3072), nn.Tanh())
"""


@pytest.fixture
def accuracy(assignment):
    """The discriminator's task with small rounds."""
    accuracy = next(accuracy for accuracy in accuracies_of(assignment.policy) if accuracy.name == "gan")
    return replace(accuracy, policy=accuracy.policy.model_copy(update={"samples_per_round": 400}))


@pytest.fixture
def grade(assignment, tier, known, make_submission, accuracy):
    """grade(body, G) grades a submission whose discriminator has this body, and whose generator these weights."""

    def grade(body, generator=None):
        folder = make_submission(gan_pytorch=ANSWERS.format(body=body))
        (folder / "checkpoints").mkdir()
        torch.save({"weight": torch.zeros(1)}, folder / accuracy.policy.checkpoint)
        if generator is not None:
            torch.save(generator, folder / accuracy.policy.generator)
        with open_submission(assignment, tier, known, folder) as grading:
            return grade_accuracy(grading, accuracy)

    return grade


def test_the_reference_earns_everything_and_its_generator_is_compared_with_real_images(
    assignment, tier, known, accuracy
):
    with open_submission(assignment, tier, known, assignment.solution) as grading:
        verdict = grade_accuracy(grading, accuracy)
    assert verdict.outcome is Outcome.PASSED, verdict.message
    assert verdict.points == 0.5
    assert 0 < verdict.figures["distance"] < 1000
    assert "Frechet distance to real images" in verdict.message


@pytest.mark.parametrize("logit", [-1.0, 1.0])
def test_one_answer_to_everything_is_worth_nothing(logit, grade):
    verdict = grade(f"return torch.full((len(x), 1), {logit})")
    assert (verdict.outcome, verdict.points) == (Outcome.FAILED, 0)
    assert verdict.figures["accuracies"] == [0.5]
    assert "distance" not in verdict.figures


def test_who_knows_the_seeds_of_the_process_does_not_know_the_labels(grade):
    """The order of the images comes from another seed than the one that a submission can read."""
    verdict = grade(
        """
        import numpy as np
        order = np.random.default_rng(torch.initial_seed()).permutation(len(x))
        return torch.from_numpy(order < len(x) // 2).float()[:, None] - 0.5"""
    )
    assert verdict.figures["mean"] < 0.65  # that of 400 throws of a coin, six standard deviations included


@pytest.mark.parametrize(
    ("body", "outcome", "told"),
    [
        ("return x.mean(dim=(2, 3))", Outcome.FAILED, r"logits of shape (400, 1), not (400, 3)"),
        ("return torch.full((len(x), 1), float('nan'))", Outcome.FAILED, "the discriminator returns NaN or infinity"),
        ("raise ValueError('no idea')", Outcome.ERROR, "ValueError: no idea"),
        ("raise NotImplementedError('TODO')", Outcome.NOT_IMPLEMENTED, "TODO"),
    ],
)
def test_what_is_no_answer_gets_a_clear_line(body, outcome, told, grade):
    verdict = grade(body)
    assert (verdict.outcome, verdict.points) == (outcome, 0)
    assert told in verdict.message


def test_logits_without_a_column_are_logits(grade):
    assert grade("return x.mean(dim=(1, 2, 3))").figures["samples"] == 400


def test_a_flat_generator_is_compared_as_well(grade):
    weights = {"0.weight": torch.randn(3072, 96), "0.bias": torch.zeros(3072)}
    verdict = grade("return -torch.ones(len(x), 1)", weights)
    assert verdict.figures["distance"] > 5 * verdict.figures["real_distance"]  # noise


def test_a_generator_that_does_not_fit_is_told_of(grade):
    verdict = grade("return x.mean(dim=(1, 2, 3))", {"other": torch.zeros(1)})
    assert verdict.outcome is Outcome.ERROR
    assert "your code must build the one that was trained" in verdict.message


def test_the_images_are_of_both_kinds_and_handed_over_without_labels(accuracy):
    exam = protocol_of(accuracy.policy)
    labels, asked = exam.ask(7)
    assert sorted(labels) == [0] * 200 + [1] * 200
    assert asked.keys() == {"images", "image_shape", "compared"}
    again, other = exam.ask(7), exam.ask(8)
    assert (labels.tolist(), asked) == (again[0].tolist(), again[1])
    assert (labels.tolist(), asked["images"]) != (other[0].tolist(), other[1]["images"])
    images = np.frombuffer(base64.b64decode(asked["images"]), np.uint8).reshape(-1, *SHAPE)
    drawn = {image.tobytes() for image in challenge.real_images("synthetic", 200, 7)}
    assert [image.tobytes() in drawn for image in images] == (labels == 1).tolist()


def test_real_images_of_a_dataset_that_is_not_here_are_our_fault(accuracy, monkeypatch, tmp_path):
    monkeypatch.setenv("GENMODELS_DATA", str(tmp_path))
    for proxy in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(InfrastructureError, match="the images to tell apart cannot be made"):
        protocol_of(accuracy.policy.model_copy(update={"data": "svhn"})).ask(7)


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({}, "not ('no shape',)"),
        ({"logits": np.zeros(400), "shape": np.array([400])}, "not (400,)"),  # float64
        ({"logits": np.zeros(399, np.float32)}, "shape (400, 1)"),
        (
            {"logits": np.zeros(400, np.float32), "images": np.zeros((1, *SHAPE), np.float32)},
            "the generator must return",
        ),
    ],
    ids=["nothing", "float64", "too few", "images"],
)
def test_what_a_process_sends_back_is_looked_at_before_it_counts(arrays, told, accuracy):
    with pytest.raises(AnswerError) as refused:
        protocol_of(accuracy.policy).read(arrays, scorer=None, asked={})
    assert told in str(refused.value)


def test_positive_logits_mean_real(accuracy):
    logits = np.linspace(-1, 1, 400, dtype=np.float32)
    judged = protocol_of(accuracy.policy).read({"logits": logits}, scorer=None, asked={})
    assert judged.predicted.tolist() == [0] * 200 + [1] * 200


def test_the_experiment_shows_images_as_they_were_drawn(accuracy, tmp_path):
    """What the discriminator gets is the images in [-1, 1]."""
    from types import SimpleNamespace

    seen = []
    network = torch.nn.Identity()
    network.register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    gan = SimpleNamespace(discriminator=lambda: network)
    levels = np.random.default_rng(0).integers(0, 256, (2, *SHAPE), dtype=np.uint8)
    torch.save({}, tmp_path / "D.pth")
    sampling.tell_apart(
        SimpleNamespace(gan_pytorch=gan),
        None,
        model={"build": accuracy.policy.build, "checkpoint": tmp_path / "D.pth", "generator": None},
        images=base64.b64encode(levels.tobytes()).decode(),
        image_shape=SHAPE,
        compared=0,
        device="cpu",
        threads=1,
    )
    assert np.allclose(seen[0].numpy(), levels / 127.5 - 1, atol=1e-6)
