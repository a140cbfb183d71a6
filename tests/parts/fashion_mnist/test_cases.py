"""Part 4's cases: what they say of code that returns no tensor, and how sure their statistics are."""

import re
from types import SimpleNamespace

import models
import numpy as np
import pytest
import torch

from grader.parts.fashion_mnist.cases.schedule import noise
from grader.runtime.case import Outcome
from grader.runtime.rng import TensorStreams, case_seed

RETURNS = {
    "4.embedding": ("return torch.cat([angles.sin(), angles.cos()], dim=-1)", "forward must return a tensor"),
    "4.unet": ("return self.unfold(self.head(F.silu(self.norm(h))))\n", "forward must return a tensor"),
    "4.add_noise": ("return noisy, noise", "add_noise must return a pair of tensors"),
    "4.ddpm_loss": ("return F.mse_loss(self.network(x_t, t, label), noise)", "forward must return a tensor"),
    "4.ddpm_step": ("return mean + beta.sqrt() * z", "recover_sample must return a tensor"),
    "4.ddim_step": (
        "return alpha_bar_before.sqrt() * x_0 + (1 - alpha_bar_before).sqrt() * estimated_noise",
        "recover_sample must return a tensor",
    ),
}
UPDATE = "x = self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)"


@pytest.mark.parametrize("id", RETURNS)
@pytest.mark.parametrize("value", ["None", "'noise'"])
def test_a_function_that_returns_no_tensor_is_told_so(id, value, make_submission, solution_text, verdicts_of):
    old, told = RETURNS[id]
    text = solution_text("models")
    assert text.count(old) == 1
    folder = make_submission(models=text.replace(old, f"return {value}\n"))
    verdict = verdicts_of(folder, id)[id]
    kind = {"None": "NoneType", "'noise'": "str"}[value]
    assert verdict.outcome is Outcome.ERROR
    assert re.search(f"TypeError: {told}, not {kind}", verdict.message), verdict.message


def test_the_error_of_the_documented_call_is_told(make_submission, solution_text, verdicts_of):
    old = "return mean + beta.sqrt() * z"
    folder = make_submission(models=solution_text("models").replace(old, "return mean + beta[timestep + 99] * z"))
    message = verdicts_of(folder, "4.ddpm_step")["4.ddpm_step"].message
    assert "IndexError" in message
    assert re.search(r"at models\.py, line \d+, in recover_sample: return mean", message)


def test_a_step_of_the_wrong_shape_is_told_so(make_submission, solution_text, verdicts_of):
    old = "return mean + beta.sqrt() * z"
    folder = make_submission(models=solution_text("models").replace(old, "return (mean + beta.sqrt() * z)[:1]"))
    message = verdicts_of(folder, "4.ddpm_step")["4.ddpm_step"].message
    assert "recover_sample must return shape (3, 2, 5, 4), not (1, 2, 5, 4)" in message


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (UPDATE, "pass", "generate_sample must call the network"),
        (
            "return self.denoise(x, labels)\n",
            "return self.denoise(x, labels)[:, :, 2:]\n",
            r"generate_sample must return shape \(\d, 1, 32, 32\), not \(\d, 1, 30, 32\)",
        ),
    ],
    ids=["no network", "too small"],
)
@pytest.mark.parametrize("id", ["4.ddim_sample", "4.ddim_sampling_rules"])
def test_what_a_ddim_does_not_generate_is_told(id, old, new, told, make_submission, solution_text, verdicts_of):
    text = solution_text("models")
    assert text.count(old) == 1
    verdict = verdicts_of(make_submission(models=text.replace(old, new)), id)[id]
    assert verdict.outcome is Outcome.ERROR
    assert re.search(f"ValueError: {told}", verdict.message), verdict.message


@pytest.mark.parametrize(
    ("stride", "rules", "told"), [(2, Outcome.PASSED, ""), (49, Outcome.PASSED, ""), (61, Outcome.FAILED, "several")]
)
def test_a_ddim_may_skip_timesteps_but_takes_several(stride, rules, told, make_submission, solution_text, verdicts_of):
    text = solution_text("models")
    old = "guidance_weight=1.0, stride=1):"
    assert text.count(old) == 1
    folder = make_submission(models=text.replace(old, f"guidance_weight=1.0, stride={stride}):"))
    verdicts = verdicts_of(folder, "4.ddim_sample", "4.ddim_sampling_rules")
    assert verdicts["4.ddim_sample"].outcome is Outcome.PASSED, verdicts["4.ddim_sample"].message
    assert verdicts["4.ddim_sampling_rules"].outcome is rules
    assert told in verdicts["4.ddim_sampling_rules"].message


def test_the_tolerance_of_a_statistic_is_five_standard_errors_between_two_correct_samples():
    observed = []
    for seed in range(25):
        torch.manual_seed(seed)
        arrays = noise.observe(SimpleNamespace(models=models), TensorStreams(case_seed(seed, noise.id)))
        del arrays["shape"]
        observed.append([float(value) for value in arrays.values()])
    between_two = np.sqrt(2) * np.std(observed, axis=0)  # a student's draw differs from the golden's
    assert (5 * between_two < noise.atol).all(), dict(zip(arrays, between_two, strict=True))
