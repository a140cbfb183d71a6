"""Part 4's cases: what they say of code that returns no tensor, and how sure their statistics are."""

import re
from types import SimpleNamespace

import models
import numpy as np
import pytest
import torch

from grader.case import Outcome
from grader.cases.part4.schedule import noise
from grader.rng import TensorStreams, case_seed

RETURNS = {
    "4.embedding": ("return torch.cat([angles.sin(), angles.cos()], dim=-1)", "forward must return a tensor"),
    "4.unet": ("return self.unfold(self.head(F.silu(self.norm(h))))", "forward must return a tensor"),
    "4.add_noise": ("return noisy, noise", "add_noise must return a pair of tensors"),
    "4.ddpm_loss": ("return F.mse_loss(self.network(x_t, t, label), noise)", "forward must return a tensor"),
    "4.ddpm_step": ("return mean + beta.sqrt() * z", "recover_sample must return a tensor"),
}


@pytest.mark.parametrize("id", RETURNS)
@pytest.mark.parametrize("value", ["None", "'noise'"])
def test_a_function_that_returns_no_tensor_is_told_so(id, value, make_submission, solution_text, verdicts_of):
    old, told = RETURNS[id]
    text = solution_text("models")
    assert text.count(old) == 1
    folder = make_submission(models=text.replace(old, f"return {value}"))
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


def test_the_tolerance_of_a_statistic_is_five_standard_errors_between_two_correct_samples():
    observed = []
    for seed in range(25):
        torch.manual_seed(seed)
        arrays = noise.observe(SimpleNamespace(models=models), TensorStreams(case_seed(seed, noise.id)))
        del arrays["shape"]
        observed.append([float(value) for value in arrays.values()])
    between_two = np.sqrt(2) * np.std(observed, axis=0)  # a student's draw differs from the golden's
    assert (5 * between_two < noise.atol).all(), dict(zip(arrays, between_two, strict=True))
