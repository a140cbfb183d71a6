"""What generated images are worth: pure functions of the labels asked for and of what was recognised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.accuracy.statistics import (
    confusion_matrix,
    expected_best_share,
    independent_trials,
    points_share,
    recognised,
    wilson_interval,
)
from grader.course.accuracy_policy import AccuracyPolicy

CERTAIN = 5.0  # standard errors: an accuracy beyond them is one in a million
UNLIKELY = 3.0  # standard errors: one in a thousand
NEGLIGIBLE = 1e-3  # share of the points


@dataclass(frozen=True)
class Judged:
    """What was seen in the N images of a round: the class of each, or a score of each of K objects."""

    predicted: np.ndarray  # (N,) or (N, K), by the given classifier
    audited: np.ndarray | None = None  # likewise, by the auditor; None where there is no auditor
    copied: np.ndarray | None = None  # (N,) whether the image is one of the training images; None likewise
    unlisted: np.ndarray | None = None  # which objects of conditions that no list holds are recognised, (M,)
    quality: Mapping[str, Any] | None = None  # `Comparison.figures` of all images so far; None without statistics

    def right(self, labels: np.ndarray) -> np.ndarray:
        """Which labels the given classifier recognises, as `statistics.recognised` decides; none of copies."""
        return self._counted(self.predicted, labels)

    def confirmed(self, labels: np.ndarray) -> np.ndarray:
        """The same by the auditor, if there is one."""
        return self._counted(self.predicted if self.audited is None else self.audited, labels)

    @property
    def copies(self) -> int:
        """How many images are copies."""
        return 0 if self.copied is None else int(self.copied.sum())

    def _counted(self, seen: np.ndarray, labels: np.ndarray) -> np.ndarray:
        right = recognised(seen, labels)
        return right if self.copied is None else right & ~self.copied


@dataclass
class Rounds:
    """What was generated and recognised so far."""

    policy: AccuracyPolicy
    labels: list[np.ndarray] = field(default_factory=list)  # one array a round, (N,) or multi-hot (N, K)
    judged: list[Judged] = field(default_factory=list)

    @property
    def accuracies(self) -> list[float]:
        """The accuracy of each round as it counts: little more than the auditor, or other conditions, confirm."""
        return [self._capped(j.right(a).mean(), j.confirmed(a).mean()) for a, j in self._rounds()]

    @property
    def share(self) -> float:
        """The share of the points that the best round earns."""
        shares = [points_share(a, self.policy.nothing_at, self.policy.everything_at) for a in self.accuracies]
        return max(shares, default=0.0)

    @property
    def decided(self) -> bool:
        """Whether further rounds, which can only raise the points, cannot change them, or hardly could."""
        return self.share == 1.0 or (self.share == 0.0 and bool(self.labels) and self._hopeless)

    @property
    def _hopeless(self) -> bool:
        """Whether even the best accuracy that the samples leave possible earns next to nothing in all rounds."""
        _, most = wilson_interval(self.mean * self._trials, self._trials, z=CERTAIN)
        return self._share_of_best(most) < NEGLIGIBLE

    @property
    def mean(self) -> float:
        """The accuracy over all rounds, as it counts."""
        return self._capped(self._pooled("right"), self._pooled("confirmed"))

    @property
    def limit(self) -> float:
        """What may count of listed conditions, given what is recognised of others in all rounds; 1 without others."""
        if (others := self._unlisted) is None:
            return 1.0
        _, most = wilson_interval(others.sum(), len(others), z=UNLIKELY)
        return most + self.policy.audit_allowance

    def figures(self) -> dict[str, Any]:
        """What the points rest on, over all rounds, ready for JSON."""
        labels, mean, others = np.concatenate(self.labels), self.mean, self._unlisted
        copies = sum(j.copies for j in self.judged)
        return {
            "accuracies": self.accuracies,
            "samples": len(labels),
            "mean": mean,
            "interval": wilson_interval(mean * self._trials, self._trials),
            "share_of_best": self._share_of_best(mean),
            "share_of_mean": points_share(mean, self.policy.nothing_at, self.policy.everything_at),
            "recognised": self._pooled("right"),
            "confirmed": self._pooled("confirmed"),
            "copies": copies,
            "suspicious": bool(copies or mean < self._pooled("right")),
            **({} if others is None else {"unlisted": float(others.mean())}),
            **(self._objects(labels) if labels.ndim > 1 else self._confusion(labels)),
            **(self.judged[-1].quality or {}),
        }

    def _confusion(self, labels: np.ndarray) -> dict[str, Any]:
        predicted = np.concatenate([j.predicted for j in self.judged])
        return {"confusion": confusion_matrix(labels, predicted, self.policy.classes).tolist()}

    def _objects(self, labels: np.ndarray) -> dict[str, Any]:
        """How often each object was asked for, and how often it was missed."""
        asked, objects = np.nonzero(labels > 0.5)[1], labels.shape[1]
        of_each = {"asked": asked, "missed": asked[~self._all("right")]}
        return {name: np.bincount(numbers, minlength=objects).tolist() for name, numbers in of_each.items()}

    def _pooled(self, how: str) -> float:
        """The share of all labels that are right, or confirmed."""
        return float(self._all(how).mean())

    def _all(self, how: str) -> np.ndarray:
        return np.concatenate([getattr(j, how)(a) for a, j in self._rounds()])

    def _share_of_best(self, accuracy: float) -> float:
        """What the best of the rounds earns on average at a true accuracy."""
        p, trials = self.policy, self._trials / len(self.labels)
        return expected_best_share(accuracy, round(trials), p.rounds, p.nothing_at, p.everything_at)

    @property
    def _trials(self) -> float:
        return independent_trials(self._all("right"), np.concatenate(self.labels))

    def _rounds(self) -> Iterable[tuple[np.ndarray, Judged]]:
        return zip(self.labels, self.judged, strict=True)

    def _capped(self, right: float, confirmed: float) -> float:
        return float(min(right, confirmed + self.policy.audit_allowance, self.limit))

    @property
    def _unlisted(self) -> np.ndarray | None:
        of_rounds = [j.unlisted for j in self.judged if j.unlisted is not None]
        return np.concatenate(of_rounds) if of_rounds else None
