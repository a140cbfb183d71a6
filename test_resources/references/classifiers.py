"""Trains a classifier of images on any dataset."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import nn
from trainers import load_weights, save_weights, train


class ClassifierLoss(nn.Module):
    """Cross-entropy on images that are changed at random without changing their class.

    Args:
        classifier: images (B, C, H, W) to logits (B, classes).
        flip: mirror each image with probability 1/2.
        shift: largest shift of a batch in pixels; border pixels are repeated.
        noise: largest standard deviation of the noise added to an image in [-1, 1].
    """

    def __init__(self, classifier, flip=True, shift=2, noise=0.0):
        super().__init__()
        self.classifier, self.flip, self.shift, self.noise = classifier, flip, shift, noise

    def forward(self, images, labels):
        """images: (B, C, H, W); labels: (B,). Returns the mean loss, with label smoothing 0.05."""
        if self.flip:
            flip = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
            images = torch.where(flip, images.flip(3), images)
        dx, dy = torch.randint(-self.shift, self.shift + 1, (2,)).tolist()
        (height, width), top, left = images.shape[2:], self.shift - dy, self.shift - dx
        images = F.pad(images, [self.shift] * 4, mode="replicate")[:, :, top : top + height, left : left + width]
        if self.noise:
            strength = self.noise * torch.rand(len(images), 1, 1, 1, device=images.device)
            images = (images + strength * torch.randn_like(images)).clamp(-1, 1)
        return F.cross_entropy(self.classifier(images), labels, label_smoothing=0.05)


def train_classifier(loss, dataset, path, config, seed, device):
    """Train the classifier of a `ClassifierLoss` on a TensorDataset, and save its weights in float16."""
    wrapped_path = path.with_suffix(".wrapped.pt")
    losses = train(loss, dataset, wrapped_path, replace(config, seed=seed), device)
    load_weights(loss, wrapped_path)
    save_weights(loss.classifier, path)
    wrapped_path.unlink()
    return {"losses": losses}


def accuracy(predicted, labels):
    """Compute a classifier's figures: the share of test images that it recognises, overall and for each class."""
    per_class = [(predicted[labels == c] == c).double().mean().item() for c in range(int(labels.max()) + 1)]
    return {
        "test_accuracy": (predicted == labels).double().mean().item(),
        "test_accuracy_per_class": [round(share, 4) for share in per_class],
    }
