"""How near generated images come to real ones: the Frechet distance, in the features of a frozen classifier.

This is the FID of Heusel et al. 2017, with a classifier that knows these images in place of Inception, which knows
photos of 299 pixels. Its scale is the classifier's: distances by two classifiers do not compare. A distance grows as
the number of images falls, so it is reported beside the distance of the same number of real images.

Staff only, and never beside student code: the statistics reveal what the images are compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from grader.accuracy.classifiers import about, given, recorded, verified
from grader.runtime.errors import InfrastructureError

BATCH = 500


@torch.no_grad()
def features(classifier: Any, images: Tensor, low: float) -> Tensor:
    """What the last layer of a classifier sees of images.

    Args:
        classifier: a `ConvClassifier`, frozen.
        images: (N, C, H, W), float32; values outside [low, 1] are clamped.
        low: the least value of an image that the classifier knows.

    Returns:
        (N, D) float32, D = classifier.head[-1].in_features.
    """
    return torch.cat([classifier.features(batch.clamp(low, 1)) for batch in torch.split(images, BATCH)])


@dataclass(frozen=True)
class Statistics:
    """What is known of the features of real images, D of each."""

    mean: np.ndarray  # (D,) over the training images
    covariance: np.ndarray  # (D, D) likewise, unbiased
    count: int  # of training images
    spread: float  # `Spread` of held-out images
    samples: np.ndarray  # (G,) numbers of held-out images, ascending
    distances: np.ndarray  # (G,) of so many, the same number of each class; means over many draws

    @classmethod
    def load(cls, name: str) -> Statistics:
        """Those that belong to a classifier of test_resources/classifiers.

        Raises:
            InfrastructureError: they are not the recorded ones, or describe other weights of the classifier.
        """
        file = f"{name}_features.npz"
        path = verified(file)
        if recorded(file)["classifier_sha256"] != recorded(f"{name}.pt")["sha256"]:
            raise InfrastructureError(
                f"{path} describes other weights than {name}.pt: python test_resources/measure_features.py {name}"
            )
        with np.load(path, allow_pickle=False) as arrays:
            return cls(**{name: values if values.ndim else values.item() for name, values in arrays.items()})

    def metric(self) -> FrechetInceptionDistance:
        """A distance to these images, without any others yet; it takes features, not images."""
        ready = nn.Identity()
        ready.num_features = len(self.mean)  # type: ignore[assignment]  # torchmetrics asks for this attribute
        metric = FrechetInceptionDistance(ready)
        mean, covariance = (torch.from_numpy(a).double() for a in (self.mean, self.covariance))
        metric.real_features_sum += self.count * mean
        metric.real_features_cov_sum += (self.count - 1) * covariance + self.count * mean.outer(mean)
        metric.real_features_num_samples += self.count
        return metric

    def distance_of_as_many(self, samples: int) -> float | None:
        """The distance of this number of held-out images, by a power law between measured ones; None beyond them."""
        if not self.samples[0] <= samples <= self.samples[-1]:
            return None
        return float(np.exp(np.interp(np.log(samples), np.log(self.samples), np.log(self.distances))))


class Spread:
    """How varied the features within a class are: their mean squared distance from its mean.

    Args:
        classes: the number of classes K.
        dimension: of a feature vector, D.
    """

    def __init__(self, classes: int, dimension: int):
        self._counts = torch.zeros(classes, dtype=torch.float64)
        self._sums = torch.zeros(classes, dimension, dtype=torch.float64)
        self._squares = 0.0

    def add(self, features: Tensor, classes: Tensor) -> None:
        """Take in features, (N, D), of images of these classes, (N,) int64."""
        self._counts += classes.bincount(minlength=len(self._counts))
        self._sums.index_add_(0, classes, features.double())
        self._squares += features.double().square().sum().item()

    def value(self) -> float | None:
        """The estimate, without bias for few images; None while no class has two."""
        seen = self._counts > 0
        degrees = self._counts.sum().item() - seen.sum().item()
        of_means = (self._sums[seen].square().sum(dim=1) / self._counts[seen]).sum().item()
        return max(0.0, self._squares - of_means) / degrees if degrees else None


class Comparison:
    """Compares images with real ones; they may come in parts.

    Args:
        classifier: a `ConvClassifier`, frozen.
        low: the least value of an image that it knows.
        real: of the real images.
    """

    def __init__(self, classifier: Any, low: float, real: Statistics):
        self._classifier, self._low, self._real = classifier, low, real
        self._metric = real.metric()
        self._spread = Spread(classifier.head[-1].out_features, len(real.mean))

    @classmethod
    def load(cls, name: str) -> Comparison:
        """A comparison by a classifier of test_resources/classifiers.

        Raises:
            InfrastructureError: its weights or its statistics are not the recorded ones.
        """
        known = about(name)
        network = given(known.module).load_classifier(verified(f"{name}.pt"))
        return cls(network, known.lowest, Statistics.load(name))

    def add(self, images: Tensor) -> None:
        """Take in generated images, (N, C, H, W), float32."""
        seen = features(self._classifier, images, self._low)
        self._metric.update(seen, real=False)
        with torch.no_grad():
            self._spread.add(seen, self._classifier.head(seen).argmax(1))

    def figures(self) -> dict[str, Any]:
        """Of all images so far, at least two; ready for JSON.

        Returns:
            compared: how many images these are.
            distance: the Frechet distance to the real images.
            real_distance: that of the same number of held-out real images; None where it was not measured.
            diversity: how varied the images within a class are, as a share of what real ones are: 0 if each class
                shows the same picture again and again. None while no class has two images.
        """
        spread, compared = self._spread.value(), int(self._metric.fake_features_num_samples)
        return {
            "compared": compared,
            "distance": max(0.0, self._metric.compute().item()),
            "real_distance": self._real.distance_of_as_many(compared),
            "diversity": None if spread is None else spread / self._real.spread,
        }


def compared(name: str, images: Tensor) -> dict[str, Any]:
    """`Comparison.figures` of images, (N, C, H, W) float32, N at least 2, by the classifier of this name."""
    comparison = Comparison.load(name)
    comparison.add(images)
    return comparison.figures()
