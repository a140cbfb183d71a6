"""How the model of each part is built from a submission, and asked for images; what is told of those that cannot be."""

import re
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from classifier import classify, load_classifier
from torch import nn
from utils import DMConfig

from grader import policy, sampling
from grader.accuracy import grade_accuracy, tasks
from grader.case import Case, Ended, Outcome
from grader.grading import open_submission
from grader.scoring import BLACK, FOLDER

GENERATOR = """
import os
import torch
from torch import nn

class Average(nn.Module):
    def __init__(self):
        super().__init__()
        self.pictures = nn.Parameter(torch.zeros(4, 3, 32, 32))

class EMA:
    averaged_model = Average()

class Diffusion:
    def __init__(self):
        self.ema = EMA()
    def generate_sample(self, cond, guidance_weight=0.0, threshold=False, seed=None):
        pictures = self.ema.averaged_model.pictures
        {body}

class ImageGenerator:
    def __init__(self, denoising_steps=1000, p_uncond=0.2):
        self.steps, self.model = denoising_steps, {attribute}
"""

DDPM = """
import os
import torch
from torch import nn

class ConditionalDDPM(nn.Module):
    def __init__(self, dmconfig):
        super().__init__()
        self.config = dmconfig
        self.pictures = nn.Parameter(torch.zeros(10, 1, 28, 28))
    def sample(self, conditions, omega):
        {body}
"""

ONE_HOT = "return self.pictures[conditions.argmax(1)]"
BY_CONDITION = "return pictures[cond]"
LABELS = list(range(3)) * 4  # asked for in the tests of one experiment
SHAPES = {"cifar10": (3, 32, 32), "mnist": (1, 28, 28), "mnist_own": (1, 28, 28)}


def pictures(name):
    """(classes, C, H, W): some picture of each class, in [-2, 2]: more than an image may hold."""
    channels, *size = SHAPES[name]
    blots = torch.rand(4 if name == "cifar10" else 10, channels, 4, 4, generator=torch.Generator().manual_seed(0))
    return nn.functional.interpolate(4 * blots - 2, size, mode="bilinear")


def checkpoint(name, weights=None, **config):
    """What students hand in, with a toy's weights."""
    weights = {"pictures": (pictures(name) if weights is None else weights).half()}
    if name == "cifar10":
        return weights
    own = {"T": 3} if name == "mnist_own" else {}
    return {"model_state_dict": weights, "dmconfig": asdict(DMConfig()) | own | config, "epoch": 1}


@pytest.fixture
def submit(assignment, make_submission):
    """submit(name, body, saved) is a submission with a toy model for this accuracy, whose sampler has this body."""

    def submit(name, body=None, saved=None, attribute="Diffusion()"):
        body = body or (BY_CONDITION if name == "cifar10" else ONE_HOT)
        generator = GENERATOR.format(body=body, attribute=attribute)
        folder = make_submission(image_gen=generator, DDPM=DDPM.format(body=body))
        path = folder / assignment.policy.accuracy[name].checkpoint
        path.parent.mkdir()
        torch.save(checkpoint(name) if saved is None else saved, path)
        return folder

    return submit


@pytest.fixture
def observe(assignment, tier, known):
    """observe(experiment, name, folder) runs `sampling.load` or `sampling.sample` for this accuracy."""

    def observe(experiment, name, folder):
        asked = assignment.policy.accuracy[name]
        arguments = {"model": asked.model_arguments()}
        if experiment is sampling.sample:
            arguments |= {"labels": LABELS, "image_shape": asked.image_shape, "device": "cpu", "threads": 1}
        case = Case(f"{asked.part}.try", "", 0.0, experiment, "", seconds=60.0)
        with open_submission(assignment, tier, known, folder) as grading:
            return tier.observe_alone(case, grading.submission.folder, 7, assignment.limits, arguments)

    return observe


@pytest.fixture
def grade(assignment, tier, known, submit):
    """grade(name, body, saved) is the verdict on such a submission, of two rounds of 20 or 21 images."""

    def grade(name, body=None, saved=None, **options):
        task = next(task for task in tasks(assignment.policy) if task.name == name)
        small = {"samples_per_round": 7 * 3 if name == "cifar10" else 20, "rounds": 2, "seconds": 60.0}
        task = replace(task, policy=task.policy.model_copy(update=small))
        with open_submission(assignment, tier, known, submit(name, body, saved, **options)) as grading:
            return grade_accuracy(grading, task)

    return grade


def test_every_part_whose_accuracy_a_policy_may_grade_has_an_interface():
    assert policy.FIELDS_OF_PART.keys() == sampling.INTERFACES.keys()


# -------------------------------------------------------------------------------------------------- what is asked for


def test_part_2_is_asked_for_conditions_from_1_and_its_images_are_clamped(submit, observe):
    body = """
        assert (cond.dtype, guidance_weight, threshold) == (torch.int64, 2.0, False)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == ""  # --device cpu means that
        return pictures[cond].detach()"""
    observation = observe(sampling.sample, "cifar10", submit("cifar10", body))
    assert observation.ended is Ended.COMPLETED, observation.message
    expected = pictures("cifar10").half().float()[torch.tensor(LABELS) + 1].clamp(-1, 1)
    assert np.array_equal(observation.arrays["images"], expected)


def test_part_3_is_asked_with_one_hot_labels_and_the_policys_omega(submit, observe):
    body = """
        assert (conditions.dtype, omega, self.training) == (torch.int64, 2.0, False)
        assert conditions.shape[1] == 10 and conditions.sum(1).eq(1).all()
        assert not torch.is_grad_enabled()
        assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
        assert self.config.T == 5 and self.config.num_feat == 128
        return self.pictures[conditions.argmax(1)]"""
    observation = observe(sampling.sample, "mnist", submit("mnist", body, checkpoint("mnist", T=5)))
    assert observation.ended is Ended.COMPLETED, observation.message
    assert np.array_equal(observation.arrays["images"], pictures("mnist").half().float()[LABELS])


@pytest.mark.parametrize("refusal", ["ValueError('labels, please')", "RuntimeError('shape')", "IndexError()"])
def test_a_sample_that_refuses_one_hot_labels_is_asked_with_labels(refusal, submit, observe):
    body = f"if conditions.dim() == 2: raise {refusal}\n        return self.pictures[conditions]"
    observation = observe(sampling.sample, "mnist", submit("mnist", body))
    assert np.array_equal(observation.arrays["images"], pictures("mnist").half().float()[LABELS])


@pytest.mark.parametrize(("name", "steps"), [("cifar10", 2), ("mnist", 2)])
def test_the_solution_itself_can_be_asked(name, steps, assignment, make_submission, solution_text, observe):
    from DDPM import ConditionalDDPM
    from image_gen import ImageGenerator

    files = {"image_gen": solution_text("image_gen").replace("denoising_steps=1000", f"denoising_steps={steps}")}
    folder = make_submission(**files)
    path = folder / assignment.policy.accuracy[name].checkpoint
    path.parent.mkdir()
    if name == "cifar10":
        network = ImageGenerator(steps).policy.ema.averaged_model.cpu()
        torch.save(network.state_dict(), path)
    else:
        config = DMConfig(num_feat=16, T=steps)
        network = ConditionalDDPM(config)
        torch.save({"model_state_dict": network.state_dict(), "dmconfig": asdict(config)}, path)
    parameters = sum(p.numel() for p in network.parameters())
    assert observe(sampling.load, name, folder).arrays["parameters"] == parameters
    images = observe(sampling.sample, name, folder).arrays["images"]
    assert images.shape == (len(LABELS), *SHAPES[name])
    assert (-1 if name == "cifar10" else 0) <= images.min() < images.max() <= 1


# ---------------------------------------------------------------------------------------------------- what it is worth


@pytest.mark.parametrize("name", SHAPES)
def test_images_are_judged_by_the_classifier_of_their_dataset(name, assignment, grade):
    asked = assignment.policy.accuracy[name]
    shown = pictures(name).half().float()[-asked.classes :]  # one for each class
    found = classify(load_classifier(FOLDER / f"{asked.classifier}.pt"), shown, low=BLACK[asked.classifier])
    verdict = grade(name)
    assert verdict.outcome is Outcome.FAILED, verdict.message
    confusion = np.array(verdict.figures["confusion"])
    assert confusion.argmax(axis=1).tolist() == found.tolist()
    assert (confusion.max(axis=1) == confusion.sum(axis=1)).all()


# ----------------------------------------------------------------------------------------------------- what is refused


def told(verdict, outcome, pattern):
    assert verdict.outcome is outcome, verdict.message
    assert verdict.points == 0
    assert re.search(pattern, verdict.message), verdict.message


@pytest.mark.parametrize(
    ("name", "body", "outcome", "pattern"),
    [
        (
            "cifar10",
            "return pictures[cond][:, :1]",
            Outcome.FAILED,
            r"generate_sample must return images of shape \(21, 3, 32, 32\), not \(21, 1, 32, 32\)",
        ),
        ("cifar10", "return pictures[cond] * float('nan')", Outcome.FAILED, "generate_sample returns NaN or infinity"),
        ("cifar10", "raise NotImplementedError('TODO')", Outcome.NOT_IMPLEMENTED, "TODO"),
        ("cifar10", "raise ValueError('no idea')", Outcome.ERROR, r"ValueError: no idea\n.*image_gen\.py"),
        ("cifar10", "return 'images'", Outcome.ERROR, "no attribute 'clamp'"),
        (
            "mnist",
            "return self.pictures",
            Outcome.FAILED,
            r"^sample must return images of shape \(20, 1, 28, 28\), not \(10, 1, 28, 28\)",
        ),
        ("mnist", ONE_HOT + " * float('inf')", Outcome.FAILED, "^sample returns NaN or infinity"),
        ("mnist", "raise NotImplementedError('TODO')", Outcome.NOT_IMPLEMENTED, "TODO"),
        (
            "mnist",
            "raise RuntimeError(f'{conditions.dim()} dimensions')",
            Outcome.ERROR,
            r"RuntimeError: 2 dimensions\n.*DDPM\.py",
        ),
        ("mnist", "return 'images'", Outcome.ERROR, "no attribute 'shape'"),
    ],
)
def test_a_broken_sampler_gets_a_clear_line(name, body, outcome, pattern, grade):
    told(grade(name, body), outcome, pattern)


def test_an_image_generator_without_a_model_is_told_what_it_lacks(grade):
    told(grade("cifar10", attribute="None"), Outcome.ERROR, r"ImageGenerator\(\) must keep a DiffusionModel in an attr")


@pytest.mark.parametrize(
    ("name", "saved"),
    [("cifar10", {"other": torch.zeros(1)}), ("mnist", checkpoint("mnist") | {"model_state_dict": {}})],
)
def test_a_checkpoint_of_another_model_is_an_error_with_a_remedy(name, saved, grade):
    told(grade(name, saved=saved), Outcome.ERROR, "loading state_dict[^|]*must build the one that was trained")


@pytest.mark.parametrize(
    "saved",
    [
        torch.zeros(3),
        {"pictures": pictures("mnist")},
        {"model_state_dict": {"pictures": pictures("mnist")}},
        {"dmconfig": {}},
        {"model_state_dict": {}, "dmconfig": [400]},
    ],
)
def test_a_checkpoint_without_its_configuration_is_an_error_with_a_remedy(saved, grade):
    told(
        grade("mnist", saved=saved),
        Outcome.ERROR,
        r"checkpoints/MNIST\.pth must hold the dictionaries 'model_state_dict' and 'dmconfig': hand in the best_check",
    )


@pytest.mark.parametrize(
    ("config", "pattern"),
    [
        ({"n_feat": 64}, r"dmconfig has 'n_feat', which is no field of DMConfig: input_dim, num_channels, .*num_feat"),
        ({"x" * 500: 1}, r"dmconfig has 'x{59}\.\.\., which"),
        ({"T": 400.0}, r"dmconfig\['T'\] is 400\.0, not of the kind of 400$"),
        ({"T": True}, r"dmconfig\['T'\] is True, not of the kind of 400$"),
        ({"num_feat": "64"}, r"dmconfig\['num_feat'\] is '64', not of the kind of 128$"),
        ({"beta_T": None}, r"dmconfig\['beta_T'\] is None, not of the kind of 0\.02$"),
        ({"input_dim": 28}, r"dmconfig\['input_dim'\] is 28, not of the kind of \(28, 28\)$"),
        ({"multi_lr_milestones": ["a"]}, r"dmconfig\['multi_lr_milestones'\] is \['a'\], not of the kind of \[20\]$"),
    ],
)
def test_a_configuration_that_dmconfig_does_not_know_is_named(config, pattern, grade):
    told(grade("mnist", saved=checkpoint("mnist", **config)), Outcome.ERROR, rf"checkpoints/MNIST\.pth: {pattern}")


@pytest.mark.parametrize("config", [{"beta_1": 1}, {"input_dim": [28, 28]}, {"multi_lr_milestones": []}])
def test_numbers_and_sequences_that_mean_the_same_are_accepted(config, submit, observe):
    observation = observe(sampling.load, "mnist", submit("mnist", saved=checkpoint("mnist", **config)))
    assert observation.ended is Ended.COMPLETED, observation.message


@pytest.mark.parametrize("config", [{}, {"epochs": 99, "omega": 0.5, "learning_rate": 1.0, "batch_size": 1}])
def test_the_default_is_no_configuration_of_ones_own(config, submit, observe):
    folder = submit("mnist_own", saved=checkpoint("mnist", **config))
    message = observe(sampling.load, "mnist_own", folder).message
    assert re.search(r"MNIST_own\.pth: dmconfig is the default: train with another value of num_feat, T, ", message)


@pytest.mark.parametrize("config", [{"num_feat": 64}, {"T": 600}, {"beta_1": 1e-3}, {"beta_T": 0.03}, {"mask_p": 0.2}])
def test_any_change_of_the_model_makes_a_configuration_ones_own(config, submit, observe):
    observation = observe(sampling.load, "mnist_own", submit("mnist_own", saved=checkpoint("mnist", **config)))
    assert observation.ended is Ended.COMPLETED, observation.message
