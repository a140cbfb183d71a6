"""Mistakes in the variance schedule. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

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
        "The table is read one step too far: timesteps run from 1 to T, and beta_t is the element t - 1 of the table.",
        "schedule",
        "alpha_bars",
    ),
    mistake(
        "beta_counted_from_0",
        BETAS,
        "betas = beta_1 + (beta_T - beta_1) * torch.arange(1, T + 1, device=t_s.device) / (T - 1)",
        "beta_t is one step too large: at t = 1 it is beta_1 itself, so t - 1 steps of (beta_T - beta_1) / (T - 1).",
        "schedule",
        "alpha_bars",
    ),
    mistake(
        "beta_divided_by_steps",
        BETAS,
        "betas = beta_1 + (beta_T - beta_1) * torch.arange(T, device=t_s.device) / T",
        "beta_T is never reached: from t = 1 to t = T there are T - 1 steps, so divide by T - 1, not by T.",
        "schedule",
        "alpha_bars",
    ),
    mistake(
        "beta_of_time_share",
        BETAS,
        "betas = beta_1 + (beta_T - beta_1) * torch.arange(1, T + 1, device=t_s.device) / T",
        "beta_t is interpolated by t / T, so it does not begin at beta_1: interpolate by (t - 1) / (T - 1).",
        "schedule",
        "alpha_bars",
    ),
    mistake(
        "beta_ends_swapped",
        BETAS,
        "betas = torch.linspace(beta_T, beta_1, T, device=t_s.device)",
        "beta_1 and beta_T are swapped: beta_t grows from beta_1 at t = 1 to beta_T at t = T.",
        "schedule",
        "alpha_bars",
    ),
    mistake(
        "one_over_alpha",
        '"oneover_sqrt_alpha": 1 / alpha_t.sqrt()',
        '"oneover_sqrt_alpha": 1 / alpha_t',
        "oneover_sqrt_alpha is 1 / alpha_t: the square root is missing.",
        "schedule",
    ),
    mistake(
        "one_over_sqrt_alpha_bar",
        '"oneover_sqrt_alpha": 1 / alpha_t.sqrt()',
        '"oneover_sqrt_alpha": 1 / alpha_t_bar.sqrt()',
        "oneover_sqrt_alpha is made of alpha_bar_t: it is 1 / sqrt(alpha_t).",
        "schedule",
    ),
    mistake(
        "alpha_bars_by_cumsum",
        BARS,
        "alpha_bars = torch.cumsum(1 - betas, dim=0)",
        "alpha_bar_t is the product of the alphas up to t, not their sum: cumprod.",
        "alpha_bars",
    ),
    mistake(
        "alpha_bars_of_betas",
        BARS,
        "alpha_bars = torch.cumprod(betas, dim=0)",
        "alpha_bar_t is the product of the alphas, not of the betas.",
        "alpha_bars",
    ),
    mistake(
        "alpha_bars_without_current_step",
        BARS,
        "alpha_bars = torch.cat([torch.ones(1, device=t_s.device), torch.cumprod(1 - betas, dim=0)[:-1]])",
        "alpha_bar_t includes alpha_t: alpha_bar_1 is alpha_1, not 1.",
        "alpha_bars",
    ),
    mistake(
        "alpha_for_alpha_bar",
        ENTRIES,
        "beta_t, alpha_t_bar = betas[index], (1 - betas)[index]",
        "alpha_t stands where alpha_bar_t belongs: x_t is reached from x_0 in t steps, not in one.",
        "alpha_bars",
        "training",
    ),
    mistake(
        "noise_factor_of_root",
        '"sqrt_oneminus_alpha_bar": (1 - alpha_t_bar).sqrt()',
        '"sqrt_oneminus_alpha_bar": (1 - alpha_t_bar.sqrt()).sqrt()',
        "sqrt_oneminus_alpha_bar is sqrt(1 - alpha_bar_t), not sqrt(1 - sqrt(alpha_bar_t)).",
        "alpha_bars",
        "training",
    ),
    mistake(
        "one_minus_root",
        '"sqrt_oneminus_alpha_bar": (1 - alpha_t_bar).sqrt()',
        '"sqrt_oneminus_alpha_bar": 1 - alpha_t_bar.sqrt()',
        "sqrt_oneminus_alpha_bar is sqrt(1 - alpha_bar_t), not 1 - sqrt(alpha_bar_t).",
        "alpha_bars",
        "training",
    ),
)
