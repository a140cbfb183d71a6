"""Given: the oracle generators of part 1. Evaluation uses them because no discriminator has trained with them."""

from itertools import pairwise
from pathlib import Path

import torch
from torch import nn
from trainers import TrainingError

FOLDER = Path(__file__).resolve().parents[1] / "test_resources" / "oracles"
NOISE_DIM = 96


class OracleBlock(nn.Module):
    """Doubles height and width: nearest-neighbour upsampling, then two convolutions with a shortcut around them."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.enlarge = nn.Upsample(scale_factor=2)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1)
        self.residual = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.ReLU(),
            nn.Conv2d(in_channels, out_channels, 3, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, 3, padding=1),
        )

    def forward(self, x):
        """Map (B, in_channels, H, W) to (B, out_channels, 2 H, 2 W)."""
        x = self.enlarge(x)
        return self.shortcut(x) + self.residual(x)


class OracleGenerator(nn.Module):
    """Turns noise, (B, 96), uniform in [-1, 1), into images in [-1, 1]. From Miyato et al. 2018, table 4."""

    def __init__(self, widths=(64, 64, 32, 16)):
        super().__init__()
        self.first = nn.Linear(NOISE_DIM, widths[0] * 4 * 4)
        self.blocks = nn.Sequential(*(OracleBlock(*pair) for pair in pairwise(widths)))
        self.last = nn.Sequential(
            nn.BatchNorm2d(widths[-1]), nn.ReLU(), nn.Conv2d(widths[-1], 3, 3, padding=1), nn.Tanh()
        )

    def forward(self, noise):
        """Map noise, (B, 96), to images, (B, 3, 32, 32)."""
        return self.last(self.blocks(self.first(noise).unflatten(1, (-1, 4, 4))))


def load_oracle(data):
    """Load the trained oracle generator of a dataset, in eval mode.

    Raises:
        TrainingError: this dataset has no oracle generator.
    """
    path = FOLDER / f"{data}.pt"
    if not path.is_file():
        available = ", ".join(sorted(p.stem for p in FOLDER.glob("*.pt"))) or "none"
        raise TrainingError(f"there is no oracle generator for {data}; choose one of: {available}")
    oracle = OracleGenerator()
    oracle.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return oracle.eval()
