"""The figures behind an accuracy in words, for the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from grader.accuracy.rounds import Rounds
from grader.course.accuracy_policy import AccuracyPolicy

SHOWN = 3  # pairs of classes, or objects

Figures = Mapping[str, Any]


def summary(rounds: Rounds) -> str:
    """What a verdict on these rounds says, a line for each thing worth knowing."""
    figures, policy = rounds.figures(), rounds.policy
    return "\n".join(
        [
            *_accuracy(figures, policy),
            *_what_does_not_count(figures, policy, rounds.limit),
            *_quality(figures),
            *(_missed(figures, policy.class_names) if "missed" in figures else _most_confused(figures, policy)),
        ]
    )


def _accuracy(figures: Figures, policy: AccuracyPolicy) -> Iterator[str]:
    low, high = figures["interval"]
    yield "accuracy of each round: " + ", ".join(f"{a:.3f}" for a in figures["accuracies"])
    yield f"mean {figures['mean']:.3f} over {figures['samples']} samples, 95% interval {low:.3f} to {high:.3f}"
    yield (
        f"at this mean, the best of {policy.rounds} rounds earns {figures['share_of_best']:.2f} of the points "
        f"on average, a single exact measurement {figures['share_of_mean']:.2f}"
    )


def _what_does_not_count(figures: Figures, policy: AccuracyPolicy, limit: float) -> Iterator[str]:
    if figures["copies"]:
        yield (f"{figures['copies']} of {figures['samples']} samples are copies of training images, which do not count")
    if figures["recognised"] > figures["confirmed"] + policy.audit_allowance:
        yield (
            f"the given classifier recognises {figures['recognised']:.3f}, but a second one, which no submission can "
            f"have seen, only {figures['confirmed']:.3f}: at most {policy.audit_allowance:g} above that counts"
        )
    if figures["recognised"] > limit:
        yield (
            f"{figures['recognised']:.3f} is recognised of the published conditions, but only "
            f"{figures['unlisted']:.3f} of random ones: a model that does so much better on the published ones has "
            f"memorised pictures, and at most {limit:.3f} counts"
        )


def _quality(figures: Figures) -> Iterator[str]:
    """The Frechet distance beside its yardstick, and the diversity."""
    if "distance" not in figures:
        return
    real, diversity = figures["real_distance"], figures["diversity"]
    yield (
        f"Frechet distance to real images, in the classifier's features: {figures['distance']:.2f} over "
        f"{figures['compared']} samples"
        + ("" if real is None else f" (the same number of real images: {real:.2f})")
        + ("" if diversity is None else f"; within a class they vary {diversity:.0%} as much")
    )


def _most_confused(figures: Figures, policy: AccuracyPolicy) -> Iterator[str]:
    """The pairs of classes that are confused most often."""
    names, wrong = policy.class_names, np.array(figures["confusion"])
    np.fill_diagonal(wrong, 0)
    pairs = sorted(((wrong[i, j], i, j) for i, j in np.argwhere(wrong)), reverse=True)
    shown = [f"{names[label]} taken for {names[taken]} ({count}x)" for count, label, taken in pairs[:SHOWN]]
    yield "most confused classes: " + (", ".join(shown) or "none")


def _missed(figures: Figures, names: Sequence[str]) -> Iterator[str]:
    """What was asked for, and the objects that are missed most often."""
    counts = sorted(zip(figures["missed"], figures["asked"], names, strict=True), reverse=True)
    shown = [f"{name} ({missed} of {asked})" for missed, asked, name in counts[:SHOWN] if missed]
    yield f"{sum(figures['asked'])} objects were asked for; the interval allows for those of one sample going together"
    yield "objects missed most often: " + (", ".join(shown) or "none")
