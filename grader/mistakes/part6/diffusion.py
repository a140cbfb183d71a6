"""Mistakes in q(x_{t-1} | x_t, x_0). Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 6, file="theory.py")

BEFORE = "alpha_bars_before = torch.cat([torch.ones_like(betas[:1]), alpha_bars[:-1]])"
TABLES = "(table[t - 1].reshape(shape) for table in (betas, alpha_bars, alpha_bars_before))"
FACTOR_0 = "factor_0 = before.sqrt() * beta / (1 - bar)"
FACTOR_T = "factor_t = (1 - beta).sqrt() * (1 - before) / (1 - bar)"
VARIANCE = "variance = (1 - before) / (1 - bar) * beta"
PAIR = "return factor_0 * x_0 + factor_t * x_t, variance.flatten()"

DIFFUSION = (
    mistake(
        "posterior_variance_beta",
        VARIANCE,
        "variance = beta",
        "beta_t is the variance of q(x_t | x_{t-1}). With x_0 it is (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) beta_t.",
        "posterior",
    ),
    mistake(
        "posterior_variance_upside_down",
        VARIANCE,
        "variance = (1 - bar) / (1 - before) * beta",
        "The quotient of the variance is upside down: (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t), at most 1.",
        "posterior",
    ),
    mistake(
        "posterior_deviation",
        PAIR,
        "return factor_0 * x_0 + factor_t * x_t, variance.sqrt().flatten()",
        "This is the standard deviation: the variance is asked for.",
        "posterior",
    ),
    mistake(
        "posterior_factors_swapped",
        PAIR,
        "return factor_t * x_0 + factor_0 * x_t, variance.flatten()",
        "x_0 and x_t have each other's factor: sqrt(alpha_bar_{t-1}) beta_t / (1 - alpha_bar_t) is that of x_0.",
        "posterior",
    ),
    mistake(
        "posterior_from_0",
        TABLES,
        "(table[t].reshape(shape) for table in (betas, alpha_bars, alpha_bars_before))",
        "The tables are read one step too far: t runs from 1 to T, and beta_t is betas[t - 1].",
        "posterior",
    ),
    mistake(
        "posterior_wraps",
        BEFORE,
        "alpha_bars_before = torch.roll(alpha_bars, 1)",
        "At t = 1 the index wraps around to alpha_bar_T: alpha_bar_0 is 1, so that the mean is x_0 and the variance 0.",
        "posterior",
    ),
    mistake(
        "posterior_same_alpha_bar",
        BEFORE,
        "alpha_bars_before = alpha_bars",
        "alpha_bar_t stands where alpha_bar_{t-1} belongs, the product of the alphas up to the step before.",
        "posterior",
    ),
    mistake(
        "posterior_x0_factor_alpha",
        FACTOR_0,
        "factor_0 = (1 - beta).sqrt() * beta / (1 - bar)",
        "The factor of x_0 has sqrt(alpha_t), where sqrt(alpha_bar_{t-1}) belongs: x_{t-1} is t - 1 steps from x_0.",
        "posterior",
    ),
    mistake(
        "posterior_x0_factor_without_root",
        FACTOR_0,
        "factor_0 = before * beta / (1 - bar)",
        "The factor of x_0 has alpha_bar_{t-1}: its square root belongs there.",
        "posterior",
    ),
    mistake(
        "posterior_xt_factor_alpha_bar",
        FACTOR_T,
        "factor_t = bar.sqrt() * (1 - before) / (1 - bar)",
        "The factor of x_t has sqrt(alpha_bar_t), where sqrt(alpha_t) belongs: x_t is a single step away.",
        "posterior",
    ),
    mistake(
        "posterior_xt_factor_without_root",
        FACTOR_T,
        "factor_t = (1 - beta) * (1 - before) / (1 - bar)",
        "The factor of x_t has alpha_t: its square root belongs there.",
        "posterior",
    ),
    mistake(
        "posterior_alpha_bars_by_cumsum",
        "alpha_bars = torch.cumprod(1 - betas, dim=0)",
        "alpha_bars = 1 - torch.cumsum(betas, dim=0)",
        "alpha_bar_t is the product of the alphas up to t: the betas do not simply add up.",
        "posterior",
    ),
)
