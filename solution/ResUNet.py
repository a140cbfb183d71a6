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
        # BEGIN ANSWER(3.network) [60 min, hard] layers for the image, the time and the condition
        emb_dim = 2 * n_feat
        # The fastest pair turns by 1000 radians from t / T = 0 to 1, so neighbouring timesteps differ.
        self.register_buffer("frequencies", torch.exp(torch.linspace(0, math.log(1000.0), n_feat)), persistent=False)
        self.time_mlp = nn.Sequential(nn.Linear(emb_dim, emb_dim), nn.SiLU(), nn.Linear(emb_dim, emb_dim))
        self.condition = nn.Linear(n_classes, emb_dim)
        # Folding 2x2 pixels into channels costs no detail and makes every layer four times cheaper.
        self.stem = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(4 * in_channels, n_feat, 3, padding=1))
        self.down1 = ResidualBlock(n_feat, n_feat, emb_dim)
        self.down2 = ResidualBlock(n_feat, n_feat, emb_dim)
        self.pool = nn.Conv2d(n_feat, n_feat, 3, stride=2, padding=1)
        self.middle1 = ResidualBlock(n_feat, 2 * n_feat, emb_dim)
        self.middle2 = ResidualBlock(2 * n_feat, 2 * n_feat, emb_dim)
        self.middle3 = ResidualBlock(2 * n_feat, n_feat, emb_dim)
        self.up1 = ResidualBlock(2 * n_feat, n_feat, emb_dim)
        self.up2 = ResidualBlock(2 * n_feat, n_feat, emb_dim)
        last = nn.Conv2d(n_feat, 4 * in_channels, 3, padding=1)
        self.head = nn.Sequential(nn.GroupNorm(8, n_feat), nn.SiLU(), last, nn.PixelShuffle(2))
        # END ANSWER

    def forward(self, x, t, c):
        """Predict the noise in `x`.

        Args:
            x: noisy images x_t, shape (B, in_channels, 28, 28), float32.
            t: t / T for each item, shape (B, 1, 1, 1), float32 in (0, 1].
            c: one-hot labels, shape (B, n_classes). A row of -1 (the mask value) is the null condition.

        Returns:
            The predicted noise, shape (B, in_channels, 28, 28).
        """
        # BEGIN ANSWER(3.network) [30 min, medium] the way down, the way up, and the skip connections
        angles = t.reshape(-1, 1) * self.frequencies  # (B, n_feat)
        time = self.time_mlp(torch.cat([angles.sin(), angles.cos()], dim=1))
        emb = F.silu(time + self.condition(c.to(time.dtype)))
        h1 = self.down1(self.stem(x), emb)
        h2 = self.down2(h1, emb)  # (B, n_feat, 14, 14)
        h = self.middle1(self.pool(h2), emb)  # (B, 2 n_feat, 7, 7)
        h = self.middle3(self.middle2(h, emb), emb)
        h = F.interpolate(h, scale_factor=2.0, mode="nearest")
        h = self.up1(torch.cat([h, h2], dim=1), emb)
        h = self.up2(torch.cat([h, h1], dim=1), emb)
        return self.head(h)
        # END ANSWER
