"""What a model is asked for in a round of accuracy grading, and what is seen in its answer."""

from __future__ import annotations

import base64
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from grader import ROOT, conditions, sampling
from grader.case import InfrastructureError
from grader.metrics import recognised
from grader.policy import AccuracyPolicy
from grader.rounds import Judged

FLOAT_BYTES = 4
COMPARED = 500  # images of part 1's generator
COLUMNS = 8  # of a picture of part 5's scenes


class AnswerError(Exception):
    """The model's answer cannot be judged; the message is for the student."""


@dataclass(frozen=True)
class Generation:
    """Parts 2 to 4: it generates an image for each label, and a classifier recognises them."""

    policy: AccuracyPolicy
    experiment = staticmethod(sampling.sample)
    stream = ""  # of the seed of what is asked

    @property
    def reply_bytes(self) -> int:
        """Of the largest answer."""
        return _bytes_of_images(self.policy, self.policy.samples_per_round)

    def ask(self, seed: int) -> tuple[np.ndarray, dict]:
        """Labels, (N,), the same number of each class in random order, and the arguments that ask for them."""
        p = self.policy
        labels = np.random.default_rng(seed).permutation(np.arange(p.samples_per_round) % p.classes)
        return labels, {"labels": labels.tolist(), "image_shape": p.image_shape}

    def read(self, arrays, scorer, asked) -> Judged:
        """What the images show that came for the arguments `asked`.

        Raises:
            AnswerError: they are no images of the right shape.
        """
        method = sampling.INTERFACES[self.policy.part].method
        return scorer.judge(_images(arrays, (len(asked["labels"]), *self.policy.image_shape), method))

    def columns(self, labels: np.ndarray) -> np.ndarray:
        """In which column of a picture each image of an answer belongs, (N,): that of its class."""
        return labels


@dataclass(frozen=True)
class SceneGeneration(Generation):
    """Part 5: it generates a picture of several objects for each condition of a list.

    Students have the lists: a model could keep a picture for each of them. So it is asked for as many other conditions.
    """

    @property
    def reply_bytes(self) -> int:
        """Of the largest answer."""
        return _bytes_of_images(self.policy, self.policy.samples_per_round + len(self._listed))

    @property
    def _listed(self):
        return conditions.labels(self.policy.conditions)

    def ask(self, seed: int) -> tuple[np.ndarray, dict]:
        """Labels, multi-hot (N, 24), the list's in its order, again and again; and the arguments that ask for them.

        These ask for other conditions as well, after the labels.
        """
        labels = np.resize(self._listed, (self.policy.samples_per_round, self.policy.classes))
        asked = np.concatenate([labels, conditions.drawn(self._listed, seed)])
        return labels, {"labels": asked.tolist(), "image_shape": self.policy.image_shape}

    def read(self, arrays, scorer, asked) -> Judged:
        """As of a `Generation`; of the other conditions, which objects are found."""
        judged, count = super().read(arrays, scorer, asked), self.policy.samples_per_round
        others = recognised(judged.predicted[count:], np.array(asked["labels"][count:]))
        audited = None if judged.audited is None else judged.audited[:count]
        return replace(judged, predicted=judged.predicted[:count], audited=audited, unlisted=others)

    def columns(self, labels: np.ndarray) -> np.ndarray:
        """As of a `Generation`; row by row in the order of the list, as in the course's own pictures."""
        return np.arange(len(labels)) % COLUMNS


@dataclass(frozen=True)
class Discrimination:
    """Part 1: it tells real images, label 1, from an oracle generator's. Its own generator is only reported on."""

    policy: AccuracyPolicy
    experiment = staticmethod(sampling.tell_apart)
    stream = " asked"  # another than the experiment's own, with which a submission could find the labels

    @property
    def reply_bytes(self) -> int:
        """Of the largest answer."""
        return _bytes_of_images(self.policy, COMPARED) + FLOAT_BYTES * self.policy.samples_per_round

    def ask(self, seed: int) -> tuple[np.ndarray, dict]:
        """Labels, (N,), and the arguments that hand over the images, in random order and without them.

        Raises:
            InfrastructureError: the images cannot be made.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "challenge.npz"
            what = [self.policy.data, str(self.policy.samples_per_round), str(seed), str(path)]
            command = [sys.executable, "-m", "grader.challenge", *what]
            if subprocess.run(command, cwd=ROOT, check=False).returncode:
                raise InfrastructureError("the images to tell apart cannot be made; the reason is above")
            with np.load(path) as made:
                labels, images = made["real"].astype(np.int64), made["images"]
        handed_over = base64.b64encode(images.tobytes()).decode()
        return labels, {"images": handed_over, "image_shape": self.policy.image_shape, "compared": COMPARED}

    def read(self, arrays, scorer, asked) -> Judged:
        """What the logits say; with the quality of the generator's images, if there are some.

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
        """Of the generator's images, (COMPARED,): it is asked for no class."""
        return np.zeros(COMPARED, np.int64)


def exam_of(policy: AccuracyPolicy) -> Generation | Discrimination:
    """The exam of a part."""
    return {1: Discrimination, 5: SceneGeneration}.get(policy.part, Generation)(policy)


def _bytes_of_images(policy, count):
    return FLOAT_BYTES * count * int(np.prod(policy.image_shape))


def _shape(arrays):
    return tuple(arrays.get("shape", np.array(["no shape"])).tolist()[:8])


def _images(arrays, shape, method):
    images = arrays.get("images")
    if images is None or images.shape != shape or images.dtype != np.float32:
        raise AnswerError(f"{method} must return images of shape {shape}, not {_shape(arrays)}")
    if not np.isfinite(images).all():
        raise AnswerError(f"{method} returns NaN or infinity")
    return images
