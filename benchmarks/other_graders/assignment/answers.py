"""The reference, which is also the honest submission whose grading is timed."""

import torch


def add(a, b):
    """Add two tensors of the same shape."""
    return a + b


def scale(x):
    """Scale pixels from [0, 1] to [-1, 1]; any shape."""
    return 2 * x - 1


def standardise(x):
    """Bring each column of x, shape (rows, columns), to mean 0 and standard deviation 1."""
    return (x - x.mean(0)) / torch.std(x, 0)
