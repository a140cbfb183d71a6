"""Part 2's cases: what they say of code that returns no tensor, and how sure their statistics are."""

import re
from types import SimpleNamespace

import diffusion_model
import image_gen
import noise_scheduler
import numpy as np
import pytest
import torch

from grader.authoring.patching import write_patched
from grader.parts.cifar10.cases import sampling, training
from grader.runtime.case import Outcome
from grader.runtime.rng import TensorStreams, case_seed

CODE = SimpleNamespace(diffusion_model=diffusion_model, noise_scheduler=noise_scheduler, image_gen=image_gen)
RETURNS = {
    "2.add_noise": ("noise_scheduler", "return alpha_bar.sqrt() * original_samples + (1 - alpha_bar).sqrt() * noise"),
    "2.denoise_step": ("noise_scheduler", "return mean + beta.sqrt() * DL_random(tuple(x_t.shape), seed=seed)"),
    "2.loss": ("diffusion_model", "return F.mse_loss(self.noise_pred_net(x_t, t, cond), noise)"),
    "2.sample": ("diffusion_model", "        return sample\n"),
}


@pytest.mark.parametrize("id", RETURNS)
def test_a_function_that_returns_no_tensor_is_told_so(id, make_submission, solution_text, verdicts_of):
    file, old = RETURNS[id]
    text = solution_text(file)
    assert text.count(old) == 1
    indent = old[: len(old) - len(old.lstrip())]
    end = "\n" if old.endswith("\n") else ""
    folder = make_submission(**{file: text.replace(old, f"{indent}return None  # {end}")})
    verdict = verdicts_of(folder, id)[id]
    assert verdict.outcome is Outcome.ERROR
    assert re.search(r"TypeError: \w+ must return a tensor, not NoneType", verdict.message), verdict.message


def test_a_step_of_the_wrong_shape_is_told_so(make_submission, solution_text, verdicts_of):
    text = solution_text("noise_scheduler").replace("            return mean\n", "            return mean[:1]\n")
    message = verdicts_of(make_submission(noise_scheduler=text), "2.denoise_step")["2.denoise_step"].message
    assert re.search(r"denoise_step must return shape \(3, .*\), not \(1, ", message), message


def test_a_generator_without_a_model_is_told_so(make_submission, verdicts_of):
    text = "from diffusion_model import DiffusionModel\nclass ImageGenerator:\n    def __init__(self, **_): pass\n"
    message = verdicts_of(make_submission(image_gen=text), "2.image_generator")["2.image_generator"].message
    assert "ImageGenerator() creates no DiffusionModel" in message


@pytest.mark.parametrize("case", [training.guidance_dropout, sampling.gaussian], ids=lambda case: case.id)
def test_the_tolerance_of_a_statistic_is_five_standard_errors_between_two_correct_samples(case):
    observed = []
    for seed in range(12):
        torch.manual_seed(seed)
        arrays = case.observe(CODE, TensorStreams(case_seed(2026, case.id)))
        statistics = [np.ravel(value) for value in arrays.values() if not isinstance(value, bool)]
        observed.append(np.concatenate(statistics))
    between_two = np.sqrt(2) * np.std(observed, axis=0)  # a student's draw differs from the golden's
    assert (5 * between_two < case.atol).all(), between_two


def test_files_of_the_original_course_are_graded_as_they_are(assignment, tmp_path, verdicts_of):
    """They import two names of diffusers as it was then; the worker provides them whatever is installed."""
    course = next(v for v in assignment.variants if v.id == "2.the_courses_style")
    folder = write_patched(assignment, course, tmp_path / "student")
    text = (folder / "diffusion_model.py").read_text()
    assert "from diffusers.training_utils import EMAModel" in text
    assert "from diffusers.optimization import get_scheduler" in text
    verdicts = verdicts_of(folder, *[case.id for case in assignment.cases if case.part == 2])
    assert {v.outcome for v in verdicts.values()} == {Outcome.PASSED}
