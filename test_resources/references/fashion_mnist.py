"""The weights of part 4: the classifier that judges, the auditor, and the reference DDPM, on FashionMNIST."""

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from assignment import prepare_ddpm
from classifier import CLASSES, FashionClassifier, classify, load_classifier
from datasets import load
from torch import nn
from trainers import TrainConfig, load_weights, save_weights, train

from grader import ROOT
from grader.auditor import COPY_DISTANCE, Auditor, distances, load_auditor, thumbnails
from test_resources.references import Reference, accuracy_of_solution

QUANTILES = torch.tensor([0.0, 0.001, 0.01, 0.1, 0.5])


class ClassifierLoss(nn.Module):
    """Cross-entropy on images that are flipped and shifted at random: both keep the class of a garment."""

    def __init__(self, classifier):
        super().__init__()
        self.classifier = classifier

    def forward(self, images, labels):
        """images: (B, 1, 32, 32) in [-1, 1]; labels: (B,). Returns the mean loss, label smoothing 0.05."""
        flip = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
        images = torch.where(flip, images.flip(3), images)
        dx, dy = torch.randint(-2, 3, (2,)).tolist()
        images = images.roll((dy, dx), dims=(2, 3))
        return F.cross_entropy(self.classifier(images), labels, label_smoothing=0.05)


def train_classifier(path, config, seed, device):
    """Train the judge of part 4."""
    wrapped_path = path.with_suffix(".wrapped.pt")
    torch.manual_seed(seed)
    model = ClassifierLoss(FashionClassifier())
    losses = train(model, load("fashion_mnist"), wrapped_path, replace(config, seed=seed), device)
    load_weights(model, wrapped_path)
    save_weights(model.classifier, path)
    wrapped_path.unlink()
    return {"losses": losses}


class AuditorLoss(nn.Module):
    """Cross-entropy on images that are flipped, shifted and noisy: what is tuned to another network is noise to it."""

    def __init__(self):
        super().__init__()
        self.auditor = Auditor()

    def forward(self, images, labels):
        """images: (B, 1, 32, 32) in [-1, 1]; labels: (B,). Returns the mean loss, label smoothing 0.05."""
        flip = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
        images = torch.where(flip, images.flip(3), images)
        dx, dy = torch.randint(-2, 3, (2,)).tolist()
        noise = 0.4 * torch.rand(len(images), 1, 1, 1, device=images.device) * torch.randn_like(images)
        images = (images.roll((dy, dx), dims=(2, 3)) + noise).clamp(-1, 1)
        return F.cross_entropy(self.auditor(images), labels, label_smoothing=0.05)


def train_auditor(path, config, seed, device):
    """Train the auditor, and keep thumbnails of all training images beside it."""
    wrapped_path = path.with_suffix(".wrapped.pt")
    torch.manual_seed(seed)
    model, dataset = AuditorLoss(), load("fashion_mnist")
    losses = train(model, dataset, wrapped_path, replace(config, seed=seed), device)
    load_weights(model, wrapped_path)
    save_weights(model.auditor, path)
    wrapped_path.unlink()
    np.savez_compressed(path.with_suffix(".npz"), thumbnails=thumbnails(dataset.tensors[0]).numpy())
    return {"losses": losses}


def measure_auditor(path, device):
    """Accuracy on the 10,000 test images, and how near they come to training images."""
    images, labels = load("fashion_mnist", train=False).tensors
    predicted = classify(load_auditor(path), images)
    known = torch.from_numpy(np.load(path.with_suffix(".npz"))["thumbnails"])
    nearest = torch.cat([distances(batch, known) for batch in images.split(500)])
    return {
        "test_accuracy": (predicted == labels).double().mean().item(),
        "test_images_taken_for_copies": (nearest < COPY_DISTANCE).double().mean().item(),
        "nearest_training_image_quantiles": [round(q, 2) for q in nearest.quantile(QUANTILES).tolist()],
    }


def measure_classifier(path, device):
    """Accuracy on the 10,000 test images."""
    images, labels = load("fashion_mnist", train=False).tensors
    predicted = classify(load_classifier(path), images)
    per_class = [(predicted[labels == c] == c).double().mean().item() for c in range(len(CLASSES))]
    return {
        "test_accuracy": (predicted == labels).double().mean().item(),
        "test_accuracy_per_class": [round(accuracy, 4) for accuracy in per_class],
    }


def train_ddpm(path, config, seed, device):
    """Train the reference of `prepare_ddpm`."""
    torch.manual_seed(seed)
    return {"losses": train(prepare_ddpm(), load("fashion_mnist"), path, replace(config, seed=seed), device)}


DATA = "FashionMNIST, all 60,000 training images"
CLASSIFIERS = ROOT / "test_resources" / "classifiers"
REFERENCES = {
    "classifier": Reference(
        CLASSIFIERS / "fashion_mnist.pt", DATA, TrainConfig(epochs=10), train_classifier, measure_classifier
    ),
    "auditor": Reference(
        CLASSIFIERS / "fashion_mnist_auditor.pt", DATA, TrainConfig(epochs=10), train_auditor, measure_auditor
    ),
    "ddpm": Reference(
        ROOT / "solution" / "checkpoints" / "DDPM.pt", DATA, TrainConfig(epochs=12), train_ddpm, accuracy_of_solution
    ),
}
