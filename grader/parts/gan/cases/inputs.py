"""Inputs that several cases and their oracles draw."""

import numpy as np

from grader.runtime.inputs import layer_sizes, logits, noise_sizes, some_items, uniform_distance  # noqa: F401  (cases import all inputs from here)

IMAGE = (3, 32, 32)
PIXELS = int(np.prod(IMAGE))
MOST_PARAMETERS = 10_000_000  # of a network: a checkpoint of 40 MB


def counts(rng):
    """Number of items in a batch, and length of a noise vector."""
    return rng.integer("count", 5, 9), rng.integer("noise_dim", 11, 40)


def toys(rng, least_noise=4):
    """Weights of a discriminator and a generator with known gradients: see `toys.py`.

    The generator takes `least_noise` numbers of noise, or up to two more.
    """
    noise_size, features = rng.integer("noise_size", least_noise, least_noise + 3), rng.integer("features", 7, 10)
    return {
        "w": rng.normal("w", features),
        "directions": rng.normal("directions", PIXELS, features, scale=1 / 32),
        "a": rng.uniform("a", noise_size, low=0.5, high=1.0),
        "basis": rng.normal("basis", noise_size, PIXELS, scale=0.6),
    }


def batches(rng, batch_size, number):
    """`number` batches of real images, shape (batch_size, 3, 32, 32) in [0, 1)."""
    return [rng.uniform(f"images {i}", batch_size, *IMAGE) for i in range(number)]
