"""The statistics behind an accuracy grade. Pure functions of counts; no torch."""

from __future__ import annotations

import math

import numpy as np


def points_share(accuracy: float, nothing_at: float, everything_at: float) -> float:
    """The share of the points that an accuracy earns: 0 up to `nothing_at`, 1 from `everything_at`, else linear."""
    return min(1.0, max(0.0, (accuracy - nothing_at) / (everything_at - nothing_at)))


def wilson_interval(successes: float, trials: float, z: float = 1.96) -> tuple[float, float]:
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


def recognised(seen: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which of the labels asked for are seen: one class in each image, or several objects.

    Args:
        seen: classes, (N,); or scores of K objects, (N, K), of which as many count as were asked for, the highest.
        labels: classes, (N,); or (N, K), 1 for what was asked for and 0 for all else.

    Returns:
        (N,) bool; or (L,), for each of the L ones in `labels`, image by image.
    """
    if labels.ndim == 1:
        return np.asarray(seen == labels)
    asked = labels > 0.5
    rank = (-seen).argsort(axis=1, kind="stable").argsort(axis=1)
    return np.asarray(rank < asked.sum(axis=1, keepdims=True))[asked]


def independent_trials(found: np.ndarray, labels: np.ndarray) -> float:
    """As how many independent trials labels count: the objects of an image may be found or missed together.

    Args:
        found: what `recognised` tells of them.
        labels: (N,) or (N, K), as there.

    Returns:
        N of classes. Of several objects an image the number with which a binomial proportion varies as much as this one
        does between images (a ratio estimate's variance: Cochran 1977, chapter 6); no more than there are objects, and
        no fewer than if those of an image were all found or all missed (Kish 1965).
    """
    if labels.ndim == 1:
        return len(labels)
    images, _ = np.nonzero(labels > 0.5)
    asked = np.bincount(images, minlength=len(labels))
    share, fewest = found.mean(), asked.sum() ** 2 / (asked**2).sum()
    variance = ((np.bincount(images, found, len(labels)) - share * asked) ** 2).sum() / asked.sum() ** 2
    return float(min(max(share * (1 - share) / variance, fewest), asked.sum()) if variance else fewest)


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """counts[i, j]: how many images of label i were taken for class j. Shape (classes, classes), int64."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)
