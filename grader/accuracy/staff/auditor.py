"""A second judge of generated images, which no student has: it sees through what was made for the given classifier.

Staff only. The network looks at half the resolution and was trained under noise, so an image that is tuned to the given
classifier, or chosen with its help, is judged by what it shows. It also knows the training images by thumbnails.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CLASSES = 10
SCENE_OBJECTS = 24  # of pictures of several objects
SIDE = 8  # of a thumbnail
LEVELS = 255  # of grey in a thumbnail
COPY_DISTANCE = 2.5  # root mean square, in levels; MANIFEST.json records how near test images and our samples come


class Auditor(nn.Module):
    """A convolutional network: (B, 1, 32, 32) in [-1, 1] to (B, 10) logits."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.AvgPool2d(2),
            *(nn.Conv2d(1, 64, 5, padding=2), nn.GELU(), nn.GroupNorm(8, 64)),
            *(nn.Conv2d(64, 128, 3, stride=2, padding=1), nn.GELU(), nn.GroupNorm(8, 128)),
            *(nn.Conv2d(128, 128, 3, padding=1), nn.GELU(), nn.GroupNorm(8, 128)),
            *(nn.Conv2d(128, 192, 3, stride=2, padding=1), nn.GELU(), nn.GroupNorm(8, 192)),
            *(nn.Flatten(), nn.Dropout(0.3), nn.Linear(192 * 16, CLASSES)),
        )

    def forward(self, images: Tensor) -> Tensor:
        """images: (B, 1, 32, 32), float32 in [-1, 1]. Returns logits, (B, 10)."""
        logits: Tensor = self.layers(images)
        return logits


class SceneAuditor(nn.Module):
    """The auditor of pictures of several objects: (B, 3, 64, 64) in [-1, 1] to (B, 24) logits.

    It looks at places, each a part of the picture, and believes the most convincing one for each object.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width, kernel, stride in ((32, 4, 2), (64, 4, 2), (96, 3, 1), (96, 3, 1), (128, 3, 1)):
            layers += [nn.Conv2d(channels, width, kernel, stride, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(width), nn.LeakyReLU(0.1)]
            channels = width
        self.layers = nn.Sequential(
            *layers, nn.Conv2d(channels, SCENE_OBJECTS, 1), nn.AdaptiveMaxPool2d(1), nn.Flatten()
        )

    def forward(self, images: Tensor) -> Tensor:
        """images: (B, 3, 64, 64), float32 in [-1, 1]. Returns logits, (B, 24)."""
        logits: Tensor = self.layers(images)
        return logits


def load_auditor(sees: Literal["classes", "objects"], path: Path) -> nn.Module:
    """The frozen auditor of images of one class, or of several objects, in eval mode."""
    auditor: nn.Module = Auditor() if sees == "classes" else SceneAuditor()
    auditor.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return auditor.eval().requires_grad_(False)


def thumbnails(images: Tensor) -> Tensor:
    """Images (N, 1, 32, 32) in [-1, 1] as small grey pictures, (N, 64) uint8."""
    small = F.adaptive_avg_pool2d(images.clamp(-1, 1), SIDE).flatten(1)
    return ((small + 1) / 2 * LEVELS).round().to(torch.uint8)


def distances(images: Tensor, known: Tensor) -> Tensor:
    """How far each image is from the nearest known one.

    Args:
        images: (N, 1, 32, 32), float32 in [-1, 1].
        known: `thumbnails` of M images, (M, 64) uint8.

    Returns:
        (N,) float32: root mean square difference of the thumbnails, in levels of grey.
    """
    nearest = torch.cdist(thumbnails(images).float(), known.float()).min(dim=1).values
    return nearest / SIDE
