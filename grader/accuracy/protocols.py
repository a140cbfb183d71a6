"""Protocols: what a model is asked for in a round of accuracy grading, and what is seen in its answer."""

from __future__ import annotations

import base64
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from grader import ROOT
from grader.accuracy.rounds import Judged
from grader.accuracy.scorer import Scorer
from grader.accuracy.statistics import recognised
from grader.course import conditions
from grader.course.accuracy_policy import AccuracyPolicy, ConditionsPolicy, DiscriminationPolicy
from grader.grading.judge import Arrays
from grader.runtime import sampling
from grader.runtime.errors import InfrastructureError

FLOAT_BYTES = 4
COMPARED = 500  # images of the generator beside a discriminator
COLUMNS = 8  # of a picture of scenes

Asked = dict[str, Any]  # the arguments of the experiment that ask the model, ready for JSON


class AnswerError(Exception):
    """The model's answer cannot be judged; the message is for the student."""


@dataclass(frozen=True)
class Generation:
    """The model generates an image for each label, and a classifier recognises them."""

    policy: AccuracyPolicy
    experiment: ClassVar = staticmethod(sampling.sample)
    stream: ClassVar[str] = ""  # of the seed of what is asked

    @property
    def reply_bytes(self) -> int:
        """The size of the largest answer."""
        return _bytes_of_images(self.policy, self.policy.samples_per_round)

    def ask(self, seed: int) -> tuple[np.ndarray, Asked]:
        """Labels, (N,), the same number of each class in random order, and the arguments that ask for them."""
        p = self.policy
        labels = np.random.default_rng(seed).permutation(np.arange(p.samples_per_round) % p.classes)
        return labels, {"labels": labels.tolist(), "image_shape": p.image_shape}

    def read(self, arrays: Arrays, scorer: Scorer, asked: Asked) -> Judged:
        """What the images show that came back for the arguments `asked`.

        Raises:
            AnswerError: they are not images of the right shape.
        """
        return scorer.judge(_images(arrays, (len(asked["labels"]), *self.policy.image_shape), self.policy.method))

    def columns(self, labels: np.ndarray) -> np.ndarray:
        """In which column of a picture each image of an answer belongs, (N,): that of its class."""
        return labels


@dataclass(frozen=True)
class ConditionGeneration(Generation):
    """The model generates a picture of several objects for each condition of a list.

    Students have the lists, so a model could keep a picture for each condition. It is therefore asked for the same
    number of random conditions as well.
    """

    policy: ConditionsPolicy

    @property
    def reply_bytes(self) -> int:
        """The size of the largest answer."""
        return _bytes_of_images(self.policy, self.policy.samples_per_round + len(self.policy.labels))

    def ask(self, seed: int) -> tuple[np.ndarray, Asked]:
        """Labels, multi-hot (N, K), those of the list in its order, repeated; and the arguments that ask for them.

        The arguments ask for other conditions too, after the labels.
        """
        listed = self.policy.labels
        labels = np.resize(listed, (self.policy.samples_per_round, self.policy.classes))
        asked = np.concatenate([labels, conditions.drawn(listed, seed)])
        return labels, {"labels": asked.tolist(), "image_shape": self.policy.image_shape}

    def read(self, arrays: Arrays, scorer: Scorer, asked: Asked) -> Judged:
        """What a `Generation` reads, and which objects of the other conditions are recognised."""
        judged, count = super().read(arrays, scorer, asked), self.policy.samples_per_round
        others = recognised(judged.predicted[count:], np.array(asked["labels"][count:]))
        audited = None if judged.audited is None else judged.audited[:count]
        return replace(judged, predicted=judged.predicted[:count], audited=audited, unlisted=others)

    def columns(self, labels: np.ndarray) -> np.ndarray:
        """The columns that put the images row by row, in the order of the list, as in the course's own pictures."""
        return np.arange(len(labels)) % COLUMNS


@dataclass(frozen=True)
class Discrimination:
    """The model tells real images, label 1, from an oracle generator's. Its own generator is only reported on."""

    policy: DiscriminationPolicy
    experiment: ClassVar = staticmethod(sampling.tell_apart)
    stream: ClassVar[str] = " asked"  # not the experiment's own, with which a submission could find the labels

    @property
    def reply_bytes(self) -> int:
        """The size of the largest answer."""
        return _bytes_of_images(self.policy, COMPARED) + FLOAT_BYTES * self.policy.samples_per_round

    def ask(self, seed: int) -> tuple[np.ndarray, Asked]:
        """Labels, (N,), and the arguments that hand over the images, in random order and without them.

        Raises:
            InfrastructureError: the images cannot be made.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "challenge.npz"
            what = [self.policy.data, str(self.policy.samples_per_round), str(seed), str(path)]
            command = [sys.executable, "-m", self.policy.challenge, *what]
            if subprocess.run(command, cwd=ROOT, check=False).returncode:
                raise InfrastructureError("the images to tell apart cannot be made; the reason is above")
            with np.load(path) as made:
                labels, images = made["real"].astype(np.int64), made["images"]
        handed_over = base64.b64encode(images.tobytes()).decode()
        return labels, {"images": handed_over, "image_shape": self.policy.image_shape, "compared": COMPARED}

    def read(self, arrays: Arrays, scorer: Scorer, asked: Asked) -> Judged:
        """What the logits say, with the quality of the generator's images if there are any.

        Raises:
            AnswerError: there are no logits of the right shape.
        """
        logits, count = arrays.get("logits"), self.policy.samples_per_round
        if logits is None or logits.shape != (count,) or logits.dtype != np.float32:
            raise AnswerError(f"the discriminator must return logits of shape ({count}, 1), not {_shape(arrays)}")
        if not np.isfinite(logits).all():
            raise AnswerError("the discriminator returns NaN or infinity")
        judged = Judged((logits > 0).astype(np.int64))
        if "images" not in arrays:
            return judged
        images = _images(arrays, (COMPARED, *self.policy.image_shape), "the generator")
        return replace(judged, quality=scorer.judge(images).quality)

    def columns(self, labels: np.ndarray) -> np.ndarray:
        """One column for all of the generator's images, (COMPARED,): it is asked for no class."""
        return np.zeros(COMPARED, np.int64)


Protocol = Generation | Discrimination


def protocol_of(policy: AccuracyPolicy) -> Protocol:
    """The protocol that a policy asks for."""
    if isinstance(policy, DiscriminationPolicy):
        return Discrimination(policy)
    return ConditionGeneration(policy) if isinstance(policy, ConditionsPolicy) else Generation(policy)


def _bytes_of_images(policy: AccuracyPolicy, count: int) -> int:
    return FLOAT_BYTES * count * int(np.prod(policy.image_shape))


def _shape(arrays: Arrays) -> tuple[Any, ...]:
    return tuple(arrays.get("shape", np.array(["no shape"])).tolist()[:8])


def _images(arrays: Arrays, shape: tuple[int, ...], method: str) -> np.ndarray:
    images = arrays.get("images")
    if images is None or images.shape != shape or images.dtype != np.float32:
        raise AnswerError(f"{method} must return images of shape {shape}, not {_shape(arrays)}")
    if not np.isfinite(images).all():
        raise AnswerError(f"{method} returns NaN or infinity")
    return images
