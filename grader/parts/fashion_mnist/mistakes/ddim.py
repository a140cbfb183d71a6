"""Mistakes in the DDIM. Mistakes in what it shares with the DDPM (training, the loop) are in `ddpm.py`."""

from functools import partial

from grader.authoring.patching import one_patch
from grader.course.assignment import Mistake

TABLE = "alpha_bars = self.var_scheduler.alpha_bars.to(noisy_sample.device)"
STEPS = "alpha_bar, before = alpha_bars[timestep], timestep - self.stride"
BEFORE = "torch.where(before >= 0, alpha_bars[before.clamp(min=0)], 1.0)"
ESTIMATE = "x_0 = (noisy_sample - (1 - alpha_bar).sqrt() * estimated_noise) / alpha_bar.sqrt()"
STEP = "return alpha_bar_before.sqrt() * x_0 + (1 - alpha_bar_before).sqrt() * estimated_noise"
SIGNATURE = (
    "def recover_sample(self, noisy_sample, estimated_noise, timestep):\n"
    '        """Take one reverse step without noise, '
)
PREPARED = "return DDIM(ddpm.network, ddpm.var_scheduler, guidance_weight=2.0, stride=4)"


def mistake(name, old, new, hint, *more):
    """A mistake in the step, which shows in the loop too."""
    return one_patch(4, name, old, new, hint, "ddim_step", "ddim_sample", *more)


in_one = partial(one_patch, 4)

SAMPLING = (
    mistake(
        "ddim_ends_at_first_alpha_bar",
        BEFORE,
        "alpha_bars[before.clamp(min=0)]",
        "Your last step ends at alpha_bar_0 again. After t = 0 comes x_0 itself, where alpha_bar = 1.",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_index_wraps",
        BEFORE,
        "alpha_bars[before]",
        "At t = 0 your index t - 1 wraps around to the last alpha_bar. alpha_bar should be 1 there.",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_direction_of_alpha_bar_t",
        STEP,
        "return alpha_bar_before.sqrt() * x_0 + (1 - alpha_bar).sqrt() * estimated_noise",
        "Your direction towards x_t has the factor sqrt(1 - alpha_bar_t). The step ends at t - 1, so the factor "
        "should be sqrt(1 - alpha_bar_{t-1}).",
    ),
    mistake(
        "ddim_without_direction",
        STEP,
        "return alpha_bar_before.sqrt() * x_0",
        "Your step leaves out the direction towards x_t. It should add sqrt(1 - alpha_bar_{t-1}) times the estimated "
        "noise.",
    ),
    mistake(
        "ddim_direction_without_root",
        STEP,
        "return alpha_bar_before.sqrt() * x_0 + (1 - alpha_bar_before) * estimated_noise",
        "Your direction towards x_t has the factor 1 - alpha_bar_{t-1}. The factor should be its square root, sqrt(1 "
        "- alpha_bar_{t-1}).",
    ),
    mistake(
        "ddim_image_without_root",
        STEP,
        "return alpha_bar_before * x_0 + (1 - alpha_bar_before).sqrt() * estimated_noise",
        "Your step multiplies the estimated x_0 by alpha_bar_{t-1}. The factor should be its square root, "
        "sqrt(alpha_bar_{t-1}).",
    ),
    mistake(
        "ddim_factors_swapped",
        STEP,
        "return (1 - alpha_bar_before).sqrt() * x_0 + alpha_bar_before.sqrt() * estimated_noise",
        "Your step swaps the two factors. x_0 should get sqrt(alpha_bar_{t-1}), and the noise sqrt(1 - "
        "alpha_bar_{t-1}).",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_returns_x0",
        STEP,
        "return x_0",
        "Your step returns the estimated x_0. It should add noise to it again, up to alpha_bar_{t-1}.",
    ),
    mistake(
        "ddim_adds_noise",
        STEP,
        "sigma = ((1 - alpha_bar_before) / (1 - alpha_bar) * (1 - alpha_bar / alpha_bar_before)).sqrt()\n"
        "        direction = (1 - alpha_bar_before - sigma**2).sqrt() * estimated_noise\n"
        "        return alpha_bar_before.sqrt() * x_0 + direction + sigma * torch.randn_like(x_0)",
        "Your step adds fresh noise (eta = 1, which is a DDPM). In a DDIM sigma_t = 0, so only the start is random.",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_with_the_step_of_ddpm",
        SIGNATURE,
        SIGNATURE.replace("recover_sample", "unused"),
        "Your DDIM uses the step of the DDPM. It should estimate x_0, and add no fresh noise.",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_x0_without_division",
        ESTIMATE,
        "x_0 = noisy_sample - (1 - alpha_bar).sqrt() * estimated_noise",
        "Your estimate of x_0 lacks a division. It should be divided by sqrt(alpha_bar_t).",
    ),
    mistake(
        "ddim_x0_divided_without_root",
        ESTIMATE,
        "x_0 = (noisy_sample - (1 - alpha_bar).sqrt() * estimated_noise) / alpha_bar",
        "Your estimate of x_0 is divided by alpha_bar_t. It should be divided by its square root, sqrt(alpha_bar_t).",
    ),
    mistake(
        "ddim_x0_without_root_of_noise",
        ESTIMATE,
        "x_0 = (noisy_sample - (1 - alpha_bar) * estimated_noise) / alpha_bar.sqrt()",
        "Your estimate of x_0 multiplies the noise by 1 - alpha_bar_t. The factor should be its square root, sqrt(1 - "
        "alpha_bar_t).",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_of_alphas",
        TABLE,
        "alpha_bars = self.var_scheduler.alphas.to(noisy_sample.device)",
        "Your step uses alpha_t. It should use alpha_bar_t. (The DDIM paper writes alpha_t for what DDPM calls "
        "alpha_bar_t.)",
    ),
    mistake(
        "ddim_steps_from_t_plus_1",
        STEPS,
        "alpha_bar, before = alpha_bars[(timestep + 1).clamp(max=len(alpha_bars) - 1)], timestep",
        "Your step goes from t + 1 to t. Timesteps count from 0, so it should go from t to t - 1.",
        "ddim_sampling_rules",
    ),
    mistake(
        "ddim_float64",
        TABLE,
        "alpha_bars = self.var_scheduler.alpha_bars.to(noisy_sample.device).double()",
        "Your x_{t-1} is float64, and a float32 network rejects that. Keep the schedule in float32.",
    ),
    in_one(
        "ddim_changes_x_t_in_place",
        ESTIMATE,
        "x_0 = noisy_sample.sub_((1 - alpha_bar).sqrt() * estimated_noise) / alpha_bar.sqrt()",
        "Your step changes x_t in place. It should leave x_t alone, because the caller may still need it.",
        "ddim_step",
    ),
)

PREPARE = (
    Mistake(
        "4.prepare_ddim_is_a_ddpm",
        ((PREPARED, "return ddpm"),),
        "Your prepare_ddim returns a DDPM. It should return a DDIM: the weights fit both, but a DDPM does not sample "
        "like a DDIM.",
        ("4.prepare_ddim",),
        file="assignment.py",
    ),
)
