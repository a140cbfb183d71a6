"""Derivations that the oracles of several parts share, in float64 numpy and without the solution."""

from __future__ import annotations

import numpy as np

from grader.runtime import inputs
from grader.runtime.rng import Streams


def variances(
    start: float, end: float, steps: int, quadratic: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute (betas, alphas, alpha_bars) one step at a time."""
    power = 2 if quadratic else 1
    a, b = start ** (1 / power), end ** (1 / power)
    betas = np.array([(a + (b - a) * i / (steps - 1)) ** power for i in range(steps)])
    bars = [1.0]
    for beta in betas:
        bars.append(bars[-1] * (1 - beta))
    return betas, 1 - betas, np.array(bars[1:])


def drawn_variances(
    rng: Streams, fewest: int, most: int, quadratic: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the same for the schedule that a case draws."""
    drawn = inputs.schedule(rng, fewest, most)
    return variances(drawn["beta_start"], drawn["beta_end"], int(drawn["num_steps"]), quadratic)


def reverse_step(betas: np.ndarray, bars: np.ndarray, t: int, posterior: bool) -> tuple[np.ndarray, float]:
    """The factors of x_t and eps in the mean of x_{t-1}, and sigma, by Bayes' rule.

    q(x_{t-1} | x_t, x_0) is proportional to N(x_t; sqrt(alpha) x_{t-1}, beta) N(x_{t-1}; sqrt(bar') x_0, 1 - bar'). So
    add the precisions, and insert the x_0 that eps implies. At t = 0 the second factor is a point at x_0.
    """
    before = bars[t - 1] if t else 1.0
    # x_0 = from_x x_t + from_eps eps
    from_x, from_eps = 1 / np.sqrt(bars[t]), -np.sqrt(1 - bars[t]) / np.sqrt(bars[t])
    if t == 0:
        return np.array([from_x, from_eps]), 0.0
    precision = (1 - betas[t]) / betas[t] + 1 / (1 - before)
    weight_x = np.sqrt(1 - betas[t]) / betas[t] / precision
    weight_x0 = np.sqrt(before) / (1 - before) / precision
    sigma = np.sqrt(1 / precision if posterior else betas[t])
    return np.array([weight_x + weight_x0 * from_x, weight_x0 * from_eps]), sigma


def sigmoid(x: np.typing.ArrayLike) -> np.ndarray:
    """The logistic function 1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(x, dtype=np.float64))))


def surprise(logits: np.typing.ArrayLike, targets: np.ndarray) -> np.ndarray:
    """Binary cross-entropy -t log sigma(x) - (1 - t) log(1 - sigma(x)), element by element, with numpy's logaddexp."""
    logits = np.asarray(logits, dtype=np.float64)
    return np.asarray(targets * np.logaddexp(0, -logits) + (1 - targets) * np.logaddexp(0, logits))
