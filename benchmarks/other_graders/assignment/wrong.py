"""The submission that every attack is built on: it imports torch, and each function is wrong, so it deserves 0 of 3."""

import torch


def add(a, b):
    """Subtracts."""
    return a - b


def scale(x):
    """Does nothing."""
    return x


def standardise(x):
    """Forgets the standard deviation."""
    return x - torch.mean(x, 0)
