"""How the model of each part is built from a submission and asked for images, and what is told of those it returns."""

import inspect
from dataclasses import asdict

import numpy as np
import pytest
import torch
from classifier import classify, load_classifier
from utils import DMConfig

from grader.accuracy.classifiers import FOLDER, about
from grader.runtime import sampling
from grader.runtime.case import Ended, Outcome
from grader.runtime.experiment import find
from tests.samplers import LABELS, ONE_HOT, SHAPES, checkpoint, pictures, told


def test_every_accuracy_names_a_function_that_builds_its_model(assignment):
    for accuracy in assignment.policy.accuracy.values():
        assert inspect.signature(find(accuracy.build)).parameters.keys() == {"code", "model"}


# -------------------------------------------------------------------------------------------------- what is asked for


def test_part_2_is_asked_for_conditions_from_1_and_its_images_are_clamped(samplers):
    body = """
        assert (cond.dtype, guidance_weight, threshold) == (torch.int64, 2.0, False)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == ""  # --device cpu means that
        return pictures[cond].detach()"""
    observation = samplers.observe(sampling.sample, "cifar10", samplers.submit("cifar10", body))
    assert observation.ended is Ended.COMPLETED, observation.message
    expected = pictures("cifar10").half().float()[torch.tensor(LABELS) + 1].clamp(-1, 1)
    assert np.array_equal(observation.arrays["images"], expected)


def test_part_3_is_asked_with_one_hot_labels_and_the_policys_omega(samplers):
    body = """
        assert (conditions.dtype, omega, self.training) == (torch.int64, 2.0, False)
        assert conditions.shape[1] == 10 and conditions.sum(1).eq(1).all()
        assert not torch.is_grad_enabled()
        assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
        assert self.config.T == 5 and self.config.num_feat == 128
        return self.pictures[conditions.argmax(1)]"""
    observation = samplers.observe(sampling.sample, "mnist", samplers.submit("mnist", body, checkpoint("mnist", T=5)))
    assert observation.ended is Ended.COMPLETED, observation.message
    assert np.array_equal(observation.arrays["images"], pictures("mnist").half().float()[LABELS])


@pytest.mark.parametrize("refusal", ["ValueError('labels, please')", "RuntimeError('shape')", "IndexError()"])
def test_a_sample_that_refuses_one_hot_labels_is_asked_with_labels(refusal, samplers):
    body = f"if conditions.dim() == 2: raise {refusal}\n        return self.pictures[conditions]"
    observation = samplers.observe(sampling.sample, "mnist", samplers.submit("mnist", body))
    assert np.array_equal(observation.arrays["images"], pictures("mnist").half().float()[LABELS])


@pytest.mark.parametrize(("name", "steps"), [("cifar10", 2), ("mnist", 2)])
def test_the_solution_itself_can_be_asked(name, steps, assignment, make_submission, solution_text, samplers):
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
    assert samplers.observe(sampling.load, name, folder).arrays["parameters"] == parameters
    images = samplers.observe(sampling.sample, name, folder).arrays["images"]
    assert images.shape == (len(LABELS), *SHAPES[name])
    assert (-1 if name == "cifar10" else 0) <= images.min() < images.max() <= 1


# ---------------------------------------------------------------------------------------------------- what it is worth


@pytest.mark.parametrize("name", SHAPES)
def test_images_are_judged_by_the_classifier_of_their_dataset(name, assignment, samplers):
    asked = assignment.policy.accuracy[name]
    shown = pictures(name).half().float()[-asked.classes :]  # one for each class
    found = classify(load_classifier(FOLDER / f"{asked.classifier}.pt"), shown, low=about(asked.classifier).lowest)
    verdict = samplers.grade(name)
    assert verdict.outcome is Outcome.FAILED, verdict.message
    confusion = np.array(verdict.figures["confusion"])
    assert confusion.argmax(axis=1).tolist() == found.tolist()
    assert (confusion.max(axis=1) == confusion.sum(axis=1)).all()


# ----------------------------------------------------------------------------------------------------- what is refused


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
def test_a_broken_sampler_gets_a_clear_line(name, body, outcome, pattern, samplers):
    told(samplers.grade(name, body), outcome, pattern)


def test_an_image_generator_without_a_model_is_told_what_it_lacks(samplers):
    verdict = samplers.grade("cifar10", attribute="None")
    told(verdict, Outcome.ERROR, r"ImageGenerator\(\) must keep a DiffusionModel in an attr")
