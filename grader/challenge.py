"""Real images and an oracle generator's, for a discriminator to tell apart: a process that never runs student code.

`python -m grader.challenge DATA COUNT SEED FILE` writes FILE, an .npz of `images`, shape (COUNT, 3, 32, 32) uint8, and
`real`, shape (COUNT,) bool, in random order. Both kinds are rounded alike, so that no rounding tells them apart.
"""

import sys

import numpy as np

from grader import ROOT
from grader.case import InfrastructureError
from grader.classifiers import verified


def main() -> None:
    """Draw, generate, and write."""
    data, count, seed, path = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    real = real_images(data, count // 2, seed)
    images = np.concatenate([real, oracle_images(data, count - len(real), seed)])
    order = np.random.default_rng(seed).permutation(count)
    np.savez(path, images=images[order], real=order < len(real))


def real_images(data: str, count: int, seed: int) -> np.ndarray:
    """Images that no submission was trained with, (count, 3, 32, 32) uint8: newly drawn, or of the test split.

    Raises:
        InfrastructureError: the dataset is not on this machine.
    """
    from datasets import DatasetError, load, synthetic_digits

    if data == "synthetic":
        return synthetic_digits(count, seed, channels=3)[0].numpy()
    try:
        images = load(data, train=False, channels=3).tensors[0]
    except DatasetError as error:
        raise InfrastructureError(str(error)) from error
    return _levels(images[np.random.default_rng(seed).permutation(len(images))[:count]])


def oracle_images(data: str, count: int, seed: int) -> np.ndarray:
    """Images of the oracle generator of these data, (count, 3, 32, 32) uint8.

    Raises:
        InfrastructureError: there is none, or it is not the recorded one.
    """
    import torch
    from gan_oracle import NOISE_DIM, load_oracle

    verified(f"{data}.pt", "oracles")
    noise = 2 * torch.rand(count, NOISE_DIM, generator=torch.Generator().manual_seed(seed)) - 1
    with torch.no_grad():
        return _levels(load_oracle(data)(noise))


def _levels(images):
    """From [-1, 1] to {0, ..., 255}."""
    return ((images + 1) * 127.5).round().byte().numpy()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "student"))  # the given files
    try:
        main()
    except InfrastructureError as error:
        sys.exit(str(error))
