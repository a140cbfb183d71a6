"""The inputs of experiments: every named tensor has a random stream of its own, so no two are equal or in order."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

if TYPE_CHECKING:
    import torch

Array = TypeVar("Array", np.ndarray, "torch.Tensor")
Option = TypeVar("Option")


def case_seed(seed: int, case_id: str) -> int:
    """The seed of one case, in {0, ..., 2^63 - 1}; it reveals neither the seed nor that of another case.

    Args:
        seed: the public one of students, or the secret one of TAs; at least 0.
        case_id: makes the same name give different arrays in two cases.
    """
    digest = hashlib.blake2b(f"{seed} {case_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


class NamedStreams(Generic[Array]):
    """Named, independent streams of random arrays or tensors.

    Args:
        seed: of the case, by `case_seed`.
    """

    def __init__(self, seed: int):
        self._seed = seed

    def _generator(self, name: str) -> np.random.Generator:
        return np.random.default_rng([self._seed, zlib.crc32(name.encode())])

    def _wrap(self, array: np.ndarray) -> Array:
        raise NotImplementedError

    def normal(self, name: str, *shape: int, scale: float = 1.0) -> Array:
        """Normal with mean 0 and standard deviation `scale`, float32, of the given shape."""
        return self._wrap((scale * self._generator(name).standard_normal(shape)).astype(np.float32))

    def uniform(self, name: str, *shape: int, low: float = 0.0, high: float = 1.0) -> Array:
        """Uniform on [low, high), float32, of the given shape."""
        return self._wrap(self._generator(name).uniform(low, high, shape).astype(np.float32))

    def integers(self, name: str, low: int, high: int, *shape: int) -> Array:
        """Integers in {low, ..., high - 1}, int64, of the given shape."""
        return self._wrap(self._generator(name).integers(low, high, shape))

    def number(self, name: str, low: float, high: float) -> float:
        """One float, uniform on [low, high)."""
        return float(self._generator(name).uniform(low, high))

    def integer(self, name: str, low: int, high: int) -> int:
        """One int in {low, ..., high - 1}."""
        return int(self._generator(name).integers(low, high))

    def choice(self, name: str, options: Sequence[Option], count: int) -> list[Option]:
        """Choose `count` different options, in random order."""
        return [options[i] for i in self._generator(name).permutation(len(options))[:count]]


class Streams(NamedStreams[np.ndarray]):
    """The streams as numpy arrays: what an oracle gets."""

    def _wrap(self, array: np.ndarray) -> np.ndarray:
        return array


class TensorStreams(NamedStreams["torch.Tensor"]):
    """The same streams as torch tensors: what `observe` gets."""

    def _wrap(self, array: np.ndarray) -> torch.Tensor:
        import torch

        return torch.from_numpy(np.array(array))


def normal_pattern(*shape: int) -> np.ndarray:
    """The fixed standard normal values that the noise tape plays, float32; only the number of elements matters."""
    count = int(np.prod(shape))
    return np.random.default_rng([77, count]).standard_normal(count).astype(np.float32).reshape(shape)


def uniform_pattern(*shape: int) -> np.ndarray:
    """The fixed values in [0, 1) that the noise tape plays for uniform draws, float32."""
    count = int(np.prod(shape))
    return np.random.default_rng([78, count]).random(count, dtype=np.float32).reshape(shape)
