"""The grading classifier for the synthetic digits in colour, which need no download."""

import torch
from classifier import ConvClassifier, classify, load_classifier
from datasets import SYNTHETIC_CLASSES, load
from trainers import TrainConfig

from grader import ROOT
from test_resources.references import Reference
from test_resources.references.classifiers import ClassifierLoss, accuracy, train_classifier

CHANNELS = 3


def train_judge(path, config, seed, device):
    """Train the grading classifier on synthetic digits that are shifted, not mirrored."""
    torch.manual_seed(seed)
    classifier = ConvClassifier(CHANNELS, width=16, classes=len(SYNTHETIC_CLASSES))
    digits = load("synthetic", channels=CHANNELS)
    return train_classifier(ClassifierLoss(classifier, flip=False), digits, path, config, seed, device)


def measure_judge(path, device):
    """Measure the accuracy on the 2,000 test images."""
    images, labels = load("synthetic", train=False, channels=CHANNELS).tensors
    return accuracy(classify(load_classifier(path, device), images), labels)


REFERENCES = {
    "synthetic_classifier": Reference(
        ROOT / "test_resources" / "classifiers" / "synthetic.pt",
        "the synthetic digits in colour, all 10,000 training images",
        TrainConfig(epochs=20, learning_rate=3e-3, ema_decay=0.99),
        train_judge,
        measure_judge,
    ),
}
