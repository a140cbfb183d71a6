"""Part 2's weights, on the first three classes of CIFAR-10: the grading classifier and the reference DDPM."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from classifier import ConvClassifier, classify, load_classifier
from image_gen import CLASSES, ImageGenerator, read
from torch.utils.data import TensorDataset
from trainers import TrainConfig, save_weights

from grader import ROOT
from test_resources.references import Reference, accuracy_of_solution
from test_resources.references.classifiers import ClassifierLoss, accuracy, train_classifier

DATA = Path(os.environ.get("GENMODELS_DATA", "data")).resolve() / "cifar10"


@dataclass(frozen=True)
class ImageGeneratorConfig:
    """Settings of an `ImageGenerator`'s training, except for the seed."""

    epochs: int = 20  # passes over the images, each also mirrored
    decay_epochs: int = 30  # epochs over which the learning rate would fall to zero
    batch_size: int = 64
    learning_rate: float = 3e-4
    denoising_steps: int = 1000
    p_uncond: float = 0.2


def train_ddpm(path, config, seed, device):
    """Train with the students' `ImageGenerator`, and save the averaged weights in float16."""
    torch.manual_seed(seed)
    generator = ImageGenerator(config.denoising_steps, config.p_uncond)
    generator.load_dataset([DATA / "train"], config.batch_size)
    losses = generator.train_policy(
        config.epochs,
        learning_rate=config.learning_rate,
        decay_epochs=config.decay_epochs,
        state_path=path.with_suffix(".resume.pt"),
    )
    save_weights(generator.policy.ema.averaged_model, path)
    return {"loss_per_epoch": [round(loss, 4) for loss in losses]}


def photos(split):
    """Load the images, (N, 3, 32, 32) float32 in [-1, 1], and their classes, (N,) int64, into memory."""
    images, labels = read(DATA / split)
    return TensorDataset(images.float() / 127.5 - 1.0, labels)


def train_judge(path, config, seed, device):
    """Train part 2's grading classifier on mirrored and shifted images."""
    torch.manual_seed(seed)
    loss = ClassifierLoss(ConvClassifier(channels=3, width=40, classes=len(CLASSES)), shift=4)
    return train_classifier(loss, photos("train"), path, config, seed, device)


def measure_judge(path, device):
    """Measure the accuracy on the 3,000 test images."""
    images, labels = photos("test").tensors
    return accuracy(classify(load_classifier(path, device), images), labels)


REFERENCES = {
    "cifar10_classifier": Reference(
        ROOT / "test_resources" / "classifiers" / "cifar10.pt",
        "CIFAR-10's first three classes, all 15,000 training images",
        # A decay of 0.999 would average over nearly half of these few steps; it recognised only 87.7%.
        TrainConfig(epochs=20, learning_rate=3e-3, ema_decay=0.99),
        train_judge,
        measure_judge,
    ),
    "cifar10": Reference(
        ROOT / "solution" / "checkpoints" / "CIFAR10_ema.pth",
        "CIFAR-10's first three classes, all 15,000 training images",
        ImageGeneratorConfig(),
        train_ddpm,
        accuracy_of_solution,
    ),
}
