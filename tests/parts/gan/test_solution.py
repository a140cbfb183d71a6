"""The solution of part 1 against known values and closed forms, and its given helpers."""

import math

import gan_pytorch as gan
import numpy as np
import pytest
import torch
from gan_oracle import OracleGenerator, load_oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import nn
from trainers import TrainingError

from grader.parts.gan.cases.inputs import uniform_distance
from grader.parts.gan.oracles import surprise
from test_resources.make_gan_checks import PATH, checks

LOGITS = st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("logits", "loss"), [([0.0, 0.5, 0.4, 0.1], 0.581159), ([0.0, 0.5, 0.4, 0.3], 0.5586487)], ids=str
)
def test_the_generators_loss_has_the_known_values_of_the_course(logits, loss):
    assert gan.generator_loss(torch.tensor(logits)).item() == pytest.approx(loss, abs=1e-6)


def test_the_cross_entropy_has_the_known_value_of_the_course():
    loss = gan.bce_loss(torch.tensor([0.4, 0.1, 0.2, 0.3]), torch.tensor([0.3, 0.25, 0.25, 0.2]))
    assert loss.item() == pytest.approx(0.7637264728546143, abs=1e-7)


def test_the_checks_that_students_get_are_those_of_their_script_and_hold_for_the_solution():
    with np.load(PATH) as file:
        found = dict(file)
    assert {name: array.tobytes() for name, array in found.items()} == {
        name: np.asarray(array).tobytes() for name, array in checks().items()
    }
    real, fake = torch.from_numpy(found["logits_real"]), torch.from_numpy(found["logits_fake"])
    assert gan.discriminator_loss(real, fake).item() == pytest.approx(float(found["d_loss_true"]), rel=1e-6)
    # An integral of the logistic density gives log sigma(x): nothing of the losses' own formula is in it.
    expected = -stats.logistic.logcdf(found["logits_real"]).mean() - stats.logistic.logsf(found["logits_fake"]).mean()
    assert float(found["d_loss_true"]) == pytest.approx(expected, rel=1e-6)


@settings(derandomize=True, deadline=None)
@given(LOGITS, LOGITS)
def test_the_losses_are_the_closed_forms(real, fake):
    losses = (gan.discriminator_loss(torch.tensor(real), torch.tensor(fake)), gan.generator_loss(torch.tensor(fake)))
    expected = (surprise(real, 1).mean() + surprise(fake, 0).mean(), surprise(fake, 1).mean())
    assert [loss.item() for loss in losses] == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("size", [100.0, 1000.0])
def test_the_losses_and_their_gradients_are_exact_where_d_is_certain(size):
    logits = torch.tensor([size, -size], requires_grad=True)
    loss = gan.discriminator_loss(logits, logits)  # right about one of each, wrong about the other
    loss.backward()
    assert loss.item() == size
    assert logits.grad.tolist() == [0.5, -0.5]


def test_at_the_optimum_of_the_game_the_losses_are_those_of_a_coin():
    undecided = torch.zeros(7)
    assert gan.discriminator_loss(undecided, undecided).item() == pytest.approx(2 * math.log(2))
    assert gan.generator_loss(undecided).item() == pytest.approx(math.log(2))


def test_noise_is_uniform_fresh_and_repeatable():
    noise = gan.sample_noise(200, 96, seed=3)
    assert (noise.shape, noise.dtype) == ((200, 96), torch.float32)
    assert stats.kstest(noise.flatten().numpy(), stats.uniform(-1, 2).cdf).pvalue > 1e-3
    assert torch.equal(noise, gan.sample_noise(200, 96, seed=3))
    assert not torch.equal(noise, gan.sample_noise(200, 96))


@pytest.mark.parametrize("values", [[0.3], [-1.0, 1.0], np.random.default_rng(0).normal(size=50)], ids=len)
def test_the_distance_from_uniform_is_that_of_scipy(values):
    assert uniform_distance(values) == pytest.approx(stats.kstest(values, stats.uniform(-1, 2).cdf).statistic)


def test_a_seed_repeats_the_weights_of_both_networks():
    for build in (gan.discriminator, gan.generator):
        first, again, other = (build(seed=seed).state_dict() for seed in (1, 1, 2))
        assert all(torch.equal(first[name], again[name]) for name in first)
        assert not all(torch.equal(first[name], other[name]) for name in first)


def networks():
    """(D, G, D_solver, G_solver) of the solution."""
    nets = gan.discriminator(seed=0), gan.generator(noise_dim=5, seed=0)
    return *nets, *(gan.get_optimizer(net) for net in nets)


def weights(network):
    return [p.detach().clone() for p in network.parameters()]


def changed(network, before):
    return not all(torch.equal(p, b) for p, b in zip(network.parameters(), before, strict=True))


@pytest.mark.parametrize(("frozen", "learns"), [("D_solver", 1), ("G_solver", 0)])
def test_the_step_of_one_network_leaves_the_other_as_it_is(frozen, learns, monkeypatch):
    *nets, D_solver, G_solver = networks()
    monkeypatch.setattr({"D_solver": D_solver, "G_solver": G_solver}[frozen], "step", lambda: None)
    before = [weights(net) for net in nets]
    loader = [(torch.rand(4, 3, 32, 32), None)]
    losses = gan.discriminator_loss, gan.generator_loss
    gan.train_gan(*nets, D_solver, G_solver, *losses, loader, batch_size=4, noise_size=5, num_epochs=1)
    assert [changed(net, b) for net, b in zip(nets, before, strict=True)] == [learns == 0, learns == 1]


def test_training_shows_images_as_often_as_asked_and_skips_what_is_too_small():
    loader = [(torch.rand(n, 3, 32, 32), None) for n in (20, 20, 3, 20)]
    nets = networks()
    losses = gan.discriminator_loss, gan.generator_loss
    shown = gan.train_gan(*nets, *losses, loader, show_every=2, batch_size=20, noise_size=5, num_epochs=2)
    assert [images.shape for images in shown] == [(16, 3, 32, 32)] * 3  # of 6 steps: 0, 2 and 4
    assert all(np.abs(images).max() <= 1 for images in shown)


class MeanSign(nn.Module):
    """Takes an image for real if its mean is positive."""

    def forward(self, x):
        return x.mean(dim=(1, 2, 3))[:, None]


def test_evaluation_counts_what_was_built_by_hand():
    # Real: three bright images and a dark one. The oracle's: one bright image in four.
    real = torch.tensor([0.9, 0.8, 0.6, 0.1])[:, None, None, None].expand(4, 3, 32, 32)
    fake = torch.tensor([0.5, -0.5, -0.1, -0.9])[:, None, None, None].expand(4, 3, 32, 32)
    measured = gan.eval_discriminator(MeanSign(), lambda noise: fake, [(real, None)] * 3, "cpu", batch_size=4)
    assert measured == pytest.approx((0.75, 0.75, 0.75))
    measured = gan.eval_discriminator(MeanSign(), lambda noise: -real, [(real, None)], "cpu", batch_size=4)
    assert measured == pytest.approx((7 / 8, 1.0, 3 / 4))  # nothing of it is bright
    nothing = gan.eval_discriminator(MeanSign(), lambda noise: -fake.abs(), [(0 * real, None)], "cpu", batch_size=4)
    assert nothing == (0.5, 0.0, 0.0)


def test_the_given_helpers():
    x = torch.rand(2, 3, 4, 5)
    assert gan.Flatten()(x).shape == (2, 60)
    assert torch.equal(gan.Unflatten(-1, 3, 4, 5)(gan.Flatten()(x)), x)
    assert torch.allclose(gan.deprocess_img(gan.preprocess_img(x)), x, atol=1e-6)
    assert gan.preprocess_img(torch.tensor([0.0, 1.0])).tolist() == [-1, 1]
    assert list(gan.ChunkSampler(3, start=5)) == [5, 6, 7]
    assert len(gan.ChunkSampler(3, start=5)) == 3
    assert gan.count_params(nn.Linear(3, 4)) == 16
    assert gan.rel_error(np.array([1.0, 2.0]), np.array([1.0, 3.0])) == pytest.approx(0.2)
    layer = nn.Linear(3, 4)
    before = layer.weight.clone()
    layer.apply(gan.initialize_weights)
    assert not torch.equal(layer.weight, before)
    assert layer.weight.abs().max() <= math.sqrt(6 / 7)  # Glorot & Bengio 2010, eq. 16


@pytest.mark.parametrize("images", [torch.rand(5, 3, 32, 32), np.random.rand(5, 3072), torch.rand(1, 3, 32, 32)])
def test_images_are_shown_each_in_a_panel(images):
    panels = gan.show_images(images).axes
    assert sum(bool(panel.images) for panel in panels) == len(images)
    shown = panels[0].images[0].get_array()
    expected = np.asarray(images[0]).reshape(3, 32, 32).transpose(1, 2, 0)
    assert np.allclose(shown, expected, atol=1e-6)


def test_the_oracle_generators_are_there_in_eval_mode_and_another_is_refused():
    oracle = load_oracle("synthetic")
    assert not oracle.training
    images = oracle(gan.sample_noise(6, 96, seed=0))
    assert images.shape == (6, 3, 32, 32)
    assert images.abs().max() <= 1
    assert images.std(dim=0).mean() > 0.1  # of different noise there are different images
    with pytest.raises(TrainingError, match=r"no oracle generator for mnist; choose one of: .*synthetic"):
        load_oracle("mnist")


def test_an_oracle_generator_has_gradients_everywhere():
    oracle = OracleGenerator()
    oracle(torch.rand(3, 96)).sum().backward()
    assert all(p.grad is not None for p in oracle.parameters())
