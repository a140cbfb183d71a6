"""The reference, and the honest submission whose grading is timed."""

import torch


def add(a, b):
    """The sum of two tensors of any one shape."""
    return a + b


def scale(x):
    """Pixels in [0, 1] as the models want them, in [-1, 1], of any shape."""
    return 2 * x - 1


def standardise(x):
    """Each column of x, of shape (rows, columns), with mean 0 and standard deviation 1."""
    return (x - x.mean(0)) / torch.std(x, 0)
