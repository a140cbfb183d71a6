"""The weights of part 4: the classifier that judges, the auditor, and the reference DDPM, on FashionMNIST."""

from dataclasses import replace

import numpy as np
import torch
from assignment import prepare_ddpm
from classifier import FashionClassifier, classify, load_classifier
from datasets import load
from trainers import TrainConfig, train

from grader import ROOT
from grader.auditor import COPY_DISTANCE, Auditor, distances, load_auditor, thumbnails
from test_resources.references import Reference, accuracy_of_solution
from test_resources.references.classifiers import ClassifierLoss, accuracy, train_classifier

QUANTILES = torch.tensor([0.0, 0.001, 0.01, 0.1, 0.5])
CLASSIFIERS = ROOT / "test_resources" / "classifiers"
THUMBNAILS = CLASSIFIERS / "fashion_mnist_auditor.npz"


def train_judge(path, config, seed, device):
    """Train the judge of part 4."""
    torch.manual_seed(seed)
    return train_classifier(ClassifierLoss(FashionClassifier()), load("fashion_mnist"), path, config, seed, device)


def train_auditor(path, config, seed, device):
    """Train the auditor, on noisy images, and keep thumbnails of all training images beside it.

    What is tuned to another network is noise to it.
    """
    torch.manual_seed(seed)
    dataset = load("fashion_mnist")
    figures = train_classifier(ClassifierLoss(Auditor(), noise=0.4), dataset, path, config, seed, device)
    np.savez_compressed(THUMBNAILS, thumbnails=thumbnails(dataset.tensors[0]).numpy())
    return figures


def measure_auditor(path, device):
    """Accuracy on the 10,000 test images, and how near they come to training images."""
    images, labels = load("fashion_mnist", train=False).tensors
    predicted = classify(load_auditor(path), images)
    known = torch.from_numpy(np.load(THUMBNAILS)["thumbnails"])
    nearest = torch.cat([distances(batch, known) for batch in images.split(500)])
    return {
        "test_accuracy": (predicted == labels).double().mean().item(),
        "test_images_taken_for_copies": (nearest < COPY_DISTANCE).double().mean().item(),
        "nearest_training_image_quantiles": [round(q, 2) for q in nearest.quantile(QUANTILES).tolist()],
    }


def measure_judge(path, device):
    """Accuracy on the 10,000 test images."""
    images, labels = load("fashion_mnist", train=False).tensors
    return accuracy(classify(load_classifier(path), images), labels)


def train_ddpm(path, config, seed, device):
    """Train the reference of `prepare_ddpm`."""
    torch.manual_seed(seed)
    return {"losses": train(prepare_ddpm(), load("fashion_mnist"), path, replace(config, seed=seed), device)}


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
        ROOT / "solution" / "checkpoints" / "DDPM.pt", DATA, TrainConfig(epochs=12), train_ddpm, accuracy_of_solution
    ),
}
