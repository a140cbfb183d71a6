"""Part 3's weights, on MNIST: the grading classifier and two reference DDPMs with different settings."""

import os
import shutil
from contextlib import chdir
from pathlib import Path

import torch
from classifier import ConvClassifier, classify, load_classifier
from torch.utils.data import TensorDataset
from trainers import TrainConfig
from utils import DMConfig, make_dataloader, mnist_transform, solver

from grader import ROOT
from test_resources.references import Reference, accuracy_of_solution
from test_resources.references.classifiers import ClassifierLoss, accuracy, train_classifier

DATA = Path(os.environ.get("GENMODELS_DATA", "data")).resolve()


def loaders(batch_size):
    """Load batches of standardised training images and test images."""
    return [make_dataloader(mnist_transform(), batch_size, DATA, train) for train in (True, False)]


def train_ddpm(path, config, seed, device):
    """Train with the students' `solver`, and save the best weights in float16."""
    torch.manual_seed(seed)
    with chdir(ROOT / "test_resources"):  # an interrupted training resumes from save/, which git ignores
        losses = solver(config, path.stem, *loaders(config.batch_size))
        saved = torch.load(f"save/{path.stem}/best_checkpoint.pth", map_location="cpu", weights_only=True)
        saved["model_state_dict"] = {name: w.half() for name, w in saved["model_state_dict"].items()}
        torch.save(saved, path)
        shutil.rmtree(f"save/{path.stem}")
    return {"test_noise_loss_per_epoch": [round(loss, 4) for loss in losses], "epoch_kept": saved["epoch"]}


def digits(train):
    """Load the images, (N, 1, 28, 28) float32 in [0, 1], and their labels, (N,) int64, into memory."""
    from torchvision.datasets import MNIST

    data = MNIST(DATA, train=train, download=True)  # downloads only missing files
    return TensorDataset(data.data[:, None].float() / 255, data.targets.long())


def train_judge(path, config, seed, device):
    """Train part 3's grading classifier on digits that are shifted, not mirrored."""
    torch.manual_seed(seed)
    loss = ClassifierLoss(ConvClassifier(channels=1, width=24, classes=10), flip=False)
    return train_classifier(loss, digits(train=True), path, config, seed, device)


def measure_judge(path, device):
    """Measure the accuracy on the 10,000 test images."""
    images, labels = digits(train=False).tensors
    return accuracy(classify(load_classifier(path, device), images, low=0.0), labels)


TRAINED_ON = "MNIST, all 60,000 training images; the epoch is chosen by the 10,000 test images"
OWN = {"num_feat": 32, "T": 200, "beta_1": 2e-4, "beta_T": 0.04}
REFERENCES = {
    "mnist_classifier": Reference(
        ROOT / "test_resources" / "classifiers" / "mnist.pt",
        "MNIST, all 60,000 training images",
        TrainConfig(epochs=8, learning_rate=3e-3),
        train_judge,
        measure_judge,
    ),
    "mnist": Reference(
        ROOT / "solution" / "checkpoints" / "MNIST.pth",
        TRAINED_ON,
        DMConfig(num_feat=64, batch_size=128, epochs=14, learning_rate=1e-3, multi_lr_milestones=[8, 12]),
        train_ddpm,
        accuracy_of_solution,
    ),
    "mnist_own": Reference(
        ROOT / "solution" / "checkpoints" / "MNIST_own.pth",
        TRAINED_ON,
        # Half the steps with twice the variances reach the same alpha_bar_T, and sampling takes an eighth of the time.
        DMConfig(**OWN, batch_size=128, epochs=10, learning_rate=1e-3, multi_lr_milestones=[6, 9]),
        train_ddpm,
        accuracy_of_solution,
    ),
}
