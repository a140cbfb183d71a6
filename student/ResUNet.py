"""Part 3: the noise predictor of the conditional DDPM on MNIST.

Images are float32 tensors of shape (B, 1, 28, 28). The network sees the timestep as t / T, in (0, 1].

References: Ho et al. 2020, "Denoising Diffusion Probabilistic Models"; Ronneberger et al. 2015, "U-Net".
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from blocks import ResidualBlock


class ConditionalUnet(nn.Module):
    """The noise predictor eps_theta(x_t, t / T, c). The architecture is yours to choose; the interface is not.

    Args:
        in_channels: channels of the images.
        n_feat: channels at the highest resolution, divisible by 8.
        n_classes: number of classes K.
    """

    def __init__(self, in_channels, n_feat=128, n_classes=10):
        super().__init__()
        self.in_channels = in_channels
        self.n_feat = n_feat
        self.n_classes = n_classes
        # TODO(3.network): layers for the image, the time and the condition
        # (about 60 minutes, hard)
        raise NotImplementedError("TODO(3.network)")

    def forward(self, x, t, c):
        """Predict the noise in `x`.

        Args:
            x: noisy images x_t, shape (B, in_channels, 28, 28), float32.
            t: t / T for each item, shape (B, 1, 1, 1), float32 in (0, 1].
            c: one-hot labels, shape (B, n_classes). A row of -1 (the mask value) is the null condition.

        Returns:
            The predicted noise, shape (B, in_channels, 28, 28).
        """
        # TODO(3.network): the way down, the way up, and the skip connections
        # (about 30 minutes, medium)
        raise NotImplementedError("TODO(3.network)")
