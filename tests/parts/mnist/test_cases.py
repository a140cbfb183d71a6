"""Part 3's cases: whose fault counts where, what is said of code that returns nothing, how sure statistics are."""

import re
from types import SimpleNamespace

import DDPM
import numpy as np
import pytest
import torch
import utils

from grader.course.assignment import load
from grader.parts.mnist.cases import inputs
from grader.parts.mnist.cases.sampling import gaussian
from grader.parts.mnist.cases.training import dropout, noise
from grader.parts.mnist.oracles import gaussian_samples, sampled, tables
from grader.runtime.case import Outcome
from grader.runtime.rng import Streams, TensorStreams, case_seed

RETURNS = {
    "3.network": ("ResUNet", "return self.head(h)", "forward must return a tensor"),
    "3.loss": (
        "DDPM",
        "return self.loss_fn(self.network(x_t, t / config.T, one_hot), noise)",
        "forward must return a tensor",
    ),
    "3.sample": ("DDPM", "return (x_t * 0.3081 + 0.1307).clamp(0, 1)", "sample must return a tensor"),
}
OF_THE_NETWORK = ["3.network", "3.network_inputs", "3.network_gradient"]
OF_THE_DDPM = [case.id for case in load().cases if case.part == 3 and case.id not in OF_THE_NETWORK]


def outcomes(verdicts):
    return {verdict.outcome for verdict in verdicts.values()}


@pytest.mark.parametrize("id", RETURNS)
@pytest.mark.parametrize("value", ["None", "'noise'"])
def test_a_function_that_returns_no_tensor_is_told_so(id, value, make_submission, solution_text, verdicts_of):
    file, old, told = RETURNS[id]
    text = solution_text(file)
    assert text.count(old) == 1
    verdict = verdicts_of(make_submission(**{file: text.replace(old, f"return {value}")}), id)[id]
    kind = {"None": "NoneType", "'noise'": "str"}[value]
    assert verdict.outcome is Outcome.ERROR
    assert re.search(f"TypeError: {told}, not {kind}", verdict.message), verdict.message


@pytest.mark.parametrize("text", [None, "def", "raise RuntimeError", "class ConditionalUnet:\n    pass\n"])
def test_a_broken_network_costs_only_the_cases_of_the_network(text, make_submission, verdicts_of):
    verdicts = verdicts_of(make_submission(ResUNet=text), *OF_THE_NETWORK, *OF_THE_DDPM)
    assert outcomes({id: verdicts[id] for id in OF_THE_NETWORK}) == {Outcome.ERROR}
    assert outcomes({id: verdicts[id] for id in OF_THE_DDPM}) == {Outcome.PASSED}


def test_a_broken_ddpm_costs_none_of_the_cases_of_the_network(make_submission, verdicts_of):
    assert outcomes(verdicts_of(make_submission(DDPM="def"), *OF_THE_NETWORK)) == {Outcome.PASSED}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("return None", "TypeError: scheduler must return a dictionary, not NoneType"),
        ("return {'beta_t': beta_t}", "ValueError: scheduler must return a dictionary with sqrt_beta_t, alpha_t, oneo"),
    ],
)
def test_a_schedule_without_its_entries_is_told_so(value, told, make_submission, solution_text, verdicts_of):
    old = "        alpha_t = 1 - beta_t\n"
    text = solution_text("DDPM")
    assert text.count(old) == 1
    verdict = verdicts_of(make_submission(DDPM=text.replace(old, f"{old}        {value}\n")), "3.schedule")[
        "3.schedule"
    ]
    assert verdict.outcome is Outcome.ERROR
    assert told in verdict.message


def test_the_error_of_the_documented_call_is_told(make_submission, solution_text, verdicts_of):
    old = "x_t = mean + "
    folder = make_submission(DDPM=solution_text("DDPM").replace(old, "x_t = mean[conditions.long() * 99] + "))
    message = verdicts_of(folder, "3.sample")["3.sample"].message
    assert "IndexError" in message
    assert re.search(r"at DDPM\.py, line \d+, in sample: x_t = mean", message)


def test_images_of_the_wrong_shape_are_told_so(make_submission, solution_text, verdicts_of):
    folder = make_submission(DDPM=solution_text("DDPM").replace("return (x_t *", "return (x_t.squeeze(1) *"))
    message = verdicts_of(folder, "3.sample")["3.sample"].message
    assert re.search(r"sample must return shape \(\d, 1, 28, 28\), not \(\d, 28, 28\)", message)


def test_the_clamp_never_touches_the_images_of_a_known_network():
    # Else a wrong step could look like a right one.
    least, greatest = (0 - 0.1307) / 0.3081, (1 - 0.1307) / 0.3081
    for seed in range(500):
        x_0 = sampled(Streams(case_seed(seed, "3.sample")))
        assert least + 0.2 < x_0.min() < x_0.max() < greatest - 0.1
        rng = Streams(case_seed(seed, "3.gaussian"))
        betas, _, bars = tables(inputs.long_schedule(rng))
        mean, variance = gaussian_samples(betas, bars, *inputs.data(rng))
        assert least < mean - 5 * variance**0.5 < mean + 5 * variance**0.5 < greatest


@pytest.mark.parametrize(
    ("case", "statistics"),
    [
        (noise, ["mean", "kurtosis", "between_items", "between_calls"]),
        (dropout, ["rate", "neither"]),
        (gaussian, ["mean", "std", "between_items"]),
    ],
    ids=lambda value: getattr(value, "id", ""),
)
def test_the_tolerance_of_a_statistic_is_five_standard_errors_between_two_correct_samples(case, statistics):
    code, observed = SimpleNamespace(DDPM=DDPM, utils=utils, ResUNet=None), []
    for seed in range(20):
        torch.manual_seed(seed)  # the inputs stay, the student's draws differ
        arrays = case.observe(code, TensorStreams(case_seed(1, case.id)))
        observed.append([float(arrays[name]) for name in statistics])
    between_two = np.sqrt(2) * np.std(observed, axis=0)  # a student's draw differs from the golden's
    assert (5 * between_two < case.atol).all(), dict(zip(statistics, between_two, strict=True))
