"""Given: the only source of random numbers in part 2."""

import torch


def DL_random(shape, int_range=None, normal=True, seed=None):
    """Draw random numbers on the CPU. Move them to the device that you need.

    Args:
        shape: shape of the result, a tuple.
        int_range: (low, high) draws integers in {low, ..., high - 1}, int64. None draws float32.
        normal: if True, draw standard normal numbers, otherwise uniform ones on [0, 1).
        seed: if given, seeds torch's global generator first, so that the same call gives the same numbers. Pass on
            the seed that your function receives; otherwise leave it None.

    Returns:
        A tensor of the given shape.
    """
    if seed is not None:
        torch.manual_seed(seed)
    if int_range is not None:
        low, high = int_range
        return torch.randint(low, high, shape)
    return torch.randn(shape) if normal else torch.rand(shape)
