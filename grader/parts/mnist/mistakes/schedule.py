"""Mistakes in the variance schedule. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 3, file="DDPM.py")

BETAS = "betas = torch.linspace(beta_1, beta_T, T, device=t_s.device)"
BARS = "alpha_bars = torch.cumprod(1 - betas, dim=0)"
INDEX = "index = t_s.long() - 1"
ENTRIES = "beta_t, alpha_t_bar = betas[index], alpha_bars[index]"

SCHEDULE = (
    mistake(
        "schedule_from_0",
        INDEX,
        "index = t_s.long()",
        "Your code reads the table one entry too far. Timesteps run from 1 to T, so beta_t is entry t - 1 of the "
        "table.",
        "schedule",
        "alpha_bars",
    ),
    mistake(
        "beta_counted_from_0",
        BETAS,
        "betas = beta_1 + (beta_T - beta_1) * torch.arange(1, T + 1, device=t_s.device) / (T - 1)",
        "Your beta_t is one step too large. beta_1 belongs to t = 1: add t - 1 steps of (beta_T - beta_1) / (T - 1).",
        "schedule",
        "alpha_bars",
    ),
    mistake(
        "beta_divided_by_steps",
        BETAS,
        "betas = beta_1 + (beta_T - beta_1) * torch.arange(T, device=t_s.device) / T",
        "Your betas never reach beta_T. From t = 1 to t = T there are T - 1 steps, so divide by T - 1, not by T.",
        "schedule",
        "alpha_bars",
    ),
    mistake(
        "beta_of_time_share",
        BETAS,
        "betas = beta_1 + (beta_T - beta_1) * torch.arange(1, T + 1, device=t_s.device) / T",
        "Your code interpolates beta_t by t / T, so it does not start at beta_1. Interpolate by (t - 1) / (T - 1).",
        "schedule",
        "alpha_bars",
    ),
    mistake(
        "beta_ends_swapped",
        BETAS,
        "betas = torch.linspace(beta_T, beta_1, T, device=t_s.device)",
        "Your code swaps beta_1 and beta_T. beta_t grows from beta_1 at t = 1 to beta_T at t = T.",
        "schedule",
        "alpha_bars",
    ),
    mistake(
        "one_over_alpha",
        '"oneover_sqrt_alpha": 1 / alpha_t.sqrt()',
        '"oneover_sqrt_alpha": 1 / alpha_t',
        "Your oneover_sqrt_alpha is 1 / alpha_t. Take the square root of alpha_t.",
        "schedule",
    ),
    mistake(
        "one_over_sqrt_alpha_bar",
        '"oneover_sqrt_alpha": 1 / alpha_t.sqrt()',
        '"oneover_sqrt_alpha": 1 / alpha_t_bar.sqrt()',
        "Your oneover_sqrt_alpha uses alpha_bar_t. It should be 1 / sqrt(alpha_t).",
        "schedule",
    ),
    mistake(
        "alpha_bars_by_cumsum",
        BARS,
        "alpha_bars = torch.cumsum(1 - betas, dim=0)",
        "Your alpha_bar_t is the sum of the alphas up to t. It should be their product: use cumprod.",
        "alpha_bars",
    ),
    mistake(
        "alpha_bars_of_betas",
        BARS,
        "alpha_bars = torch.cumprod(betas, dim=0)",
        "Your alpha_bar_t is the product of the betas. It should be the product of the alphas.",
        "alpha_bars",
    ),
    mistake(
        "alpha_bars_without_current_step",
        BARS,
        "alpha_bars = torch.cat([torch.ones(1, device=t_s.device), torch.cumprod(1 - betas, dim=0)[:-1]])",
        "Your alpha_bar_t leaves out alpha_t. It should include it: alpha_bar_1 is alpha_1, not 1.",
        "alpha_bars",
    ),
    mistake(
        "alpha_for_alpha_bar",
        ENTRIES,
        "beta_t, alpha_t_bar = betas[index], (1 - betas)[index]",
        "Your code uses alpha_t instead of alpha_bar_t. It takes t steps from x_0 to x_t, not one.",
        "alpha_bars",
        "training",
    ),
    mistake(
        "noise_factor_of_root",
        '"sqrt_oneminus_alpha_bar": (1 - alpha_t_bar).sqrt()',
        '"sqrt_oneminus_alpha_bar": (1 - alpha_t_bar.sqrt()).sqrt()',
        "Your sqrt_oneminus_alpha_bar is sqrt(1 - sqrt(alpha_bar_t)). It should be sqrt(1 - alpha_bar_t).",
        "alpha_bars",
        "training",
    ),
    mistake(
        "one_minus_root",
        '"sqrt_oneminus_alpha_bar": (1 - alpha_t_bar).sqrt()',
        '"sqrt_oneminus_alpha_bar": 1 - alpha_t_bar.sqrt()',
        "Your sqrt_oneminus_alpha_bar is 1 - sqrt(alpha_bar_t). It should be sqrt(1 - alpha_bar_t).",
        "alpha_bars",
        "training",
    ),
)
