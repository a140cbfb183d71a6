"""The solution of part 4 against closed forms, and against schedulers that we did not write."""

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from hypothesis import given, settings
from hypothesis import strategies as st
from models import DDPM, SinusoidalPositionEmbeddings, UNet, VarianceScheduler

from grader.runtime.probes import noise_tape
from tests.predictors import Predictor, gaussian, on_cpu

ours_to_theirs = {"linear": "linear", "quadratic": "scaled_linear"}
schedules = st.tuples(st.floats(1e-4, 0.01), st.floats(0.02, 0.5), st.integers(2, 300))


def diffusers_scheduler(start, end, steps, interpolation="linear", **options):
    return DDPMScheduler(
        num_train_timesteps=steps,
        beta_start=start,
        beta_end=end,
        beta_schedule=ours_to_theirs[interpolation],
        clip_sample=False,
        **options,
    )


@pytest.mark.parametrize("interpolation", ours_to_theirs)
@settings(derandomize=True, deadline=None, max_examples=25)
@given(schedules)
def test_the_schedule_is_that_of_diffusers(interpolation, schedule):
    start, end, steps = schedule
    ours = VarianceScheduler(start, end, steps, interpolation)
    theirs = diffusers_scheduler(start, end, steps, interpolation)
    torch.testing.assert_close(ours.betas, theirs.betas, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(ours.alpha_bars, theirs.alphas_cumprod, rtol=1e-5, atol=1e-7)


def test_noising_is_that_of_diffusers():
    x, t = torch.randn(5, 2, 7, 6), torch.tensor([0, 1, 20, 49, 7])
    noisy, noise = VarianceScheduler(0.001, 0.2, 50).add_noise(x, t)
    expected = diffusers_scheduler(0.001, 0.2, 50).add_noise(x, noise, t)
    torch.testing.assert_close(noisy, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("t", [0, 1, 25, 49])
def test_a_reverse_step_is_that_of_diffusers(t):
    x, noise = torch.randn(3, 1, 8, 5), torch.randn(3, 1, 8, 5)
    scheduler = VarianceScheduler(0.001, 0.2, 50)
    model = DDPM(Predictor(lambda x, t, label: noise), scheduler)
    with noise_tape(1.0):  # both draw the same z
        ours = model.recover_sample(x, noise, torch.full((3,), t))
        theirs = diffusers_scheduler(0.001, 0.2, 50, variance_type="fixed_large").step(noise, t, x).prev_sample
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_sampling_recovers_the_mean_and_variance_of_gaussian_data():
    # For data N(mu, 1) the best noise predictor is known, and sigma^2 = beta is then exact (DDPM, sec. 3.2).
    mu, scheduler = 0.3, VarianceScheduler(0.001, 0.2, 60)
    torch.manual_seed(0)
    x = on_cpu(DDPM(gaussian(scheduler, mu), scheduler), 100)
    error = x.numel() ** -0.5
    # Starting from N(0, 1) instead of N(sqrt(alpha_bar) mu, 1) leaves alpha_bar mu of the mean out.
    assert abs(float(x.mean()) - mu * (1 - float(scheduler.alpha_bars[-1]))) < 4 * error
    # The last step adds no noise, which costs at most beta_0 of the variance.
    assert 1 - 0.001 - 4 * error < x.var() < 1 + 4 * error


def test_guidance_is_linear_in_its_weight_and_zero_weight_is_no_guidance():
    net = Predictor(lambda x, t, label: x * label.reshape(-1, 1, 1, 1))  # the null label is 10
    x, t, label = torch.randn(3, 1, 4, 4), torch.tensor([0, 1, 2]), torch.tensor([1, 5, 3])

    def guided(w):
        return DDPM(net, VarianceScheduler(num_steps=3), guidance_weight=w).guided_noise(x, t, label)

    conditional, unconditional = net(x, t, label), net(x, t, torch.full((3,), 10))
    torch.testing.assert_close(guided(0.0), conditional)
    torch.testing.assert_close(guided(-1.0), unconditional)
    torch.testing.assert_close(guided(2.5), 3.5 * conditional - 2.5 * unconditional)


def test_labels_are_dropped_with_the_probability_asked_for():
    seen = []
    net = Predictor(lambda x, t, label: seen.append(label) or torch.zeros_like(x))
    DDPM(net, VarianceScheduler(num_steps=3), p_uncond=0.3)(torch.randn(20_000, 1, 1, 1), torch.zeros(20_000).long())
    dropped = (seen[0] == 10).double().mean()
    assert abs(dropped - 0.3) < 4 * (0.3 * 0.7 / 20_000) ** 0.5


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.integers(1, 40).map(lambda n: 2 * n), st.lists(st.integers(0, 999), min_size=1, max_size=8))
def test_embeddings_have_norm_half_the_dimension(dim, times):
    embedded = SinusoidalPositionEmbeddings(dim)(torch.tensor(times))
    assert embedded.shape == (len(times), dim)
    np.testing.assert_allclose(embedded.double().square().sum(dim=1), dim / 2, rtol=1e-5)


def test_the_unet_takes_other_sizes_channels_and_classes():
    net = UNet(in_channels=4, down_channels=(16, 24), up_channels=(24, 16), time_emb_dim=12, num_classes=3)
    out = net(torch.randn(2, 4, 8, 12), torch.tensor([0, 5]), torch.tensor([3, 1]))
    assert out.shape == (2, 4, 8, 12)


@pytest.mark.parametrize("name", ["cosine", "", None, "Linear"])
def test_an_unknown_interpolation_is_refused(name):
    with pytest.raises(ValueError, match="interpolation must be 'linear' or 'quadratic'"):
        VarianceScheduler(interpolation=name)


def test_a_wrong_number_of_labels_is_refused():
    model = DDPM(Predictor(lambda x, t, label: x), VarianceScheduler(num_steps=2))
    with pytest.raises(ValueError, match="4 samples need 4 labels, got 3"):
        on_cpu(model, 4, torch.zeros(3).long())
