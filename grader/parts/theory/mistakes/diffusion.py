"""Mistakes in q(x_{t-1} | x_t, x_0). Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

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
        "Your variance is beta_t, which belongs to q(x_t | x_{t-1}). Given x_0 it should be (1 - alpha_bar_{t-1}) / "
        "(1 - alpha_bar_t) beta_t.",
        "posterior",
    ),
    mistake(
        "posterior_variance_upside_down",
        VARIANCE,
        "variance = (1 - bar) / (1 - before) * beta",
        "Your variance has its quotient upside down. It should be (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t), which is "
        "at most 1.",
        "posterior",
    ),
    mistake(
        "posterior_deviation",
        PAIR,
        "return factor_0 * x_0 + factor_t * x_t, variance.sqrt().flatten()",
        "Your code returns the standard deviation. It should return the variance.",
        "posterior",
    ),
    mistake(
        "posterior_factors_swapped",
        PAIR,
        "return factor_t * x_0 + factor_0 * x_t, variance.flatten()",
        "Your code swaps the two factors. The factor of x_0 should be sqrt(alpha_bar_{t-1}) beta_t / (1 - "
        "alpha_bar_t).",
        "posterior",
    ),
    mistake(
        "posterior_from_0",
        TABLES,
        "(table[t].reshape(shape) for table in (betas, alpha_bars, alpha_bars_before))",
        "Your code reads the tables one step too far. t runs from 1 to T, so beta_t is betas[t - 1].",
        "posterior",
    ),
    mistake(
        "posterior_wraps",
        BEFORE,
        "alpha_bars_before = torch.roll(alpha_bars, 1)",
        "At t = 1 your index wraps around to alpha_bar_T. alpha_bar_0 should be 1, so that the mean is x_0 and the "
        "variance 0.",
        "posterior",
    ),
    mistake(
        "posterior_same_alpha_bar",
        BEFORE,
        "alpha_bars_before = alpha_bars",
        "Your code uses alpha_bar_t in place of alpha_bar_{t-1}. It should use the product of the alphas up to the "
        "step before.",
        "posterior",
    ),
    mistake(
        "posterior_x0_factor_alpha",
        FACTOR_0,
        "factor_0 = (1 - beta).sqrt() * beta / (1 - bar)",
        "Your factor of x_0 contains sqrt(alpha_t). It should contain sqrt(alpha_bar_{t-1}), because x_{t-1} is t - 1 "
        "steps away from x_0.",
        "posterior",
    ),
    mistake(
        "posterior_x0_factor_without_root",
        FACTOR_0,
        "factor_0 = before * beta / (1 - bar)",
        "Your factor of x_0 contains alpha_bar_{t-1}. It should contain its square root.",
        "posterior",
    ),
    mistake(
        "posterior_xt_factor_alpha_bar",
        FACTOR_T,
        "factor_t = bar.sqrt() * (1 - before) / (1 - bar)",
        "Your factor of x_t contains sqrt(alpha_bar_t). It should contain sqrt(alpha_t), because x_t is a single step "
        "away.",
        "posterior",
    ),
    mistake(
        "posterior_xt_factor_without_root",
        FACTOR_T,
        "factor_t = (1 - beta) * (1 - before) / (1 - bar)",
        "Your factor of x_t contains alpha_t. It should contain its square root.",
        "posterior",
    ),
    mistake(
        "posterior_alpha_bars_by_cumsum",
        "alpha_bars = torch.cumprod(1 - betas, dim=0)",
        "alpha_bars = 1 - torch.cumsum(betas, dim=0)",
        "Your alpha_bar_t is 1 minus the sum of the betas. It should be the product of the alphas up to t.",
        "posterior",
    ),
)
