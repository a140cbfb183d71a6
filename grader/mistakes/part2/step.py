"""Mistakes in the reverse step and its threshold. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 2, file="noise_scheduler.py")

MEAN = "mean = (x_t - beta / (1 - alpha_bar).sqrt() * model_prediction) / alpha.sqrt()"
LAST = "if t == 0:"
FRESH = "return mean + beta.sqrt() * DL_random(tuple(x_t.shape), seed=seed).to(x_t.device)"
ESTIMATE_OF_X0 = "x_0 = (x_t - (1 - alpha_bar).sqrt() * model_prediction) / alpha_bar.sqrt()\n"
CLAMP = "            x_0 = x_0.clamp(-1, 1)\n"
PREVIOUS = "previous = self.alpha_bars[t - 1] if t > 0 else torch.ones(())"
OF_X0 = "mean = previous.sqrt() * beta / (1 - alpha_bar) * x_0"
OF_XT = "mean = mean + alpha.sqrt() * (1 - previous) / (1 - alpha_bar) * x_t"

STEP = (
    mistake(
        "noise_in_last_step",
        LAST,
        "if t < 0:",
        "Noise is added at t = 0 as well: the last step returns the mean.",
        "denoise_step",
        "threshold",
        "sample",
    ),
    mistake(
        "no_noise_in_last_two_steps",
        LAST,
        "if t <= 1:",
        "No noise is added at t = 1: with timesteps from 0, only t = 0 goes without (t > 0, not t > 1).",
        "denoise_step",
        "threshold",
        "sample",
    ),
    mistake(
        "noise_never_added",
        FRESH,
        "return mean",
        "No noise is added at any step: the sampler returns the mean only.",
        "denoise_step",
        "threshold",
        "sample",
    ),
    mistake(
        "variance_for_sigma",
        FRESH,
        "return mean + beta * DL_random(tuple(x_t.shape), seed=seed).to(x_t.device)",
        "The noise is multiplied by the variance beta_t: multiply by sigma_t, its square root.",
        "denoise_step",
        "threshold",
        "sample",
    ),
    mistake(
        "posterior_variance",
        "        " + FRESH,
        "        sigma = (beta * (1 - self.alpha_bars[t - 1]) / (1 - alpha_bar)).sqrt()\n"
        "        return mean + sigma * DL_random(tuple(x_t.shape), seed=seed).to(x_t.device)",
        "sigma_t^2 is the posterior variance here; this assignment asks for the other choice of the paper, beta_t.",
        "denoise_step",
        "threshold",
        "sample",
    ),
    mistake(
        "uniform_noise",
        "DL_random(tuple(x_t.shape), seed=seed)",
        "DL_random(tuple(x_t.shape), normal=False, seed=seed)",
        "The fresh noise is uniform on [0, 1): leave DL_random's `normal` at True.",
        "denoise_step",
        "threshold",
        "sample",
    ),
    mistake(
        "mean_without_scale",
        MEAN,
        "mean = x_t - beta / (1 - alpha_bar).sqrt() * model_prediction",
        "The mean lacks its factor 1 / sqrt(alpha_t).",
        "denoise_step",
        "sample",
    ),
    mistake(
        "mean_divided_by_alpha",
        MEAN,
        "mean = (x_t - beta / (1 - alpha_bar).sqrt() * model_prediction) / alpha",
        "The mean is divided by alpha_t: divide by its square root.",
        "denoise_step",
        "sample",
    ),
    mistake(
        "mean_without_root_of_alpha_bar",
        MEAN,
        "mean = (x_t - beta / (1 - alpha_bar) * model_prediction) / alpha.sqrt()",
        "The predicted noise is divided by 1 - alpha_bar_t: divide by its square root.",
        "denoise_step",
        "sample",
    ),
    mistake(
        "prediction_and_sample_swapped",
        MEAN,
        "mean = (model_prediction - beta / (1 - alpha_bar).sqrt() * x_t) / alpha.sqrt()",
        "x_t and the predicted noise are swapped in the mean.",
        "denoise_step",
        "sample",
    ),
    mistake(
        "step_ignores_the_seed",
        "DL_random(tuple(x_t.shape), seed=seed)",
        "DL_random(tuple(x_t.shape))",
        "denoise_step does not pass its seed on to DL_random, so its step cannot be repeated.",
        "seeds",
    ),
)

THRESHOLD = (
    mistake(
        "nothing_clamped",
        CLAMP,
        "",
        "The estimate of x_0 is not clamped to [-1, 1], so thresholding changes nothing.",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "clamped_to_0_1",
        "x_0.clamp(-1, 1)",
        "x_0.clamp(0, 1)",
        "The estimate of x_0 is clamped to [0, 1]: images are in [-1, 1].",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "clamps_the_step_instead",
        CLAMP + "            " + PREVIOUS + "\n            " + OF_X0 + "\n            " + OF_XT,
        "            " + PREVIOUS + "\n            " + OF_X0 + "\n            " + OF_XT + "\n"
        "            mean = mean.clamp(-1, 1)",
        "x_{t-1} is clamped: clamp the estimate of x_0, and compute the mean from it.",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "previous_wraps_around",
        PREVIOUS,
        "previous = self.alpha_bars[t - 1]",
        "At t = 0 the index t - 1 wraps around to the last alpha_bar: alpha_bar_{-1} is 1.",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "alpha_in_the_estimate",
        ESTIMATE_OF_X0,
        "x_0 = (x_t - (1 - alpha).sqrt() * model_prediction) / alpha.sqrt()\n",
        "alpha_t stands where alpha_bar_t belongs, in the estimate of x_0 (eq. 15).",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "estimate_of_x0_without_root",
        ESTIMATE_OF_X0,
        "x_0 = (x_t - (1 - alpha_bar) * model_prediction) / alpha_bar.sqrt()\n",
        "The predicted noise lacks its factor's square root in the estimate of x_0: sqrt(1 - alpha_bar_t).",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "factor_of_x0_without_root",
        OF_X0,
        "mean = previous * beta / (1 - alpha_bar) * x_0",
        "The factor of x_0 in eq. (7) lacks a square root: sqrt(alpha_bar_{t-1}) beta_t / (1 - alpha_bar_t).",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "factor_of_xt_without_root",
        OF_XT,
        "mean = mean + alpha * (1 - previous) / (1 - alpha_bar) * x_t",
        "The factor of x_t in eq. (7) lacks a square root: sqrt(alpha_t) (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t).",
        "threshold",
        "threshold_sample",
    ),
)
