"""Mistakes in the variance schedule and the noising. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 4)

LINEAR = "self.betas = torch.linspace(beta_start, beta_end, num_steps)\n"
QUADRATIC = "torch.linspace(beta_start**0.5, beta_end**0.5, num_steps) ** 2"
CUMPROD = "torch.cumprod(self.alphas, dim=0)"
NOISING = "noisy = alpha_bar.sqrt() * x + (1 - alpha_bar).sqrt() * noise"
DRAW = "noise = torch.randn_like(x)"

SCHEDULE = (
    mistake(
        "alpha_bars_by_cumsum",
        CUMPROD,
        "torch.cumsum(self.alphas, dim=0)",
        "Your alpha_bar_t is the sum of the alphas up to t. It should be their product: use cumprod.",
        "schedule",
        "schedule_quadratic",
    ),
    mistake(
        "alpha_bars_of_betas",
        CUMPROD,
        "torch.cumprod(self.betas, dim=0)",
        "Your alpha_bar_t is a product of betas. It should be the product of the alphas.",
        "schedule",
        "schedule_quadratic",
    ),
    mistake(
        "alpha_bars_without_current_step",
        CUMPROD,
        "torch.cat([torch.ones(1), torch.cumprod(self.alphas, dim=0)[:-1]])",
        "Your alpha_bar_t leaves out alpha_t. It should include it: alpha_bar_0 is alpha_0, not 1.",
        "schedule",
        "schedule_quadratic",
    ),
    mistake(
        "beta_end_too_small",
        "def __init__(self, beta_start=0.0001, beta_end=0.02, num_steps=1000, interpolation",
        "def __init__(self, beta_start=0.0001, beta_end=0.002, num_steps=1000, interpolation",
        "Your default for beta_end is 0.002. It should be 0.02; with 0.002 the image still shows through at t = T - 1.",
        "schedule",
        "schedule_quadratic",
    ),
    mistake(
        "schedule_one_step_too_many",
        LINEAR,
        "self.betas = torch.linspace(beta_start, beta_end, num_steps + 1)[1:]\n",
        "Your schedule skips beta_start. It should interpolate num_steps values, both ends included, so that beta_0 "
        "is beta_start.",
        "schedule",
    ),
    mistake(
        "quadratic_is_linear",
        QUADRATIC,
        "torch.linspace(beta_start, beta_end, num_steps)",
        "Your 'quadratic' schedule still interpolates the betas linearly. It should interpolate their square roots, "
        "then square the result.",
        "schedule_quadratic",
    ),
    mistake(
        "quadratic_of_beta",
        QUADRATIC,
        "torch.linspace(beta_start, beta_end, num_steps) ** 2",
        "Your 'quadratic' schedule squares the betas themselves. It should interpolate their square roots, so that "
        "squaring gives back beta_start and beta_end.",
        "schedule_quadratic",
    ),
    mistake(
        "unknown_interpolation_accepted",
        "raise ValueError(f\"interpolation must be 'linear' or 'quadratic', not {interpolation!r}\")",
        "self.betas = torch.linspace(beta_start, beta_end, num_steps)",
        "Your scheduler accepts an unknown interpolation. It should raise an exception that names it.",
        "schedule_refusal",
    ),
)

NOISE = (
    mistake(
        "noise_factor_of_root",
        NOISING,
        "noisy = alpha_bar.sqrt() * x + (1 - alpha_bar.sqrt()).sqrt() * noise",
        "Your code multiplies the noise by sqrt(1 - sqrt(alpha_bar_t)). The factor should be sqrt(1 - alpha_bar_t).",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "noise_factor_without_root",
        NOISING,
        "noisy = alpha_bar.sqrt() * x + (1 - alpha_bar) * noise",
        "Your code multiplies the noise by 1 - alpha_bar_t. The factor should be its square root, sqrt(1 - "
        "alpha_bar_t).",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "image_factor_without_root",
        NOISING,
        "noisy = alpha_bar * x + (1 - alpha_bar).sqrt() * noise",
        "Your code multiplies x_0 by alpha_bar_t. The factor should be its square root, sqrt(alpha_bar_t).",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "noising_factors_swapped",
        NOISING,
        "noisy = (1 - alpha_bar).sqrt() * x + alpha_bar.sqrt() * noise",
        "Your code swaps the two factors. x_0 should get sqrt(alpha_bar_t), and the noise sqrt(1 - alpha_bar_t).",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "alpha_for_alpha_bar",
        "alpha_bar = self.alpha_bars.to(x.device)[time_step]",
        "alpha_bar = self.alphas.to(x.device)[time_step]",
        "Your code uses alpha_t. It should use alpha_bar_t, because x_t is t + 1 steps away from x_0, not one.",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "timestep_off_by_one",
        "alpha_bar = self.alpha_bars.to(x.device)[time_step]",
        "alpha_bar = self.alpha_bars.to(x.device)[time_step - 1]",
        "Your code looks up alpha_bar_{t-1}. It should look up alpha_bar_t, because timesteps count from 0.",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "alpha_bar_reshaped_for_vectors",
        "alpha_bar = alpha_bar.reshape(-1, *[1] * (x.dim() - 1))",
        "alpha_bar = alpha_bar.reshape(-1, 1)",
        "Your alpha_bar_t has shape (B, 1), which only fits vectors. It should have the same number of dimensions as "
        "x: (B, 1, ..., 1).",
        "add_noise",
    ),
    mistake(
        "one_noise_for_all_items",
        DRAW,
        "noise = torch.randn_like(x[:1]).expand_as(x)",
        "Your code shares one noise across the whole batch. It should draw noise in x's full shape.",
        "noise",
        "ddpm_training",
    ),
    mistake(
        "uniform_noise",
        DRAW,
        "noise = torch.rand_like(x)",
        "Your code draws uniform noise on [0, 1). It should draw standard normal noise: use randn.",
        "noise",
    ),
    mistake(
        "input_noised_in_place",
        NOISING,
        "noisy = x.mul_(alpha_bar.sqrt()).add_((1 - alpha_bar).sqrt() * noise)",
        "Your add_noise changes x_0 in place. It should leave x_0 alone, because the caller still needs it.",
        "add_noise",
    ),
    mistake(
        "float64_noising",
        NOISING,
        "noisy = alpha_bar.double().sqrt() * x + (1 - alpha_bar).sqrt() * noise",
        "Your x_t is float64, and a float32 network rejects that. Keep the schedule in float32.",
        "add_noise",
    ),
)
