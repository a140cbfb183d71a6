"""Given: two classes of points in the plane for the warm-up, and how far sets of points are apart."""

import math

import torch

CLASSES = 2


def moons(count, generator):
    """Two moons that reach into one another: points (count, 2) in [-2, 2], and the moon of each, (count,), int64."""
    labels = torch.arange(count) % CLASSES
    angle = math.pi * torch.rand(count, generator=generator)
    upper = torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], dim=1)
    points = torch.where(labels[:, None] == 0, upper, -upper) + 0.06 * torch.randn(count, 2, generator=generator)
    return 1.1 * points, labels


def swiss_roll(count, generator):
    """A spiral: points (count, 2) in [-2, 2], and whether each is on its inner (0) or outer (1) half, (count,)."""
    labels = torch.arange(count) % CLASSES
    angle = math.pi * (1.5 + 1.5 * (labels + torch.rand(count, generator=generator)))
    points = angle[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return (points + 0.4 * torch.randn(count, 2, generator=generator)) / 8, labels


DATA = {"moons": moons, "swiss_roll": swiss_roll}


def energy_distance(x, y):
    """2 E|X - Y| - E|X - X'| - E|Y - Y'| of two sets of points (Szekely & Rizzo 2013), a float, 0 if they are equal.

    Args:
        x, y: shapes (N, D) and (M, D), float32.
    """
    x, y = x.double(), y.double()
    return (2 * torch.cdist(x, y).mean() - torch.cdist(x, x).mean() - torch.cdist(y, y).mean()).item()


def distance(points, labels, data, classes):
    """Root of the energy distance between two sets of points, for each class by itself; the mean over the classes.

    Args:
        points, data: shapes (N, 2) and (M, 2).
        labels, classes: theirs, shapes (N,) and (M,), int64.
    """
    found = [energy_distance(points[labels == c], data[classes == c]) for c in range(CLASSES)]
    return torch.tensor(found).clamp(min=0).sqrt().mean().item()  # which leaves NaN as it is
