"""Mistakes in the DDIM. What it shares with the DDPM, training and the loop among it, goes wrong in `ddpm.py`."""

from functools import partial

from grader.assignment import Mistake
from grader.mistakes import one_patch

TABLE = "alpha_bars = self.var_scheduler.alpha_bars.to(noisy_sample.device)"
STEPS = "alpha_bar, before = alpha_bars[timestep], timestep - self.stride"
BEFORE = "torch.where(before >= 0, alpha_bars[before.clamp(min=0)], 1.0)"
ESTIMATE = "x_0 = (noisy_sample - (1 - alpha_bar).sqrt() * estimated_noise) / alpha_bar.sqrt()"
STEP = "return alpha_bar_before.sqrt() * x_0 + (1 - alpha_bar_before).sqrt() * estimated_noise"
SIGNATURE = (
    'def recover_sample(self, noisy_sample, estimated_noise, timestep):\n        """One reverse step, without noise: '
)
PREPARED = "return DDIM(ddpm.network, ddpm.var_scheduler, guidance_weight=2.0, stride=4)"


def mistake(name, old, new, hint, *more):
    """A mistake in the step, which the loop shows as well."""
    return one_patch(4, name, old, new, hint, "ddim_step", "ddim_sample", *more)


in_one = partial(one_patch, 4)

SAMPLING = (
    mistake(
        "ddim_ends_at_first_alpha_bar",
        BEFORE,
        "alpha_bars[before.clamp(min=0)]",
        "The last step leads to alpha_bar_0 again: what follows t = 0 is x_0 itself, with alpha_bar = 1.",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_index_wraps",
        BEFORE,
        "alpha_bars[before]",
        "At t = 0, alpha_bars[t - 1] is the last of them: alpha_bar is 1 there.",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_direction_of_alpha_bar_t",
        STEP,
        "return alpha_bar_before.sqrt() * x_0 + (1 - alpha_bar).sqrt() * estimated_noise",
        "The direction that points to x_t has the factor sqrt(1 - alpha_bar_t): it is that of the step's end, "
        "sqrt(1 - alpha_bar_{t-1}).",
    ),
    mistake(
        "ddim_without_direction",
        STEP,
        "return alpha_bar_before.sqrt() * x_0",
        "The direction that points to x_t is missing: sqrt(1 - alpha_bar_{t-1}) times the estimated noise.",
    ),
    mistake(
        "ddim_direction_without_root",
        STEP,
        "return alpha_bar_before.sqrt() * x_0 + (1 - alpha_bar_before) * estimated_noise",
        "The factor of the direction that points to x_t lacks its square root: sqrt(1 - alpha_bar_{t-1}).",
    ),
    mistake(
        "ddim_image_without_root",
        STEP,
        "return alpha_bar_before * x_0 + (1 - alpha_bar_before).sqrt() * estimated_noise",
        "The factor of the estimated x_0 lacks its square root: sqrt(alpha_bar_{t-1}).",
    ),
    mistake(
        "ddim_factors_swapped",
        STEP,
        "return (1 - alpha_bar_before).sqrt() * x_0 + alpha_bar_before.sqrt() * estimated_noise",
        "The two factors are swapped: sqrt(alpha_bar_{t-1}) belongs to x_0, sqrt(1 - alpha_bar_{t-1}) to the noise.",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_returns_x0",
        STEP,
        "return x_0",
        "A step returns the estimated x_0: noise it anew, up to alpha_bar_{t-1}.",
    ),
    mistake(
        "ddim_adds_noise",
        STEP,
        "sigma = ((1 - alpha_bar_before) / (1 - alpha_bar) * (1 - alpha_bar / alpha_bar_before)).sqrt()\n"
        "        direction = (1 - alpha_bar_before - sigma**2).sqrt() * estimated_noise\n"
        "        return alpha_bar_before.sqrt() * x_0 + direction + sigma * torch.randn_like(x_0)",
        "Fresh noise is added (eta = 1, which is a DDPM): in the DDIM sigma_t = 0, so only the start is random.",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_with_the_step_of_ddpm",
        SIGNATURE,
        SIGNATURE.replace("recover_sample", "unused"),
        "The step is that of the DDPM: the DDIM estimates x_0, and adds no fresh noise.",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_x0_without_division",
        ESTIMATE,
        "x_0 = noisy_sample - (1 - alpha_bar).sqrt() * estimated_noise",
        "The estimate of x_0 lacks its division by sqrt(alpha_bar_t).",
    ),
    mistake(
        "ddim_x0_divided_without_root",
        ESTIMATE,
        "x_0 = (noisy_sample - (1 - alpha_bar).sqrt() * estimated_noise) / alpha_bar",
        "The estimate of x_0 is divided by alpha_bar_t: divide by its square root.",
    ),
    mistake(
        "ddim_x0_without_root_of_noise",
        ESTIMATE,
        "x_0 = (noisy_sample - (1 - alpha_bar) * estimated_noise) / alpha_bar.sqrt()",
        "In the estimate of x_0 the factor of the noise lacks its square root: sqrt(1 - alpha_bar_t).",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_of_alphas",
        TABLE,
        "alpha_bars = self.var_scheduler.alphas.to(noisy_sample.device)",
        "alpha_t stands where alpha_bar_t belongs. (The DDIM paper writes alpha_t for what DDPM calls alpha_bar_t.)",
    ),
    mistake(
        "ddim_steps_from_t_plus_1",
        STEPS,
        "alpha_bar, before = alpha_bars[(timestep + 1).clamp(max=len(alpha_bars) - 1)], timestep",
        "A step leads from t + 1 to t: with timesteps from 0 it leads from t to t - 1.",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_float64",
        TABLE,
        "alpha_bars = self.var_scheduler.alpha_bars.to(noisy_sample.device).double()",
        "x_{t-1} becomes float64, which a float32 network refuses: keep the schedule in float32.",
    ),
    in_one(
        "ddim_changes_x_t_in_place",
        ESTIMATE,
        "x_0 = noisy_sample.sub_((1 - alpha_bar).sqrt() * estimated_noise) / alpha_bar.sqrt()",
        "x_t is changed in place: the caller may still need it.",
        "ddim_step",
    ),
)

PREPARE = (
    Mistake(
        "4.prepare_ddim_is_a_ddpm",
        ((PREPARED, "return ddpm"),),
        "prepare_ddim returns a DDPM: its weights fit, but it samples as a DDPM does.",
        ("4.prepare_ddim",),
        file="assignment.py",
    ),
)
