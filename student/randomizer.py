"""Given: the one source of random numbers of part 2."""

import torch


def DL_random(shape, int_range=None, normal=True, seed=None):  # noqa: N802  (the course's name)
    """Draw random numbers on the CPU: move them to the device where you need them.

    Args:
        shape: of the result, a tuple.
        int_range: (low, high) draws integers in {low, ..., high - 1}, int64; None draws float32.
        normal: standard normal if True, else uniform on [0, 1).
        seed: sets torch's global generator first, so the same call gives the same numbers; pass on the one that you
            get, and leave it None otherwise.

    Returns:
        A tensor of the given shape.
    """
    if seed is not None:
        torch.manual_seed(seed)
    if int_range is not None:
        low, high = int_range
        return torch.randint(low, high, shape)
    return torch.randn(shape) if normal else torch.rand(shape)
