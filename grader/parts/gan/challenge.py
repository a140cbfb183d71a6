"""Mixes real images with those of an oracle generator, for a discriminator to tell apart. Never runs student code.

`python -m grader.parts.gan.challenge DATA COUNT SEED FILE` writes the .npz FILE with `images`, shape
(COUNT, 3, 32, 32), uint8, and `real`, shape (COUNT,), bool, in random order. Both kinds are rounded the same way,
so rounding does not give them away.
"""

import sys

import numpy as np

from grader import ROOT
from grader.accuracy.classifiers import verified
from grader.runtime.errors import InfrastructureError


def main() -> None:
    """Draw real images, generate others, and write both to a file."""
    data, count, seed, path = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    real = real_images(data, count // 2, seed)
    images = np.concatenate([real, oracle_images(data, count - len(real), seed)])
    order = np.random.default_rng(seed).permutation(count)
    np.savez(path, images=images[order], real=order < len(real))


def real_images(data: str, count: int, seed: int) -> np.ndarray:
    """Return images that no submission has trained on: newly drawn, or from the test split.

    Returns:
        Images, shape (count, 3, 32, 32), uint8.

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
    """Return images of this dataset's oracle generator, shape (count, 3, 32, 32), uint8.

    Raises:
        InfrastructureError: there is no such generator, or it is not the recorded one.
    """
    import torch
    from gan_oracle import NOISE_DIM, load_oracle

    verified(f"{data}.pt", "oracles")
    noise = 2 * torch.rand(count, NOISE_DIM, generator=torch.Generator().manual_seed(seed)) - 1
    with torch.no_grad():
        return _levels(load_oracle(data)(noise))


def _levels(images):
    """Map [-1, 1] to {0, ..., 255}."""
    return ((images + 1) * 127.5).round().byte().numpy()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "student"))  # the given files
    try:
        main()
    except InfrastructureError as error:
        sys.exit(str(error))
