"""Inputs that several cases draw, and their oracles with them."""

import numpy as np

from grader.cases.inputs import some_items  # noqa: F401  (cases find all inputs here)

IMAGE = (3, 32, 32)
PIXELS = int(np.prod(IMAGE))
MOST_PARAMETERS = 10_000_000  # of a network: 40 MB of a checkpoint


def counts(rng):
    """Items of a batch, and how many numbers of noise each."""
    return rng.integer("count", 5, 9), rng.integer("noise_dim", 11, 40)


def logits(rng, name, *shape, low=0.2, high=2.5):
    """Logits of either sign and none near 0, where formulas that are equal have different gradients."""
    size = rng.uniform(f"{name}: size", *shape, low=low, high=high)
    return size * (2 * rng.integers(f"{name}: sign", 0, 2, *shape) - 1)


def toys(rng, least_noise=4):
    """Weights of a discriminator and a generator whose gradients are known: see `toys.py`.

    The generator takes `least_noise` numbers of noise, or one or two more.
    """
    noise_size, features = rng.integer("noise_size", least_noise, least_noise + 3), rng.integer("features", 7, 10)
    return {
        "w": rng.normal("w", features),
        "directions": rng.normal("directions", PIXELS, features, scale=1 / 32),
        "a": rng.uniform("a", noise_size, low=0.5, high=1.0),
        "basis": rng.normal("basis", noise_size, PIXELS, scale=0.6),
    }


def batches(rng, batch_size, number):
    """So many batches of real images, (batch_size, 3, 32, 32) in [0, 1)."""
    return [rng.uniform(f"images {i}", batch_size, *IMAGE) for i in range(number)]


def uniform_distance(values):
    """How far the distribution of values is from uniform on [-1, 1): the statistic of Kolmogorov and Smirnov."""
    values = np.sort(np.asarray(values, dtype=np.float64), axis=None)
    steps = np.arange(len(values) + 1) / len(values)
    cdf = np.clip((values + 1) / 2, 0, 1)
    return max(np.abs(cdf - steps[1:]).max(), np.abs(cdf - steps[:-1]).max())
