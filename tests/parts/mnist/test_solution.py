"""The solution of part 3 against closed forms, and against schedulers that we did not write. Timesteps start at 1."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from DDPM import ConditionalDDPM
from diffusers import DDPMScheduler
from hypothesis import given, settings
from hypothesis import strategies as st
from ResUNet import ConditionalUnet
from torch import nn
from utils import DMConfig

from grader.authoring.closed_forms import variances
from grader.parts.mnist.oracles import gaussian_samples
from grader.runtime.probes import Spy, noise_tape, pattern

schedules = st.tuples(st.floats(1e-4, 0.01), st.floats(0.02, 0.5), st.integers(2, 300))
KNOWN = {  # at t = 77 with T = 400, from the course
    "beta_t": 0.003890,
    "sqrt_beta_t": 0.062374,
    "alpha_t": 0.996110,
    "oneover_sqrt_alpha": 1.001951,
    "alpha_t_bar": 0.857414,
    "sqrt_oneminus_alpha_bar": 0.377606,
}


def diffusers_scheduler(beta_1, beta_T, T):
    return DDPMScheduler(
        num_train_timesteps=T, beta_start=beta_1, beta_end=beta_T, variance_type="fixed_large", clip_sample=False
    )


def model(predict, **setting):
    """A ConditionalDDPM with a spied network, given by a function of (x, t / T of shape (B,), conditions)."""
    ddpm = ConditionalDDPM(DMConfig(num_feat=8, **setting))
    ddpm.network = Spy(predict)
    return ddpm


def one_hot(*labels):
    return F.one_hot(torch.tensor(labels), 10)


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 1, 1, 1)])
def test_the_schedule_has_the_known_values_of_the_course(name, shape):
    entries = ConditionalDDPM(DMConfig(num_feat=8)).scheduler(torch.full(shape, 77))
    assert entries[name].shape == shape
    assert entries[name].item() == pytest.approx(KNOWN[name], abs=1e-6)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(schedules)
def test_the_schedule_is_that_of_diffusers_one_step_later(schedule):
    beta_1, beta_T, T = schedule
    ours = model(None, beta_1=beta_1, beta_T=beta_T, T=T).scheduler(torch.arange(1, T + 1))
    theirs = diffusers_scheduler(beta_1, beta_T, T)
    torch.testing.assert_close(ours["beta_t"], theirs.betas, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(ours["alpha_t_bar"], theirs.alphas_cumprod, rtol=1e-5, atol=1e-7)


def test_the_noisy_images_of_training_are_those_of_diffusers():
    setting, images = {"beta_1": 0.001, "beta_T": 0.2, "T": 50}, torch.randn(40, 1, 28, 28)
    ddpm = model(lambda x, t, c: x, **setting)
    with noise_tape(1.0):
        ddpm(images, torch.zeros(40).long())
    (call,) = ddpm.network.calls
    t = (call.timestep * 50).round().long()
    assert set(t.tolist()) <= set(range(1, 51))
    expected = diffusers_scheduler(**setting).add_noise(images, pattern(40, 1, 28, 28), t - 1)
    torch.testing.assert_close(call.x, expected, rtol=1e-5, atol=1e-6)


def test_sampling_is_that_of_diffusers():
    setting, conditions, omega = {"beta_1": 0.001, "beta_T": 0.02, "T": 50}, one_hot(3, 1, 7), 1.7

    def predict(x, t, c):
        strength = (c.float() @ torch.linspace(-0.05, 0.1, 10)).reshape(-1, 1, 1, 1)
        return 0.5 * torch.sin(x) + strength - 0.8 - t.reshape(-1, 1, 1, 1)

    theirs = diffusers_scheduler(**setting)
    theirs.set_timesteps(50)
    with noise_tape(0.03):  # both draw the same noise at every step
        ours = model(predict, **setting).sample(conditions, omega)
        x = torch.randn(3, 1, 28, 28)
        for t in theirs.timesteps:
            time = torch.full((3,), (int(t) + 1) / 50)
            given, without = predict(x, time, conditions), predict(x, time, torch.full((3, 10), -1))
            x = theirs.step((1 + omega) * given - omega * without, t, x).prev_sample
    assert 0 < ours.min() < ours.max() < 1  # so that the clamp hides nothing
    torch.testing.assert_close(ours, x * 0.3081 + 0.1307, rtol=1e-4, atol=1e-5)


def test_sampling_recovers_the_mean_and_variance_of_gaussian_data():
    mean, std, setting = 1.2, 0.2, {"beta_1": 1e-3, "beta_T": 0.05, "T": 300}
    betas, _, bars = variances(1e-3, 0.05, 300)
    table = torch.tensor(bars, dtype=torch.float32)

    def exact(x, t, c):
        bar = table[(t * 300).round().long() - 1].reshape(-1, 1, 1, 1)
        return (1 - bar).sqrt() * (x - bar.sqrt() * mean) / (bar * std**2 + 1 - bar)

    torch.manual_seed(0)
    images = model(exact, **setting).sample(one_hot(*[0] * 60), 2.0)
    x_0 = (images.double() - 0.1307) / 0.3081
    expected_mean, expected_variance = gaussian_samples(betas, bars, mean, std)
    error = std * x_0.numel() ** -0.5
    assert abs(float(x_0.mean()) - expected_mean) < 4 * error
    assert abs(float(x_0.std()) - expected_variance**0.5) < 4 * error
    # With many small steps these are the data's own, but for what a finite schedule leaves.
    assert expected_mean == pytest.approx(mean, abs=0.002)
    assert expected_variance**0.5 == pytest.approx(std, rel=0.02)


def test_labels_and_one_hot_labels_give_the_same_images_and_stay_as_they_are():
    ddpm = model(lambda x, t, c: x * c.float().argmax(dim=1).reshape(-1, 1, 1, 1), T=5)
    conditions, labels = one_hot(4, 0, 9), torch.tensor([4, 0, 9])
    with noise_tape(0.3):
        assert torch.equal(ddpm.sample(conditions, 0.5), ddpm.sample(labels, 0.5))
    assert torch.equal(conditions, one_hot(4, 0, 9))
    assert torch.equal(labels, torch.tensor([4, 0, 9]))


@pytest.mark.parametrize("value", [-1, 0, 2])
def test_labels_are_dropped_as_a_whole_with_the_probability_asked_for(value):
    count, labels = 5000, torch.arange(5000) % 10
    ddpm = model(lambda x, t, c: torch.zeros_like(x), T=3, mask_p=0.3, condition_mask_value=value)
    torch.manual_seed(0)
    ddpm(torch.zeros(count, 1, 1, 1), labels)
    rows = ddpm.network.calls[0].label
    dropped = (rows == value).all(dim=1)
    assert abs(float(dropped.double().mean()) - 0.3) < 4 * (0.3 * 0.7 / count) ** 0.5
    assert torch.equal(rows[~dropped], F.one_hot(labels[~dropped], 10).float())


def test_every_time_is_drawn_equally_often():
    ddpm = model(lambda x, t, c: torch.zeros_like(x), T=4)
    torch.manual_seed(0)
    ddpm(torch.zeros(8000, 1, 1, 1), torch.zeros(8000).long())
    times, counts = np.unique(ddpm.network.calls[0].timestep, return_counts=True)
    np.testing.assert_array_equal(times, [0.25, 0.5, 0.75, 1.0])
    assert (np.abs(counts / 8000 - 0.25) < 4 * (0.25 * 0.75 / 8000) ** 0.5).all()


@pytest.mark.parametrize(("channels", "features", "classes"), [(1, 8, 10), (3, 16, 4)])
def test_the_unet_takes_other_channels_features_and_classes(channels, features, classes):
    net = ConditionalUnet(channels, features, classes)
    assert isinstance(net, nn.Module)
    x, t = torch.randn(2, channels, 28, 28), torch.tensor([0.5, 1.0]).reshape(2, 1, 1, 1)
    assert net(x, t, torch.full((2, classes), -1)).shape == x.shape


def test_the_time_embedding_tells_neighbouring_timesteps_apart():
    torch.manual_seed(0)
    net = ConditionalUnet(1, 16).eval()
    x, c = torch.randn(1, 1, 28, 28).expand(400, 1, 28, 28), one_hot(3).float().expand(400, 10)
    with torch.no_grad():
        out = net(x, torch.arange(1, 401).reshape(-1, 1, 1, 1) / 400, c)
    assert (out[1:] - out[:-1]).abs().amax(dim=(1, 2, 3)).min() > 1e-4
