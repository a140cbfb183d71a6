"""Part 3: the variance schedule. Timesteps are indexed from 1."""

import numpy as np

from grader.parts.mnist.cases import calls, inputs
from grader.runtime.case import case

TIGHT = {"rtol": 5e-5, "atol": 1e-6}  # how exactly float32 holds an alpha_bar_t of 400 factors
DRAWN = "for t = 1, 2, some in between and T, with random T, beta_1 and beta_T"
DEFAULT = "at t = 77 of the default configuration (T = 400)"


def _schedule(code, rng, names):
    """Entries of the schedule for random and for default settings, by their names in `scheduler`."""
    setting = inputs.schedule(rng, 11, 30)
    drawn, default = (calls.ddpm(code, s, lambda x, t, c: x)[0] for s in (setting, {}))
    times = inputs.timesteps(rng, setting["T"], rng.integer("number between", 2, 6))
    table = np.array([calls.schedule(drawn, t, names) for t in times])
    return {"default": calls.schedule(default, 77, names), **dict(zip(names, table.T, strict=True))}


@case(
    "3.schedule",
    points=1.5,
    equation="beta_t from beta_1 at t = 1 to beta_T at t = T in equal steps; alpha_t = 1 - beta_t (DDPM, sec. 4)",
    look="Work out beta_t at t = 1 and at t = T by hand. Does `scheduler` return beta_1 and beta_T?",
    term="'in equal steps': how many are there from t = 1 to t = T, and which entry of a table belongs to t? Then "
    "check the root in oneover_sqrt_alpha.",
    shows={
        "default": f"beta_t, sqrt(beta_t), alpha_t and 1 / sqrt(alpha_t) {DEFAULT}",
        "beta_t": f"beta_t {DRAWN}",
        "sqrt_beta_t": f"sqrt(beta_t) {DRAWN}",
        "alpha_t": f"alpha_t {DRAWN}",
        "oneover_sqrt_alpha": f"1 / sqrt(alpha_t) {DRAWN}",
    },
    **TIGHT,
)
def schedule(code, rng):
    """Variance schedule: beta_t and alpha_t at single timesteps"""
    return _schedule(code, rng, ["beta_t", "sqrt_beta_t", "alpha_t", "oneover_sqrt_alpha"])


@case(
    "3.alpha_bars",
    points=1.5,
    equation="alpha_bar_t = alpha_1 alpha_2 ... alpha_t (DDPM, eq. 4)",
    look="Work out alpha_t_bar at t = 1 and at t = 2 by hand. Then check the two roots that you compute from it.",
    term="alpha_1 alpha_2 ... alpha_t: which operation, on what, and up to which factor? And in sqrt(1 - "
    "alpha_bar_t), what comes first?",
    shows={
        "default": f"alpha_bar_t, sqrt(alpha_bar_t) and sqrt(1 - alpha_bar_t) {DEFAULT}",
        "alpha_t_bar": f"alpha_bar_t {DRAWN}",
        "sqrt_alpha_bar": f"sqrt(alpha_bar_t) {DRAWN}",
        "sqrt_oneminus_alpha_bar": f"sqrt(1 - alpha_bar_t) {DRAWN}",
    },
    **TIGHT,
    needs=("3.schedule",),
)
def alpha_bars(code, rng):
    """Variance schedule: alpha_bar_t, the product of the alphas, at single timesteps"""
    return _schedule(code, rng, ["alpha_t_bar", "sqrt_alpha_bar", "sqrt_oneminus_alpha_bar"])
