"""The VAE that students of the real course write: its latents are vectors, and it has only what the contract names."""

from itertools import pairwise

import torch
import torch.nn as nn
import torch.nn.functional as F


class VAE(nn.Module):
    """Convolutions with batch normalisation, then linear layers; the label's embedding is concatenated."""

    def __init__(self, in_channels, height=32, width=32, mid_channels=(16, 32, 32), latent_dim=64, num_classes=10):
        super().__init__()
        self.latent_dim, self.num_classes = latent_dim, num_classes
        self.mid_size = [mid_channels[-1], height // 2 ** len(mid_channels), width // 2 ** len(mid_channels)]
        flat = self.mid_size[0] * self.mid_size[1] * self.mid_size[2]
        self.class_emb = nn.Embedding(num_classes, 8)
        levels = [in_channels, *mid_channels]
        self.encoder = nn.Sequential(
            *[
                nn.Sequential(nn.Conv2d(a, b, 3, stride=2, padding=1), nn.BatchNorm2d(b), nn.LeakyReLU())
                for a, b in pairwise(levels)
            ],
            nn.Flatten(),
        )
        self.mean_net = nn.Linear(flat + 8, latent_dim)
        self.logvar_net = nn.Linear(flat + 8, latent_dim)
        self.decoder_input = nn.Linear(latent_dim + 8, flat)
        levels = [*reversed(mid_channels), mid_channels[0]]
        self.decoder = nn.Sequential(
            *[
                nn.Sequential(nn.ConvTranspose2d(a, b, 4, stride=2, padding=1), nn.BatchNorm2d(b), nn.ReLU())
                for a, b in pairwise(levels)
            ],
            nn.Conv2d(mid_channels[0], in_channels, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, x, label):
        """Return (reconstruction, mean, logvar); the moments have shape (B, latent_dim)."""
        hidden = torch.cat([self.encoder(x), self.class_emb(label)], dim=1)
        mean, logvar = self.mean_net(hidden), self.logvar_net(hidden)
        return self.decode(self.reparameterize(mean, logvar), label), mean, logvar

    def reparameterize(self, mean, logvar):
        """Draw z from the posterior."""
        std = torch.exp(0.5 * logvar)
        eps = torch.randn(len(mean), self.latent_dim, device=mean.device)
        return mean + eps * std

    @staticmethod
    def reconstruction_loss(pred, target):
        """The mean squared error of the flattened images."""
        return F.mse_loss(pred.view(-1, 32 * 32), target.view(-1, 32 * 32))

    @staticmethod
    def kl_loss(mean, logvar):
        """The divergence, summed over the latents and averaged over the batch."""
        return torch.mean(-0.5 * torch.sum(1 + logvar - mean**2 - logvar.exp(), dim=1), dim=0)

    def decode(self, sample, labels):
        """Decode latents of shape (B, latent_dim)."""
        hidden = self.decoder_input(torch.cat([sample, self.class_emb(labels)], dim=1))
        return self.decoder(hidden.view(-1, *self.mid_size))

    @torch.no_grad()
    def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):
        """Decode latents from the prior."""
        if labels is None:
            labels = torch.randint(self.num_classes, [num_samples])
        assert len(labels) == num_samples, "one label for each sample"
        z = torch.randn(num_samples, self.latent_dim, device=device)
        embedded = self.class_emb(labels.to(device))
        return self.decoder(self.decoder_input(torch.cat([z, embedded], dim=1)).view(-1, *self.mid_size))
