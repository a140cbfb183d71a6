"""Inputs for experiments: every named tensor is drawn from its own stream, so no two are ever equal or in order."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence

import numpy as np


def case_seed(seed: int, case_id: str) -> int:
    """The seed of one case, in {0, ..., 2^63 - 1}, from which neither the seed nor another case's can be computed.

    Args:
        seed: the public one of students, or the secret one of TAs; at least 0.
        case_id: so that the same name in two cases gives different arrays.
    """
    digest = hashlib.blake2b(f"{seed} {case_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


class Streams:
    """Named, independent streams of random arrays.

    Args:
        seed: of the case, by `case_seed`.
    """

    def __init__(self, seed: int):
        self._seed = seed

    def _generator(self, name):
        return np.random.default_rng([self._seed, zlib.crc32(name.encode())])

    def _wrap(self, array):
        return array

    def normal(self, name, *shape, scale=1.0):
        """Normal with mean 0 and standard deviation `scale`, float32, of the given shape."""
        return self._wrap((scale * self._generator(name).standard_normal(shape)).astype(np.float32))

    def uniform(self, name, *shape, low=0.0, high=1.0):
        """Uniform on [low, high), float32, of the given shape."""
        return self._wrap(self._generator(name).uniform(low, high, shape).astype(np.float32))

    def integers(self, name, low, high, *shape):
        """Integers in {low, ..., high - 1}, int64, of the given shape."""
        return self._wrap(self._generator(name).integers(low, high, shape))

    def number(self, name, low, high):
        """One float, uniform on [low, high)."""
        return float(self._generator(name).uniform(low, high))

    def integer(self, name, low, high):
        """One int in {low, ..., high - 1}."""
        return int(self._generator(name).integers(low, high))

    def choice(self, name, options: Sequence, count: int) -> list:
        """`count` different ones of the options, in random order."""
        return [options[i] for i in self._generator(name).permutation(len(options))[:count]]


class TensorStreams(Streams):
    """The same streams as torch tensors: what `observe` gets."""

    def _wrap(self, array):
        import torch

        return torch.from_numpy(np.array(array))


def normal_pattern(*shape):
    """The fixed standard normal values that the noise tape plays, float32; they depend on the element count only."""
    count = int(np.prod(shape))
    return np.random.default_rng([77, count]).standard_normal(count).astype(np.float32).reshape(shape)


def uniform_pattern(*shape):
    """The fixed values in [0, 1) that the noise tape plays for uniform draws, float32."""
    count = int(np.prod(shape))
    return np.random.default_rng([78, count]).random(count, dtype=np.float32).reshape(shape)
