"""Part 2: images of CIFAR-10's first three classes, generated with classifier-free guidance.

Images are float32 tensors of shape (B, 3, 32, 32) in [-1, 1]. Condition 0 is the null condition; the
condition of a class is class + 1.
"""

import pickle
from pathlib import Path

import numpy as np
import torch
from diffusion_model import DiffusionModel
from torch.utils.data import DataLoader, TensorDataset
from trainers import TrainingError

CLASSES = ("airplane", "automobile", "bird")


class ImageGenerator:
    """A `DiffusionModel` of images, with its data.

    Args:
        denoising_steps: T, the number of timesteps.
        p_uncond: probability with which training drops the conditions of a batch.

    Attributes:
        policy: the `DiffusionModel`.
        data_loader: the images, after `load_dataset`.
    """

    def __init__(self, denoising_steps=1000, p_uncond=0.2):
        # TODO(2.image_generator): the shape of an image, and how many conditions there are
        # (about 5 minutes, easy)
        raise NotImplementedError("TODO(2.image_generator)")
        self.policy = DiffusionModel(
            self.input_shape, self.condition_dim, sequential=False, denoising_steps=denoising_steps, p_uncond=p_uncond
        )

    def load_dataset(self, paths, batch_size=64):
        """Read the images of the three classes into `data_loader`, each of them also mirrored.

        Args:
            paths: files of CIFAR-10's Python version (data_batch_1, ...), or folders with one sub-folder of images per
                class (airplane, automobile, bird).
            batch_size: images in a batch.

        Raises:
            TrainingError: one of the paths is neither of these.
        """
        images, labels = (torch.cat(column) for column in zip(*map(read, paths), strict=True))
        images = torch.cat([images, images.flip(3)]).float() / 127.5 - 1.0
        dataset = TensorDataset(images, labels.repeat(2) + 1)
        self.data_loader = DataLoader(dataset, batch_size=batch_size, shuffle=True)

    def train_policy(self, epochs, **options):
        """Train on the loaded images and return the losses. Takes the options of `DiffusionModel.train`."""
        return self.policy.train(self.data_loader, epochs, **options)

    def generate_images(self, guidance=0.0, num_samples=9, threshold=False, class_label=None):
        """Generate images.

        Args:
            guidance: guidance weight w of CFG eq. (6).
            num_samples: number of images N.
            threshold: whether to clamp the estimate of x_0 at every step.
            class_label: class of all images, in {0, 1, 2}. None cycles through the classes.

        Returns:
            Images, shape (N, 3, 32, 32), float32 in [-1, 1], on the CPU.
        """
        classes = torch.arange(num_samples) % len(CLASSES)
        if class_label is not None:
            classes = torch.full((num_samples,), class_label)
        cond = (classes + 1).to(self.policy.device)
        return self.policy.generate_sample(cond, guidance, threshold).clamp(-1, 1).cpu()


def read(path):
    """Read the images of the three classes at a path, (N, 3, 32, 32), uint8, and their classes, (N,), int64.

    Raises:
        TrainingError: the path is neither a batch file nor a folder with the three classes.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path)
    if not path.is_file():
        raise TrainingError(f"there is no {path}: give CIFAR-10's batch files, or a folder with {', '.join(CLASSES)}")
    try:
        with path.open("rb") as file:
            batch = pickle.load(file, encoding="bytes")
        images, labels = batch[b"data"].reshape(-1, 3, 32, 32), np.array(batch[b"labels"])
    except Exception as error:
        raise TrainingError(f"{path} is not a batch file of CIFAR-10's Python version: {error}") from error
    chosen = labels < len(CLASSES)
    return torch.from_numpy(images[chosen]), torch.from_numpy(labels[chosen]).long()


def _read_folder(path):
    from PIL import Image

    images, labels = [], []
    for label, name in enumerate(CLASSES):
        files = sorted(file for file in (path / name).glob("*") if file.suffix.lower() in (".jpg", ".jpeg", ".png"))
        if not files:
            raise TrainingError(f"{path} needs a sub-folder {name} with images (.jpg or .png)")
        images += [np.asarray(Image.open(file).convert("RGB").resize((32, 32))) for file in files]
        labels += [label] * len(files)
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2), torch.tensor(labels)
