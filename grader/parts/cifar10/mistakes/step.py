"""Mistakes in the reverse step and in thresholding. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

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
        "Your step adds noise at t = 0. It should return the mean there.",
        "denoise_step",
        "threshold",
        "sample",
    ),
    mistake(
        "no_noise_in_last_two_steps",
        LAST,
        "if t <= 1:",
        "Your step adds no noise at t = 1. Timesteps count from 0, so only t = 0 skips the noise (t > 0, not t > 1).",
        "denoise_step",
        "threshold",
        "sample",
    ),
    mistake(
        "noise_never_added",
        FRESH,
        "return mean",
        "Your step never adds noise, so the sampler always returns the mean. Only t = 0 should skip the noise.",
        "denoise_step",
        "threshold",
        "sample",
    ),
    mistake(
        "variance_for_sigma",
        FRESH,
        "return mean + beta * DL_random(tuple(x_t.shape), seed=seed).to(x_t.device)",
        "Your step multiplies the noise by the variance beta_t. Multiply it by sigma_t, the square root of the "
        "variance.",
        "denoise_step",
        "threshold",
        "sample",
    ),
    mistake(
        "posterior_variance",
        "        " + FRESH,
        "        sigma = (beta * (1 - self.alpha_bars[t - 1]) / (1 - alpha_bar)).sqrt()\n"
        "        return mean + sigma * DL_random(tuple(x_t.shape), seed=seed).to(x_t.device)",
        "Your step uses the posterior variance for sigma_t^2. This assignment uses the paper's other choice, beta_t.",
        "denoise_step",
        "threshold",
        "sample",
    ),
    mistake(
        "uniform_noise",
        "DL_random(tuple(x_t.shape), seed=seed)",
        "DL_random(tuple(x_t.shape), normal=False, seed=seed)",
        "Your fresh noise is uniform on [0, 1). Leave DL_random's `normal` at True.",
        "denoise_step",
        "threshold",
        "sample",
    ),
    mistake(
        "mean_without_scale",
        MEAN,
        "mean = x_t - beta / (1 - alpha_bar).sqrt() * model_prediction",
        "Your mean lacks a factor. Multiply it by 1 / sqrt(alpha_t).",
        "denoise_step",
        "sample",
    ),
    mistake(
        "mean_divided_by_alpha",
        MEAN,
        "mean = (x_t - beta / (1 - alpha_bar).sqrt() * model_prediction) / alpha",
        "Your code divides the mean by alpha_t. Divide it by the square root of alpha_t.",
        "denoise_step",
        "sample",
    ),
    mistake(
        "mean_without_root_of_alpha_bar",
        MEAN,
        "mean = (x_t - beta / (1 - alpha_bar) * model_prediction) / alpha.sqrt()",
        "Your code divides the predicted noise by 1 - alpha_bar_t. Divide it by the square root of that.",
        "denoise_step",
        "sample",
    ),
    mistake(
        "prediction_and_sample_swapped",
        MEAN,
        "mean = (model_prediction - beta / (1 - alpha_bar).sqrt() * x_t) / alpha.sqrt()",
        "Your mean swaps x_t and the predicted noise. Exchange the two.",
        "denoise_step",
        "sample",
    ),
    mistake(
        "step_ignores_the_seed",
        "DL_random(tuple(x_t.shape), seed=seed)",
        "DL_random(tuple(x_t.shape))",
        "Your denoise_step never passes its seed to DL_random, so nobody can repeat the step. Pass the seed on.",
        "seeds",
    ),
)

THRESHOLD = (
    mistake(
        "nothing_clamped",
        CLAMP,
        "",
        "Your code never clamps the estimate of x_0, so thresholding changes nothing. Clamp it to [-1, 1].",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "clamped_to_0_1",
        "x_0.clamp(-1, 1)",
        "x_0.clamp(0, 1)",
        "Your code clamps the estimate of x_0 to [0, 1]. Images lie in [-1, 1].",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "clamps_the_step_instead",
        CLAMP + "            " + PREVIOUS + "\n            " + OF_X0 + "\n            " + OF_XT,
        "            " + PREVIOUS + "\n            " + OF_X0 + "\n            " + OF_XT + "\n"
        "            mean = mean.clamp(-1, 1)",
        "Your code clamps x_{t-1}. Clamp the estimate of x_0, and compute the mean from it.",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "previous_wraps_around",
        PREVIOUS,
        "previous = self.alpha_bars[t - 1]",
        "At t = 0, your index t - 1 wraps around to the last alpha_bar. alpha_bar_{-1} should be 1.",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "alpha_in_the_estimate",
        ESTIMATE_OF_X0,
        "x_0 = (x_t - (1 - alpha).sqrt() * model_prediction) / alpha.sqrt()\n",
        "Your estimate of x_0 uses alpha_t. It should use alpha_bar_t (eq. 15).",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "estimate_of_x0_without_root",
        ESTIMATE_OF_X0,
        "x_0 = (x_t - (1 - alpha_bar) * model_prediction) / alpha_bar.sqrt()\n",
        "Your estimate of x_0 lacks a square root. The factor of the predicted noise is sqrt(1 - alpha_bar_t).",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "factor_of_x0_without_root",
        OF_X0,
        "mean = previous * beta / (1 - alpha_bar) * x_0",
        "Your factor of x_0 in eq. (7) lacks a square root. It is sqrt(alpha_bar_{t-1}) beta_t / (1 - alpha_bar_t).",
        "threshold",
        "threshold_sample",
    ),
    mistake(
        "factor_of_xt_without_root",
        OF_XT,
        "mean = mean + alpha * (1 - previous) / (1 - alpha_bar) * x_t",
        "Your factor of x_t in eq. (7) lacks a square root. It is sqrt(alpha_t) (1 - alpha_bar_{t-1}) / (1 - "
        "alpha_bar_t).",
        "threshold",
        "threshold_sample",
    ),
)
