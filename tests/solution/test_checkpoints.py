"""Which checkpoints of a model are accepted, and what is told of the others."""

import re

import pytest
import torch

from grader.runtime import sampling
from grader.runtime.case import Ended, Outcome
from tests.samplers import checkpoint, pictures, told


@pytest.mark.parametrize(
    ("name", "saved"),
    [("cifar10", {"other": torch.zeros(1)}), ("mnist", checkpoint("mnist") | {"model_state_dict": {}})],
)
def test_a_checkpoint_of_another_model_is_an_error_with_a_remedy(name, saved, samplers):
    told(samplers.grade(name, saved=saved), Outcome.ERROR, "loading state_dict[^|]*must build the one that was trained")


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
def test_a_checkpoint_without_its_configuration_is_an_error_with_a_remedy(saved, samplers):
    told(
        samplers.grade("mnist", saved=saved),
        Outcome.ERROR,
        r"checkpoints/MNIST\.pth must hold the dictionaries 'model_state_dict' and 'dmconfig': hand in the best_check",
    )


@pytest.mark.parametrize(
    ("config", "pattern"),
    [
        ({"n_feat": 64}, r"dmconfig has 'n_feat', which is no field of DMConfig: input_dim, num_channels, .*num_feat"),
        ({"x" * 500: 1}, r"dmconfig has 'x{59}\.\.\., which"),
        ({"T": 400.0}, r"dmconfig\['T'\] is 400\.0, but its default is 400: use the same type$"),
        ({"T": True}, r"dmconfig\['T'\] is True, but its default is 400: use the same type$"),
        ({"num_feat": "64"}, r"dmconfig\['num_feat'\] is '64', but its default is 128: use the same type$"),
        ({"beta_T": None}, r"dmconfig\['beta_T'\] is None, but its default is 0\.02: use the same type$"),
        ({"input_dim": 28}, r"dmconfig\['input_dim'\] is 28, but its default is \(28, 28\): use the same type$"),
        (
            {"multi_lr_milestones": ["a"]},
            r"dmconfig\['multi_lr_milestones'\] is \['a'\], but its default is \[20\]: use the same type$",
        ),
    ],
)
def test_a_configuration_that_dmconfig_does_not_know_is_named(config, pattern, samplers):
    verdict = samplers.grade("mnist", saved=checkpoint("mnist", **config))
    told(verdict, Outcome.ERROR, rf"checkpoints/MNIST\.pth: {pattern}")


@pytest.mark.parametrize("config", [{"beta_1": 1}, {"input_dim": [28, 28]}, {"multi_lr_milestones": []}])
def test_numbers_and_sequences_that_mean_the_same_are_accepted(config, samplers):
    folder = samplers.submit("mnist", saved=checkpoint("mnist", **config))
    observation = samplers.observe(sampling.load, "mnist", folder)
    assert observation.ended is Ended.COMPLETED, observation.message


@pytest.mark.parametrize("config", [{}, {"epochs": 99, "omega": 0.5, "learning_rate": 1.0, "batch_size": 1}])
def test_the_default_is_no_configuration_of_ones_own(config, samplers):
    folder = samplers.submit("mnist_own", saved=checkpoint("mnist", **config))
    message = samplers.observe(sampling.load, "mnist_own", folder).message
    assert re.search(r"MNIST_own\.pth: dmconfig is the default: train with another value of num_feat, T, ", message)


@pytest.mark.parametrize("config", [{"num_feat": 64}, {"T": 600}, {"beta_1": 1e-3}, {"beta_T": 0.03}, {"mask_p": 0.2}])
def test_any_change_of_the_model_makes_a_configuration_ones_own(config, samplers):
    folder = samplers.submit("mnist_own", saved=checkpoint("mnist", **config))
    observation = samplers.observe(sampling.load, "mnist_own", folder)
    assert observation.ended is Ended.COMPLETED, observation.message
