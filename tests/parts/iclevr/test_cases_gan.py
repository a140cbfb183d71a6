"""Part 5's cases of the dataset and the conditional GAN: how sure statistics are, what is told and left alone."""

import os
import re
from types import SimpleNamespace

import conditional_gan as gan
import iclevr_dataset
import numpy as np
import pytest
import torch

from grader.parts.iclevr.cases import dataset, gan_inputs, gan_networks, gan_training
from grader.parts.iclevr.cases.dataset import iclevr_data, iclevr_items
from grader.parts.iclevr.cases.gan_discriminator import discriminator
from grader.parts.iclevr.cases.gan_networks import generator, normal_distance
from grader.parts.iclevr.cases.gan_running import gan_device, gan_resume, prepare_cgan
from grader.parts.iclevr.cases.gan_training import gan_step, gan_step_rules
from grader.runtime.fake_gpu import WrongDeviceError
from grader.runtime.rng import Streams, TensorStreams, case_seed


def observed(case, seed=1, **changed):
    """What the case observes of the solution with some of its names changed."""
    modules = {m.__name__: SimpleNamespace(**vars(m) | changed) for m in (gan, iclevr_dataset)}
    torch.manual_seed(seed)
    return case.observe(SimpleNamespace(**modules), TensorStreams(case_seed(seed, case.id)))


@pytest.mark.parametrize(("bound", "count"), [(gan_networks.CLOSE, 40_000), (gan_training.CLOSE, 2_560)])
def test_normal_noise_keeps_far_from_the_bound_and_other_noise_does_not(bound, count):
    torch.manual_seed(0)
    assert max(normal_distance(torch.randn(count)) for _ in range(100)) < 0.6 * bound
    for other in (torch.rand(count), 2 * torch.rand(count) - 1, 1.5 * torch.randn(count), torch.randn(count).abs()):
        assert normal_distance(other) > bound


def test_uniform_noise_of_the_right_variance_is_not_normal():
    assert normal_distance((torch.rand(40_000) - 0.5) * 12**0.5) > gan_networks.CLOSE


def test_neighbouring_conditions_differ_and_so_do_the_others():
    for seed in range(50):
        rows = gan_inputs.drawn_conditions(Streams(seed), "labels", 8, 13)
        assert (rows != np.roll(rows, 1, axis=0))[1:].any(axis=1).all()
        assert ((rows.sum(axis=1) > 0) & (rows.sum(axis=1) < 13)).all()
        given, others = gan_networks.conditions_and_others(TensorStreams(seed), 8, 13)
        assert (given != others).any(dim=1).all()


def own_step(in_discriminators_step):
    """A training step with G's pictures and their gradients treated like this before D steps."""

    def train_step(G, D, G_solver, D_solver, images, labels):
        z = gan.sample_z(len(images), G.n_z)
        D_solver.zero_grad()
        real, classes = D(images, labels)
        d_loss = module.discriminator_loss(real, D(G(z, labels), labels)[0], classes, labels)
        d_loss.backward()
        in_discriminators_step(G)
        D_solver.step()
        G_solver.zero_grad()
        g_loss = gan.generator_loss(*D(G(z, labels), labels), labels)
        g_loss.backward()
        G_solver.step()
        return d_loss.detach(), g_loss.detach()

    module = SimpleNamespace(**vars(gan) | {"train_step": train_step})
    return SimpleNamespace(conditional_gan=module)


def test_gradients_of_the_discriminators_loss_may_pass_through_the_generator_if_they_are_forgotten():
    def untouched(code):
        torch.manual_seed(0)
        return bool(gan_step_rules.observe(code, TensorStreams(3))["G_untouched"])

    assert untouched(own_step(lambda generator: generator.zero_grad()))
    assert not untouched(own_step(lambda generator: None))


def test_resuming_is_tried_in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "training.pt").write_text("a student's")
    observed(gan_resume)
    assert os.getcwd() == str(tmp_path)
    assert (tmp_path / "training.pt").read_text() == "a student's"


def class_of(base, **methods):
    """A network of the solution with other methods."""
    return type(base.__name__, (base,), methods)


@pytest.mark.parametrize(
    ("case", "changed", "told"),
    [
        (iclevr_data, {"get_iCLEVR_data": lambda root, mode: torch.zeros(2, 24)}, "return (file names, labels), not"),
        (
            iclevr_data,
            {"get_iCLEVR_data": lambda root, mode: (None, [])},
            "get_iCLEVR_data returns must return a tensor",
        ),
        (
            iclevr_items,
            {"ICLEVRLoader": class_of(iclevr_dataset.ICLEVRLoader, __getitem__=lambda self, i: None)},
            "__getitem__ in the mode train must return a pair of tensors, not NoneType",
        ),
        (
            generator,
            {"Generator": class_of(gan.Generator, forward=lambda self, z, c: None)},
            "the generator must return a tensor, not NoneType",
        ),
        (
            discriminator,
            {"Discriminator": class_of(gan.Discriminator, forward=lambda self, x, c: torch.zeros(len(x)))},
            "the discriminator must return a pair of tensors, not Tensor",
        ),
        (gan_step, {"train_step": lambda *a: None}, "train_step must return a pair of tensors, not NoneType"),
        (prepare_cgan, {"prepare_cgan": lambda: gan.Generator}, "prepare_cgan must return a Generator, not type"),
    ],
)
def test_a_forgotten_return_is_told_as_such(case, changed, told):
    with pytest.raises(TypeError, match=re.escape(told)):
        observed(case, **changed)


def test_a_tensor_on_the_wrong_device_is_told_with_the_function_that_made_it():
    with pytest.raises(WrongDeviceError, match=r"^in sample_z, "):
        observed(gan_device, sample_z=lambda count, n_z, device="cpu": torch.randn(count, n_z))


def test_conditions_of_different_lengths_are_shown_as_rows():
    assert dataset._rows([torch.tensor([1.0, 2.0]), torch.tensor(3)]).tolist() == [[1, 2], [3, -1]]
