"""Part 4's weights, on FashionMNIST: the grading classifier, the auditor and the reference models."""

import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from assignment import prepare_ddpm, prepare_lddpm, prepare_vae
from classifier import FashionClassifier, classify, load_classifier
from datasets import load
from train_latent import train_lddpm, train_vae
from trainers import TrainConfig, TrainingError, train

from grader import ROOT
from grader.accuracy.staff.auditor import COPY_DISTANCE, Auditor, distances, load_auditor, thumbnails
from test_resources.references import Reference, accuracy_of_solution
from test_resources.references.classifiers import ClassifierLoss, accuracy, train_classifier

QUANTILES = torch.tensor([0.0, 0.001, 0.01, 0.1, 0.5])
CLASSIFIERS = ROOT / "test_resources" / "classifiers"
THUMBNAILS = CLASSIFIERS / "fashion_mnist_auditor.npz"


def train_judge(path, config, seed, device):
    """Train part 4's grading classifier."""
    torch.manual_seed(seed)
    return train_classifier(ClassifierLoss(FashionClassifier()), load("fashion_mnist"), path, config, seed, device)


def train_auditor(path, config, seed, device):
    """Train the auditor on noisy images, and save thumbnails of all training images beside it.

    Patterns that are tuned to another network then look like noise to the auditor.
    """
    torch.manual_seed(seed)
    dataset = load("fashion_mnist")
    figures = train_classifier(ClassifierLoss(Auditor(), noise=0.4), dataset, path, config, seed, device)
    np.savez_compressed(THUMBNAILS, thumbnails=thumbnails(dataset.tensors[0]).numpy())
    return figures


def measure_auditor(path, device):
    """Measure the accuracy on the 10,000 test images, and their distances to training images."""
    images, labels = load("fashion_mnist", train=False).tensors
    predicted = classify(load_auditor("classes", path), images)
    known = torch.from_numpy(np.load(THUMBNAILS)["thumbnails"])
    nearest = torch.cat([distances(batch, known) for batch in images.split(500)])
    return {
        "test_accuracy": (predicted == labels).double().mean().item(),
        "test_images_taken_for_copies": (nearest < COPY_DISTANCE).double().mean().item(),
        "nearest_training_image_quantiles": [round(q, 2) for q in nearest.quantile(QUANTILES).tolist()],
    }


def measure_judge(path, device):
    """Measure the accuracy on the 10,000 test images."""
    images, labels = load("fashion_mnist", train=False).tensors
    return accuracy(classify(load_classifier(path), images), labels)


def train_model(path, config, seed, device, *, prepare, how=train):
    """Train the model that a `prepare_*()` builds, as main.py does."""
    torch.manual_seed(seed)
    return {"losses": how(prepare(), load("fashion_mnist"), path, replace(config, seed=seed), device)}


def copy_of_ddpm(path, config, seed, device):
    """Copy the DDPM's weights: a DDIM trains like a DDPM, and ours has the same network and scheduler."""
    source = CHECKPOINTS / "DDPM.pt"
    if not source.exists():
        raise TrainingError(f"there is no {source}: make it with `train_references.py ddpm`")
    shutil.copy(source, path)
    return {}


CHECKPOINTS = ROOT / "solution" / "checkpoints"
DATA = "FashionMNIST, all 60,000 training images"
REFERENCES = {
    "classifier": Reference(CLASSIFIERS / "fashion_mnist.pt", DATA, TrainConfig(epochs=10), train_judge, measure_judge),
    "auditor": Reference(
        CLASSIFIERS / "fashion_mnist_auditor.pt",
        DATA,
        TrainConfig(epochs=10),
        train_auditor,
        measure_auditor,
        beside=(THUMBNAILS,),
    ),
    "ddpm": Reference(
        CHECKPOINTS / "DDPM.pt",
        DATA,
        TrainConfig(epochs=12),
        partial(train_model, prepare=prepare_ddpm),
        accuracy_of_solution,
    ),
    "ddim": Reference(
        CHECKPOINTS / "DDIM.pt",
        f"{DATA}: a copy of DDPM.pt",
        TrainConfig(epochs=12),
        copy_of_ddpm,
        accuracy_of_solution,
    ),
    "vae": Reference(
        CHECKPOINTS / "VAE.pt",
        DATA,
        TrainConfig(epochs=40),
        partial(train_model, prepare=prepare_vae, how=train_vae),
        accuracy_of_solution,
    ),
    "lddpm": Reference(
        CHECKPOINTS / "LDDPM.pt",
        DATA,
        TrainConfig(epochs=8),
        partial(train_model, prepare=prepare_lddpm, how=train_lddpm),
        accuracy_of_solution,
    ),
}
