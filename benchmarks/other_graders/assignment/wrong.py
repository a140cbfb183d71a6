"""The basis of every attack: it imports torch, and each function is wrong, so it deserves 0 of 3."""

import torch


def add(a, b):
    """Subtract, which is wrong."""
    return a - b


def scale(x):
    """Change nothing, which is wrong."""
    return x


def standardise(x):
    """Forget the standard deviation."""
    return x - torch.mean(x, 0)
