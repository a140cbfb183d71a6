"""The statistics behind an accuracy grade. Pure functions of counts; no torch."""

from __future__ import annotations

import math

import numpy as np


def points_share(accuracy: float, nothing_at: float, everything_at: float) -> float:
    """The share of the points that an accuracy earns: 0 up to `nothing_at`, 1 from `everything_at`, else linear."""
    return min(1.0, max(0.0, (accuracy - nothing_at) / (everything_at - nothing_at)))


def wilson_interval(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's score interval of a proportion; z = 1.96 covers 95% (Wilson 1927)."""
    p = successes / trials
    centre = (p + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def expected_best_share(accuracy: float, samples: int, rounds: int, nothing_at: float, everything_at: float) -> float:
    """The share that the best of several rounds earns on average at a true accuracy: exact, by the binomial.

    Args:
        accuracy: the model's true accuracy, in [0, 1].
        samples: N of each round.
        rounds: K, of which the best counts.
        nothing_at, everything_at: as in `points_share`.

    Returns:
        E[max of K shares] = sum_n share(n / N) (F(n)^K - F(n - 1)^K), with F that of Binomial(N, accuracy).
    """
    n = np.arange(samples + 1)
    if accuracy in (0.0, 1.0):
        return points_share(accuracy, nothing_at, everything_at)
    factorials = np.array([math.lgamma(i + 1) for i in n])
    log_choose = factorials[-1] - factorials - factorials[::-1]
    pmf = np.exp(log_choose + n * math.log(accuracy) + (samples - n) * math.log1p(-accuracy))
    best = np.diff(np.minimum(np.cumsum(pmf), 1.0) ** rounds, prepend=0.0)
    shares = [points_share(i / samples, nothing_at, everything_at) for i in n]
    return float(np.dot(best, shares))


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """counts[i, j]: how many images of label i were taken for class j. Shape (classes, classes), int64."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)
