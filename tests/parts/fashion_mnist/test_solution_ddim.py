"""The solution's DDIM against closed forms, and against a scheduler that we did not write."""

import math

import pytest
import torch
from assignment import prepare_ddim, prepare_ddpm
from diffusers import DDIMScheduler
from hypothesis import given, settings
from hypothesis import strategies as st
from models import DDIM, VarianceScheduler

from tests.predictors import Predictor, gaussian, on_cpu

betas = st.tuples(st.floats(1e-4, 0.01), st.floats(0.02, 0.5))


def diffusers_scheduler(start, end, steps, stride):
    """Theirs, from T - 1 downward with the same stride, which must divide T."""
    scheduler = DDIMScheduler(
        num_train_timesteps=steps,
        beta_start=start,
        beta_end=end,
        clip_sample=False,
        set_alpha_to_one=True,
        timestep_spacing="trailing",
    )
    scheduler.set_timesteps(steps // stride)
    assert scheduler.timesteps.tolist() == list(range(steps - 1, -1, -stride))
    return scheduler


def recording(seen):
    """A predictor that is neither linear in x nor constant in t, and notes the timesteps."""

    def predict(x, t, label):
        seen.append(int(t[0]))
        return torch.sin(3 * x + 0.1 * t.reshape(-1, 1, 1, 1))

    return Predictor(predict)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(betas, st.integers(2, 25), st.integers(1, 9))
def test_every_step_is_that_of_diffusers(betas, visited, stride):
    x, noise = torch.randn(2, 1, 5, 4), torch.randn(2, 1, 5, 4)
    steps = visited * stride
    model = DDIM(Predictor(None), VarianceScheduler(*betas, steps), stride=stride)
    theirs = diffusers_scheduler(*betas, steps, stride)
    for t in theirs.timesteps:
        ours = model.recover_sample(x, noise, t.repeat(2))
        expected = theirs.step(noise, t, x, eta=0.0).prev_sample
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-4 * expected.abs().max().item())


@pytest.mark.parametrize("stride", [1, 3, 5, 60])
def test_the_whole_sampling_is_that_of_diffusers(stride):
    x, labels, seen = torch.randn(3, 1, 8, 6), torch.tensor([4, 0, 9]), []
    net, setting = recording(seen), (0.001, 0.2, 60)
    ours = DDIM(net, VarianceScheduler(*setting), guidance_weight=0.0, stride=stride).denoise(x, labels)
    theirs = diffusers_scheduler(*setting, stride)
    assert seen == theirs.timesteps.tolist()
    expected = x
    for t in theirs.timesteps:
        expected = theirs.step(net(expected, t.repeat(3), labels), t, expected, eta=0.0).prev_sample
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-4 * expected.abs().max().item())


@pytest.mark.parametrize("stride", [1, 4])
def test_only_the_noise_at_the_start_is_random(stride):
    def samples(draws):
        def predict(x, t, label):
            torch.randn(draws)  # moves the generator on between two steps
            return torch.sin(x)

        torch.manual_seed(5)
        model = DDIM(Predictor(predict), VarianceScheduler(num_steps=12), stride=stride)
        return on_cpu(model, 3, torch.tensor([1, 2, 3]))

    assert torch.equal(samples(1), samples(10))


def test_another_start_gives_another_sample():
    model = DDIM(Predictor(lambda x, t, label: torch.sin(x)), VarianceScheduler(num_steps=12))
    assert (on_cpu(model, 1) - on_cpu(model, 1)).abs().mean() > 0.1


@pytest.mark.parametrize("stride", range(1, 15))
def test_the_only_point_of_a_dataset_is_recovered_with_every_stride(stride):
    scheduler, point = VarianceScheduler(0.001, 0.3, 13), torch.rand(1, 1, 32, 32) - 0.5
    model = DDIM(gaussian(scheduler, point, 0.0), scheduler, stride=stride)
    torch.testing.assert_close(on_cpu(model, 4), point.expand(4, -1, -1, -1), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("mean", "deviation"), [(0.3, 1.0), (-0.5, 0.4), (0.1, 2.0)])
def test_gaussian_data_follows_its_flow_with_an_error_of_the_first_order(mean, deviation):
    # The probability flow of normal data keeps every point at its quantile, and DDIM is Euler's method for it.
    x = torch.linspace(-2.5, 2.5, 21).reshape(1, 1, 3, 7)

    def error(steps):
        scheduler = VarianceScheduler(0.1 / steps, 20 / steps, steps)
        ours = DDIM(gaussian(scheduler, mean, deviation**2), scheduler).denoise(x, torch.zeros(1).long())
        bar = scheduler.alpha_bars[-1]
        flow = mean + deviation * (x - bar.sqrt() * mean) / (bar * deviation**2 + 1 - bar).sqrt()
        return float((ours - flow).abs().max())

    assert error(400) < 0.05
    assert error(100) / error(400) == pytest.approx(4, rel=0.25)


@pytest.mark.parametrize(("steps", "stride"), [(10, 1), (10, 3), (9, 3), (4, 9)])
def test_every_stride_ends_within_the_schedule(steps, stride):
    seen = []
    on_cpu(DDIM(recording(seen), VarianceScheduler(num_steps=steps), guidance_weight=0.0, stride=stride), 2)
    assert seen == [steps - 1 - i * stride for i in range(math.ceil(steps / stride))]


def test_the_weights_of_the_ddpm_fit_the_ddim():
    ddpm, ddim = prepare_ddpm(), prepare_ddim()
    ddim.load_state_dict(ddpm.state_dict(), strict=True)
    x, t, label = torch.randn(2, 1, 32, 32), torch.tensor([3, 70]), torch.tensor([1, 8])
    assert torch.equal(ddim.network(x, t, label), ddpm.network(x, t, label))
    assert torch.equal(ddim.var_scheduler.alpha_bars, ddpm.var_scheduler.alpha_bars)
