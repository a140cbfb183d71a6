"""What generated images are worth: pure functions of the labels asked for and of what was recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from grader import conditions
from grader.metrics import (
    confusion_matrix,
    expected_best_share,
    independent_trials,
    points_share,
    recognised,
    wilson_interval,
)
from grader.policy import AccuracyPolicy

CERTAIN = 5.0  # standard errors: an accuracy beyond them is one in a million
UNLIKELY = 3.0  # standard errors: one in a thousand
NEGLIGIBLE = 1e-3  # share of the points


@dataclass(frozen=True)
class Judged:
    """What was seen in the N images of a round: the class of each, or in part 5 a score of each of 24 objects."""

    predicted: np.ndarray  # (N,) or (N, 24), by the given classifier
    audited: np.ndarray | None = None  # likewise, by the auditor; None where there is no auditor
    copied: np.ndarray | None = None  # (N,) whether the image is one of the training images; None likewise
    unlisted: np.ndarray | None = None  # part 5: which objects of other conditions than the list's are recognised, (M,)
    quality: Mapping | None = None  # `quality.Comparison.figures` of all images so far; None without statistics

    def right(self, labels: np.ndarray) -> np.ndarray:
        """Which labels the given classifier recognises, as `metrics.recognised` tells them; none of copies."""
        return self._counted(self.predicted, labels)

    def confirmed(self, labels: np.ndarray) -> np.ndarray:
        """The same by the auditor, if there is one."""
        return self._counted(self.predicted if self.audited is None else self.audited, labels)

    @property
    def copies(self) -> int:
        """How many images are copies."""
        return 0 if self.copied is None else int(self.copied.sum())

    def _counted(self, seen, labels):
        found = recognised(seen, labels)
        return found if self.copied is None else found & ~self.copied


@dataclass
class Rounds:
    """What was generated and recognised so far."""

    policy: AccuracyPolicy
    labels: list[np.ndarray] = field(default_factory=list)  # one array a round, (N,) or multi-hot (N, 24)
    judged: list[Judged] = field(default_factory=list)

    @property
    def accuracies(self) -> list[float]:
        """Of each round, as they count: not much more than the auditor confirms, or than of conditions not listed."""
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
        _, most = wilson_interval(self._mean * self._trials, self._trials, z=CERTAIN)
        return self._share_of_best(most) < NEGLIGIBLE

    def figures(self) -> dict:
        """What the points rest on, over all rounds."""
        p = self.policy
        labels, mean = np.concatenate(self.labels), self._mean
        copies = sum(j.copies for j in self.judged)
        return {
            "accuracies": self.accuracies,
            "samples": len(labels),
            "mean": mean,
            "interval": wilson_interval(mean * self._trials, self._trials),
            "share_of_best": self._share_of_best(mean),
            "share_of_mean": points_share(mean, p.nothing_at, p.everything_at),
            "recognised": self._pooled("right"),
            "confirmed": self._pooled("confirmed"),
            "copies": copies,
            "suspicious": bool(copies or mean < self._pooled("right")),
            **({} if self._unlisted is None else {"unlisted": float(self._unlisted.mean())}),
            **(self._objects(labels) if labels.ndim > 1 else self._confusion(labels)),
            **(self.judged[-1].quality or {}),
        }

    def _confusion(self, labels):
        predicted = np.concatenate([j.predicted for j in self.judged])
        return {"confusion": confusion_matrix(labels, predicted, self.policy.classes).tolist()}

    def _objects(self, labels):
        """Part 5: how often each object was asked for, and how often it was missed."""
        asked, objects = np.nonzero(labels > 0.5)[1], labels.shape[1]
        of_each = {"asked": asked, "missed": asked[~self._all("right")]}
        return {name: np.bincount(found, minlength=objects).tolist() for name, found in of_each.items()}

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
        if f["recognised"] > f["confirmed"] + self.policy.audit_allowance:
            lines.append(
                f"the given classifier recognises {f['recognised']:.3f}, but another one, which no submission can have "
                f"seen, only {f['confirmed']:.3f}: no more than {self.policy.audit_allowance:g} above that counts"
            )
        if f["recognised"] > self._limit:
            lines.append(
                f"{f['recognised']:.3f} is recognised of the listed conditions, but only {f['unlisted']:.3f} of "
                f"others, which no submission can have seen: no more than {self._limit:.3f} counts"
            )
        if "distance" in f:
            lines.append(_quality_in_words(f))
        return "\n".join([*lines, *(_missed(f) if "missed" in f else _most_confused(f["confusion"], self.policy))])

    @property
    def _mean(self):
        return self._counts(self._pooled("right"), self._pooled("confirmed"))

    def _pooled(self, how):
        """The share of all labels that are right, or confirmed."""
        return float(self._all(how).mean())

    def _all(self, how):
        return np.concatenate([getattr(j, how)(a) for a, j in self._rounds()])

    def _share_of_best(self, accuracy):
        """What the best of the rounds earns on average at a true accuracy."""
        p, trials = self.policy, self._trials / len(self.labels)
        return expected_best_share(accuracy, round(trials), p.rounds, p.nothing_at, p.everything_at)

    @property
    def _trials(self):
        return independent_trials(self._all("right"), np.concatenate(self.labels))

    def _rounds(self):
        return zip(self.labels, self.judged, strict=True)

    def _counts(self, recognised, confirmed):
        return float(min(recognised, confirmed + self.policy.audit_allowance, self._limit))

    @property
    def _unlisted(self):
        found = [j.unlisted for j in self.judged if j.unlisted is not None]
        return np.concatenate(found) if found else None

    @property
    def _limit(self):
        """Part 5: what may count of the listed conditions, by what is recognised of others in all rounds."""
        if self._unlisted is None:
            return 1.0
        _, most = wilson_interval(self._unlisted.sum(), len(self._unlisted), z=UNLIKELY)
        return most + self.policy.audit_allowance


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
    """The three pairs of classes that are confused most often, in a line."""
    names = ("generated", "real") if policy.part == 1 else range(policy.classes)
    wrong = np.array(confusion)
    np.fill_diagonal(wrong, 0)
    pairs = sorted(((wrong[i, j], i, j) for i, j in np.argwhere(wrong)), reverse=True)
    told = [f"{names[label]} taken for {names[taken]} ({count}x)" for count, label, taken in pairs[:3]]
    return ["most confused classes: " + (", ".join(told) or "none")]


def _missed(figures):
    """Part 5: what was asked for, and the three objects that are missed most often, in two lines."""
    counts = sorted(zip(figures["missed"], figures["asked"], conditions.objects(), strict=True), reverse=True)
    told = [f"{name} ({missed} of {asked})" for missed, asked, name in counts[:3] if missed]
    return [
        f"{sum(figures['asked'])} objects were asked for; the interval knows that those of a sample go together",
        "objects missed most often: " + (", ".join(told) or "none"),
    ]
