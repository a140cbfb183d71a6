"""Given: loads the training images into memory, as tensors.

`load("fashion_mnist")` downloads FashionMNIST with torchvision into $GENMODELS_DATA, or into ./data if that is not set.
`load("mnist")`, `load("svhn", channels=3)` and `load("cifar10", channels=3)` do the same for these datasets.
`load("path/to/folder")` reads your own images: one subfolder per class, as in torchvision's ImageFolder.
`load("synthetic")` draws digits with matplotlib's own fonts, so that you can try things out without a download. You
only get them if you ask for them by this name.
"""

import os
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import TensorDataset

SIZE = 32
SYNTHETIC_CLASSES = tuple("0123456789")
SYNTHETIC_FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Italic")


class DatasetError(Exception):
    """A dataset cannot be read; the message says which one, where, and how to fix it."""


def load(name, train=True, channels=1):
    """Load a dataset.

    Args:
        name: one of DATASETS, 'synthetic', or a folder with one subfolder of images for each class.
        train: True for the training split, False for the test split. Your own folder has only one split.
        channels: 1 for grey, 3 for colour.

    Returns:
        A TensorDataset of images, shape (N, channels, 32, 32), float32 in [-1, 1], and labels, shape (N,), int64.

    Raises:
        DatasetError: the data cannot be found, downloaded or read.
    """
    if name in DATASETS:
        images, labels = _downloaded(name, train)
        images = images if images.shape[1] == channels else _with_channels(images, channels)
    elif name == "synthetic":
        images, labels = synthetic_digits(10_000 if train else 2_000, seed=0 if train else 1, channels=channels)
    elif Path(name).is_dir():
        images, labels = _image_folder(name, channels)
    else:
        raise DatasetError(
            f"there is no dataset {name!r}: use {', '.join(DATASETS)}, synthetic, or a folder with one subfolder for "
            "each class"
        )
    return TensorDataset(images.float() / 127.5 - 1.0, labels)


def _downloaded(name, train):
    """Return images, (N, C, 32, 32), uint8, and labels, (N,), int64, of one of DATASETS."""
    root = data_folder()
    title, read = DATASETS[name]
    try:
        images, labels = read(root, train)
    except Exception as error:
        reason = " ".join(str(error).split())
        raise DatasetError(
            f"{title} is not in {root} and could not be downloaded ({reason}). Set GENMODELS_DATA to the folder "
            "that contains it, or try the code with --data synthetic"
        ) from error
    return torch.as_tensor(images), torch.as_tensor(labels).long()


def _fashion_mnist(root, train):
    from torchvision.datasets import FashionMNIST

    return _padded(FashionMNIST(root, train=train, download=True))  # downloads only missing files


def _mnist(root, train):
    from torchvision.datasets import MNIST

    return _padded(MNIST(root, train=train, download=True))


def _padded(data):
    """Pad images from 28x28 to 32x32."""
    return torch.nn.functional.pad(data.data, (2, 2, 2, 2))[:, None], data.targets


def _svhn(root, train):
    from torchvision.datasets import SVHN

    data = SVHN(root, split="train" if train else "test", download=True)
    return data.data, data.labels


def _cifar10(root, train):
    """Read all ten classes, or only those in folders root/cifar10/{train,test}/{class}."""
    from torchvision.datasets import CIFAR10

    folder = root / "cifar10" / ("train" if train else "test")
    if folder.is_dir() and not (root / CIFAR10.base_folder).is_dir():
        return _image_folder(folder, channels=3)
    data = CIFAR10(root, train=train, download=True)
    return data.data.transpose(0, 3, 1, 2), data.targets


DATASETS = {
    "fashion_mnist": ("FashionMNIST", _fashion_mnist),
    "mnist": ("MNIST", _mnist),
    "svhn": ("SVHN", _svhn),
    "cifar10": ("CIFAR-10", _cifar10),
}
FILES = {  # in the data folder: if any of these exists, the dataset is there
    "fashion_mnist": ("FashionMNIST",),
    "mnist": ("MNIST",),
    "svhn": ("train_32x32.mat",),
    "cifar10": ("cifar10", "cifar-10-batches-py"),
}


def data_folder():
    """Return the folder of the datasets: $GENMODELS_DATA, or ./data."""
    return Path(os.environ.get("GENMODELS_DATA") or "data")


def is_here(name):
    """Tell whether the data folder holds one of DATASETS."""
    return any((data_folder() / file).exists() for file in FILES.get(name, ()))


def _with_channels(images, channels):
    """Turn grey images into colour, or colour into grey (the mean of the channels)."""
    return images.float().mean(1, keepdim=True).round().byte().expand(-1, channels, -1, -1)


def _image_folder(folder, channels):
    from torchvision.datasets import ImageFolder

    try:
        data = ImageFolder(folder)
    except FileNotFoundError as error:
        raise DatasetError(f"{folder} needs one subfolder of images for each class: {error}") from error
    mode = "L" if channels == 1 else "RGB"
    images = [np.atleast_3d(np.asarray(image.convert(mode).resize((SIZE, SIZE)))) for image, _ in data]
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2), torch.tensor(data.targets)


def synthetic_digits(count, seed=0, channels=1):
    """Draw digits that vary in font, position, slant, thickness, colour and background.

    Args:
        count: number of images N.
        seed: the same seed gives the same images.
        channels: 1 for grey, 3 for colour.

    Returns:
        Images, shape (N, channels, 32, 32), uint8, and labels (the digit), shape (N,), int64.
    """
    rng = np.random.default_rng(seed)
    fonts = _load_fonts()
    labels = rng.integers(len(SYNTHETIC_CLASSES), size=count)
    images = np.stack([_draw_digit(SYNTHETIC_CLASSES[label], fonts, channels, rng) for label in labels])
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels)


def _load_fonts():
    import matplotlib
    from PIL import ImageFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return [ImageFont.truetype(str(folder / f"{name}.ttf"), size) for name in SYNTHETIC_FONTS for size in (20, 23, 26)]


def _draw_digit(digit, fonts, channels, rng):
    """Draw one digit as an array of shape (32, 32, channels), uint8."""
    from PIL import Image, ImageDraw

    mask = Image.new("L", (SIZE, SIZE))
    middle = tuple(SIZE / 2 + rng.uniform(-3, 3, size=2))
    font = fonts[rng.integers(len(fonts))]
    ImageDraw.Draw(mask).text(middle, digit, 255, font, anchor="mm", stroke_width=int(rng.integers(2)))
    slant = rng.uniform(-0.35, 0.35)
    mask = mask.transform(
        mask.size, Image.Transform.AFFINE, (1, slant, -slant * SIZE / 2, 0, 1, 0), Image.Resampling.BILINEAR
    )
    coverage = np.asarray(mask, dtype=np.float32)[:, :, None] / 255
    dark, light = rng.uniform(0, 90, size=channels), rng.uniform(150, 255, size=channels)
    if rng.random() < 0.3:
        dark, light = light, dark
    gradient = np.linspace(0, rng.uniform(-30, 30), SIZE)[:, None, None]  # an uneven background
    background = np.clip(dark + gradient, 0, 255)
    return np.round(background + coverage * (light - background)).astype(np.uint8)
