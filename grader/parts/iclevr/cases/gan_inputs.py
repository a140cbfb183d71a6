"""Inputs for the cases of the conditional GAN; their oracles draw the same ones."""

import numpy as np

from grader.runtime.inputs import (  # noqa: F401  (cases find all inputs here)
    gpu_and_count,
    layer_sizes,
    logits,
    noise_sizes,
    some_items,
    uniform_distance,
)

SIZE = 64
PIXELS = 3 * SIZE**2
CONDITIONS = 24
WIDTH = 4  # channels of a student's networks: small networks reveal as much


def drawn_conditions(rng, name, count, length=CONDITIONS):
    """Draw conditions, (count, length) float32: neither none nor all of the objects, and no two neighbours alike."""
    rows = np.array([some_items(rng, f"{name} {i}", length) for i in range(count)], dtype=np.float32)
    for i in range(1, count):
        if (rows[i] == rows[i - 1]).all():
            rows[i] = 1 - rows[i]
    return rows


def sizes(rng):
    """Draw (number of items, n_z, length of the embedding, length of a condition)."""
    return (
        rng.integer("count", 5, 9),
        rng.integer("n_z", 11, 40),
        rng.integer("n_c", 6, 12),
        rng.integer("conditions", 13, 30),
    )


def scores(rng, size=None):
    """Draw logits (B,) of real and of generated pictures, class logits (B, C) and labels (B, C)."""
    count, conditions = rng.integer("count", 5, 12), rng.integer("conditions", 13, 30)
    low, high = size or (0.2, 2.5)
    real, fake, classes = (
        logits(rng, name, *shape, low=low, high=high)
        for name, shape in (("real", (count,)), ("fake", (count,)), ("classes", (count, conditions)))
    )
    return real, fake, classes, drawn_conditions(rng, "labels", count, conditions)


def toys(rng, least_noise=4):
    """Draw weights of a discriminator and a generator with known gradients; see `gan_toys.py`.

    The generator takes between `least_noise` and `least_noise` + 4 numbers of noise.
    """
    n_z, features = rng.integer("n_z", least_noise, least_noise + 5), rng.integer("features", 7, 10)
    return {
        "w": rng.normal("w", features, scale=0.3),
        "u": rng.normal("u", features, CONDITIONS, scale=0.3),
        "match": rng.normal("match", CONDITIONS, features, scale=0.2),
        "directions": rng.normal("directions", PIXELS, features, scale=1 / 64),
        "a": rng.uniform("a", n_z, low=0.3, high=0.6),
        "e": rng.uniform("e", CONDITIONS, low=0.3, high=0.6),
        "basis": rng.normal("basis", n_z, PIXELS, scale=0.3),
        "scenery": rng.normal("scenery", CONDITIONS, PIXELS, scale=0.1),
    }


def batches(rng, batch_size, number):
    """Draw `number` batches of real pictures, (batch_size, 3, 64, 64) in [-1, 1), with their labels."""
    return [
        (
            rng.uniform(f"images {i}", batch_size, 3, SIZE, SIZE, low=-1.0),
            drawn_conditions(rng, f"labels {i}", batch_size),
        )
        for i in range(number)
    ]
