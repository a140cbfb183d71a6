"""Given: the classifier that judges generated FashionMNIST images. Its weights are next to it, in `classifier.pt`.

The grader uses its own copy of the network and the weights, which no submission can reach.
"""

from pathlib import Path

import torch
import torch.nn as nn

CLASSES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")


class ConvClassifier(nn.Module):
    """A small convolutional network from images (B, channels, H, W), H and W at least 8, to logits (B, classes)."""

    def __init__(self, channels, width, classes):
        super().__init__()
        layers = []
        for out in (width, 2 * width, 4 * width):
            layers += [nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
            layers += [nn.Conv2d(out, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
            channels = out
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(channels, classes))

    def forward(self, images):
        """Return logits, (B, classes), for float32 images (B, channels, H, W) in the range of the training images."""
        return self.head(self.features(images))


class FashionClassifier(ConvClassifier):
    """The classifier for FashionMNIST, from images (B, 1, 32, 32) in [-1, 1] to logits (B, 10)."""

    def __init__(self, width=48):
        super().__init__(1, width, len(CLASSES))


class ClassifierError(Exception):
    """A classifier's weights are missing; the message says which file."""


def load_classifier(path=None, device="cpu"):
    """Load a frozen classifier in eval mode from `path` (default: `classifier.pt` here, or the repository's).

    Raises:
        ClassifierError: the file is missing.
    """
    here = Path(__file__).resolve().parent
    places = [here / "classifier.pt", here.parent / "test_resources" / "classifiers" / "fashion_mnist.pt"]
    path = Path(path or next((p for p in places if p.exists()), places[0]))
    if not path.is_file():
        raise ClassifierError(f"{path} is missing: restore it from the assignment, which includes it")
    weights = torch.load(path, map_location="cpu", weights_only=True)
    width, channels = weights["features.0.weight"].shape[:2]
    classifier = ConvClassifier(channels, width, classes=len(weights["head.1.bias"]))
    classifier.load_state_dict(weights)
    return classifier.eval().requires_grad_(False).to(device)


@torch.no_grad()
def classify(classifier, images, batch_size=500, low=-1.0):
    """Predict the class of each image.

    Args:
        classifier: from `load_classifier`.
        images: shape (N, C, H, W), float32; values outside [low, 1] are clamped. FashionMNIST's are (N, 1, 32, 32).
        batch_size: number of images per pass.
        low: the smallest value that the classifier knows, which is black.

    Returns:
        Predicted classes, shape (N,), int64, on the CPU.
    """
    device = next(classifier.parameters()).device
    return torch.cat([classifier(b.to(device).clamp(low, 1)).argmax(1).cpu() for b in images.split(batch_size)])
