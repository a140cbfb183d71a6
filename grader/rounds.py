"""What generated images are worth: pure functions of the labels asked for and of what was recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from grader.metrics import confusion_matrix, expected_best_share, points_share, wilson_interval
from grader.policy import AccuracyPolicy

CERTAIN = 5.0  # standard errors: an accuracy beyond them is one in a million
NEGLIGIBLE = 1e-3  # share of the points


@dataclass(frozen=True)
class Judged:
    """What was seen in the N images of a round."""

    predicted: np.ndarray  # (N,) classes, by the given classifier
    audited: np.ndarray | None = None  # (N,) classes, by the auditor; None where there is no auditor
    copied: np.ndarray | None = None  # (N,) whether the image is one of the training images; None likewise
    quality: Mapping | None = None  # `quality.Comparison.figures` of all images so far; None without statistics

    def right(self, labels: np.ndarray) -> np.ndarray:
        """Which images the given classifier recognises as what was asked for; no copies."""
        return (self.predicted == labels) & ~self._copied

    def confirmed(self, labels: np.ndarray) -> np.ndarray:
        """The same by the auditor, if there is one."""
        return self.right(labels) if self.audited is None else (self.audited == labels) & ~self._copied

    @property
    def copies(self) -> int:
        """How many images are copies."""
        return int(self._copied.sum())

    @property
    def _copied(self):
        return np.zeros(len(self.predicted), bool) if self.copied is None else self.copied


@dataclass
class Rounds:
    """What was generated and recognised so far."""

    policy: AccuracyPolicy
    labels: list[np.ndarray] = field(default_factory=list)  # one array a round, shape (N,)
    judged: list[Judged] = field(default_factory=list)

    @property
    def accuracies(self) -> list[float]:
        """Of each round, as they count: not much more than the auditor confirms."""
        return [self._counts(j.right(a).mean(), j.confirmed(a).mean()) for a, j in self._rounds()]

    @property
    def share(self) -> float:
        """Of the points, by the best round."""
        shares = [points_share(a, self.policy.nothing_at, self.policy.everything_at) for a in self.accuracies]
        return max(shares, default=0.0)

    @property
    def decided(self) -> bool:
        """Whether further rounds cannot change the points, or not by any likelihood: they only ever raise them."""
        return self.share == 1.0 or (self.share == 0.0 and bool(self.labels) and self._hopeless)

    @property
    def _hopeless(self):
        """Whether even the best accuracy that the samples leave open earns nothing to speak of in all rounds."""
        p, samples = self.policy, sum(map(len, self.labels))
        _, most = wilson_interval(round(self._mean * samples), samples, z=CERTAIN)
        return expected_best_share(most, p.samples_per_round, p.rounds, p.nothing_at, p.everything_at) < NEGLIGIBLE

    def figures(self) -> dict:
        """What the points rest on, over all rounds."""
        p = self.policy
        labels, mean = np.concatenate(self.labels), self._mean
        copies = sum(j.copies for j in self.judged)
        return {
            "accuracies": self.accuracies,
            "samples": len(labels),
            "mean": mean,
            "interval": wilson_interval(round(mean * len(labels)), len(labels)),
            "share_of_best": expected_best_share(mean, p.samples_per_round, p.rounds, p.nothing_at, p.everything_at),
            "share_of_mean": points_share(mean, p.nothing_at, p.everything_at),
            "recognised": self._pooled("right"),
            "confirmed": self._pooled("confirmed"),
            "copies": copies,
            "suspicious": bool(copies or mean < self._pooled("right")),
            "confusion": confusion_matrix(
                labels, np.concatenate([j.predicted for j in self.judged]), p.classes
            ).tolist(),
            **(self.judged[-1].quality or {}),
        }

    def summary(self) -> str:
        """The figures in words, for the report."""
        f = self.figures()
        lines = [
            "accuracy of each round: " + ", ".join(f"{a:.3f}" for a in f["accuracies"]),
            f"mean {f['mean']:.3f} over {f['samples']} samples, 95% interval {f['interval'][0]:.3f} to "
            f"{f['interval'][1]:.3f}",
            f"at this mean, the best of {self.policy.rounds} rounds earns {f['share_of_best']:.2f} of the points "
            f"on average, a single exact measurement {f['share_of_mean']:.2f}",
        ]
        if f["copies"]:
            lines.append(f"{f['copies']} of {f['samples']} samples are copies of training images, which do not count")
        if f["mean"] < f["recognised"]:
            lines.append(
                f"the given classifier recognises {f['recognised']:.3f}, but another one, which no submission can have "
                f"seen, only {f['confirmed']:.3f}: no more than {self.policy.audit_allowance:g} above that counts"
            )
        if "distance" in f:
            lines.append(_quality_in_words(f))
        return "\n".join([*lines, "most confused classes: " + (_most_confused(f["confusion"], self.policy) or "none")])

    @property
    def _mean(self):
        return self._counts(self._pooled("right"), self._pooled("confirmed"))

    def _pooled(self, how):
        """The share of all images that are right, or confirmed."""
        return float(np.concatenate([getattr(j, how)(a) for a, j in self._rounds()]).mean())

    def _rounds(self):
        return zip(self.labels, self.judged, strict=True)

    def _counts(self, recognised, confirmed):
        return float(min(recognised, confirmed + self.policy.audit_allowance))


def _quality_in_words(figures):
    """The Frechet distance beside its yardstick, and the diversity."""
    as_many, diversity = figures["real_distance"], figures["diversity"]
    return (
        f"Frechet distance to real images, in the classifier's features: {figures['distance']:.2f} over "
        f"{figures['compared']} samples"
        + ("" if as_many is None else f" (as many real ones: {as_many:.2f})")
        + ("" if diversity is None else f"; within a class they vary {diversity:.0%} as much")
    )


def _most_confused(confusion, policy):
    """The three pairs of classes that are confused most often, in words."""
    names = ("generated", "real") if policy.part == 1 else range(policy.classes)
    wrong = np.array(confusion)
    np.fill_diagonal(wrong, 0)
    pairs = sorted(((wrong[i, j], i, j) for i, j in np.argwhere(wrong)), reverse=True)
    return ", ".join(f"{names[label]} taken for {names[taken]} ({count}x)" for count, label, taken in pairs[:3])
