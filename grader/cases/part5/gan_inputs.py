"""Inputs that the cases of the conditional GAN draw, and their oracles with them."""

import numpy as np

from grader.cases.inputs import some_items
from grader.cases.part1.inputs import logits
from grader.cases.part4.inputs import gpu_and_count  # noqa: F401  (cases find all inputs here)

SIZE = 64
PIXELS = 3 * SIZE**2
CONDITIONS = 24
WIDTH = 4  # channels of a student's networks: small ones show as much


def drawn_conditions(rng, name, count, length=CONDITIONS):
    """Conditions, (count, length) float32: at least one object in each, and not all; no two neighbours are alike."""
    rows = np.array([some_items(rng, f"{name} {i}", length) for i in range(count)], dtype=np.float32)
    for i in range(1, count):
        if (rows[i] == rows[i - 1]).all():
            rows[i] = 1 - rows[i]
    return rows


def sizes(rng):
    """Items, numbers of noise, length of the embedding, and of a condition."""
    return (
        rng.integer("count", 5, 9),
        rng.integer("n_z", 11, 40),
        rng.integer("n_c", 6, 12),
        rng.integer("conditions", 13, 30),
    )


def scores(rng, size=None):
    """Logits (B,) of real and of generated pictures, class logits (B, C) and labels for them."""
    count, conditions = rng.integer("count", 5, 12), rng.integer("conditions", 13, 30)
    low, high = size or (0.2, 2.5)
    real, fake, classes = (
        logits(rng, name, *shape, low=low, high=high)
        for name, shape in (("real", (count,)), ("fake", (count,)), ("classes", (count, conditions)))
    )
    return real, fake, classes, drawn_conditions(rng, "labels", count, conditions)


def toys(rng, least_noise=4):
    """Weights of a discriminator and a generator whose gradients are known: see `gan_toys.py`.

    The generator takes `least_noise` numbers of noise, or up to four more.
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
    """So many batches of real pictures, (batch_size, 3, 64, 64) in [-1, 1), with their labels."""
    return [
        (
            rng.uniform(f"images {i}", batch_size, 3, SIZE, SIZE, low=-1.0),
            drawn_conditions(rng, f"labels {i}", batch_size),
        )
        for i in range(number)
    ]
