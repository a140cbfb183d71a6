"""Mistakes in the variance schedule and the noising. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

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
        "alpha_bar_t is the product of the alphas up to t, not their sum: cumprod.",
        "schedule",
        "schedule_quadratic",
    ),
    mistake(
        "alpha_bars_of_betas",
        CUMPROD,
        "torch.cumprod(self.betas, dim=0)",
        "alpha_bar_t is the product of the alphas, not of the betas.",
        "schedule",
        "schedule_quadratic",
    ),
    mistake(
        "alpha_bars_without_current_step",
        CUMPROD,
        "torch.cat([torch.ones(1), torch.cumprod(self.alphas, dim=0)[:-1]])",
        "alpha_bar_t includes alpha_t: alpha_bar_0 is alpha_0, not 1.",
        "schedule",
        "schedule_quadratic",
    ),
    mistake(
        "beta_end_too_small",
        "def __init__(self, beta_start=0.0001, beta_end=0.02, num_steps=1000, interpolation",
        "def __init__(self, beta_start=0.0001, beta_end=0.002, num_steps=1000, interpolation",
        "The default of beta_end is 0.02; with 0.002 an image still shows through at t = T - 1.",
        "schedule",
        "schedule_quadratic",
    ),
    mistake(
        "schedule_one_step_too_many",
        LINEAR,
        "self.betas = torch.linspace(beta_start, beta_end, num_steps + 1)[1:]\n",
        "beta_0 is beta_start itself: interpolate num_steps values, both ends included.",
        "schedule",
    ),
    mistake(
        "quadratic_is_linear",
        QUADRATIC,
        "torch.linspace(beta_start, beta_end, num_steps)",
        "With 'quadratic' the betas still run linearly: interpolate their square roots, then square.",
        "schedule_quadratic",
    ),
    mistake(
        "quadratic_of_beta",
        QUADRATIC,
        "torch.linspace(beta_start, beta_end, num_steps) ** 2",
        "The betas themselves are squared: interpolate their square roots, so that the ends stay where they are.",
        "schedule_quadratic",
    ),
    mistake(
        "unknown_interpolation_accepted",
        "raise ValueError(f\"interpolation must be 'linear' or 'quadratic', not {interpolation!r}\")",
        "self.betas = torch.linspace(beta_start, beta_end, num_steps)",
        "An unknown interpolation is taken for a known one: raise an exception that names it.",
        "schedule_refusal",
    ),
)

NOISE = (
    mistake(
        "noise_factor_of_root",
        NOISING,
        "noisy = alpha_bar.sqrt() * x + (1 - alpha_bar.sqrt()).sqrt() * noise",
        "The factor of the noise is sqrt(1 - alpha_bar_t), not sqrt(1 - sqrt(alpha_bar_t)).",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "noise_factor_without_root",
        NOISING,
        "noisy = alpha_bar.sqrt() * x + (1 - alpha_bar) * noise",
        "The factor of the noise lacks its square root: sqrt(1 - alpha_bar_t).",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "image_factor_without_root",
        NOISING,
        "noisy = alpha_bar * x + (1 - alpha_bar).sqrt() * noise",
        "The factor of x_0 lacks its square root: sqrt(alpha_bar_t).",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "noising_factors_swapped",
        NOISING,
        "noisy = (1 - alpha_bar).sqrt() * x + alpha_bar.sqrt() * noise",
        "The two factors are swapped: sqrt(alpha_bar_t) belongs to x_0, sqrt(1 - alpha_bar_t) to the noise.",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "alpha_for_alpha_bar",
        "alpha_bar = self.alpha_bars.to(x.device)[time_step]",
        "alpha_bar = self.alphas.to(x.device)[time_step]",
        "alpha_t stands where alpha_bar_t belongs: x_t is reached from x_0 in t + 1 steps, not in one.",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "timestep_off_by_one",
        "alpha_bar = self.alpha_bars.to(x.device)[time_step]",
        "alpha_bar = self.alpha_bars.to(x.device)[time_step - 1]",
        "alpha_bar_{t-1} stands where alpha_bar_t belongs: timesteps are indexed from 0.",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "alpha_bar_reshaped_for_vectors",
        "alpha_bar = alpha_bar.reshape(-1, *[1] * (x.dim() - 1))",
        "alpha_bar = alpha_bar.reshape(-1, 1)",
        "alpha_bar_t of shape (B, 1) fits vectors only: give it as many dimensions as x has, (B, 1, ..., 1).",
        "add_noise",
    ),
    mistake(
        "one_noise_for_all_items",
        DRAW,
        "noise = torch.randn_like(x[:1]).expand_as(x)",
        "One noise is shared by the whole batch: draw it in x's full shape.",
        "noise",
        "ddpm_training",
    ),
    mistake(
        "uniform_noise",
        DRAW,
        "noise = torch.rand_like(x)",
        "The noise is uniform on [0, 1): it must be standard normal, so randn.",
        "noise",
    ),
    mistake(
        "input_noised_in_place",
        NOISING,
        "noisy = x.mul_(alpha_bar.sqrt()).add_((1 - alpha_bar).sqrt() * noise)",
        "x_0 is changed in place: the caller still needs it.",
        "add_noise",
    ),
    mistake(
        "float64_noising",
        NOISING,
        "noisy = alpha_bar.double().sqrt() * x + (1 - alpha_bar).sqrt() * noise",
        "x_t becomes float64, which a float32 network refuses: keep the schedule in float32.",
        "add_noise",
    ),
)
