"""Inputs that the cases of several parts draw, and their oracles with them. Timesteps are indexed from 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from grader.runtime.rng import Array, NamedStreams


def schedule(rng: NamedStreams[Array], fewest: int, most: int) -> dict[str, float]:
    """Arguments of a VarianceScheduler of `fewest` to `most` steps that leaves little of the image at T - 1."""
    return {
        "num_steps": rng.integer("steps", fewest, most + 1),
        "beta_start": rng.number("beta_start", 0.02, 0.06),
        "beta_end": rng.number("beta_end", 0.25, 0.35),
    }


def timesteps(rng: NamedStreams[Array], steps: int, between: int) -> list[int]:
    """Timesteps 0 and 1, `between` different ones after them, and T - 1, in order."""
    return [0, 1, *sorted(rng.choice("between", range(2, steps - 1), between)), steps - 1]


def some_items(rng: NamedStreams[Array], name: str, count: int) -> list[bool]:
    """Choose some of `count` items: a list of bool, with at least one True and at least one False."""
    chosen = rng.choice(name, range(count), rng.integer(f"number of {name}", 1, count))
    return [item in chosen for item in range(count)]


def linear_network(rng: NamedStreams[Array], steps: int) -> tuple[Array, Array]:
    """The slope and offset of eps_theta(x, t) = slope_t x + offset_t, shape (T,) each."""
    return rng.uniform("slope", steps, low=0.2, high=0.9), rng.uniform("offset", steps, low=-0.05, high=0.05)


def logits(rng: NamedStreams[Array], name: str, *shape: int, low: float = 0.2, high: float = 2.5) -> Array:
    """Logits of either sign and none near 0, where formulas that are equal have different gradients."""
    size = rng.uniform(f"{name}: size", *shape, low=low, high=high)
    drawn: Array = size * (2 * rng.integers(f"{name}: sign", 0, 2, *shape) - 1)
    return drawn


def uniform_distance(values: ArrayLike) -> float:
    """How far the distribution of values is from uniform on [-1, 1): the statistic of Kolmogorov and Smirnov."""
    values = np.sort(np.asarray(values, dtype=np.float64), axis=None)
    steps = np.arange(len(values) + 1) / len(values)
    cdf = np.clip((values + 1) / 2, 0, 1)
    distance: float = max(np.abs(cdf - steps[1:]).max(), np.abs(cdf - steps[:-1]).max())
    return distance


def noise_sizes(rng: NamedStreams[Array]) -> tuple[int, int]:
    """The number of noise vectors, and the dimension of each."""
    return rng.integer("batch_size", 100, 130), rng.integer("dim", 400, 500)


def layer_sizes(rng: NamedStreams[Array]) -> list[tuple[int, int]]:
    """The inputs and outputs of three linear layers."""
    return [(rng.integer(f"inputs {i}", 2, 30), rng.integer(f"outputs {i}", 2, 30)) for i in range(3)]


def gpu_and_count(rng: NamedStreams[Array]) -> tuple[str, int]:
    """A GPU that no code names by itself, and a number of samples to generate there."""
    return f"cuda:{rng.integer('GPU', 2, 100)}", rng.integer("count", 2, 6)
