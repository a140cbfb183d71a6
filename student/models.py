"""Part 4: the building blocks of a conditional DDPM on FashionMNIST, padded to 32x32.

Timesteps are indexed from 0 everywhere in this file: t = 0 is the least noisy step and t = T - 1 the noisiest, where
T is `num_steps`. Images are float32 tensors of shape (B, C, H, W) with values in [-1, 1]; labels are int64 tensors of
shape (B,) with values in {0, ..., num_classes - 1}.

References: Ho et al. 2020, "Denoising Diffusion Probabilistic Models" (DDPM); Ho & Salimans 2022, "Classifier-Free
Diffusion Guidance" (CFG); Vaswani et al. 2017, "Attention Is All You Need"; Ronneberger et al. 2015, "U-Net".
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from blocks import ResidualBlock


class SinusoidalPositionEmbeddings(nn.Module):
    """Sines and cosines of the timestep at `dim / 2` geometrically spaced frequencies (Vaswani et al. 2017, sec. 3.5).

    Args:
        dim: length of an embedding; even.
    """

    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, time):
        """Embed each timestep by itself.

        Args:
            time: timesteps, shape (B,), int64 or float32.

        Returns:
            Embeddings, shape (B, dim), float32, in [-1, 1]. For every frequency w the two values sin(w t) and
            cos(w t) appear; the frequencies fall from 1 to about 1/10000.
        """
        # TODO(4.embedding): sin(w t) and cos(w t) for dim / 2 frequencies w
        raise NotImplementedError("TODO(4.embedding)")


class UNet(nn.Module):
    """The noise predictor eps_theta(x_t, t, label). The architecture is yours to choose; the interface is not.

    Args:
        in_channels: channels C of the images.
        down_channels: channels of each level on the way down; the resolution halves between two levels.
        up_channels: channels of each level on the way up.
        time_emb_dim: length of the time embedding; even.
        num_classes: number of classes K. Ours embeds K + 1 labels: the last one is the null label of CFG.
    """

    def __init__(
        self,
        in_channels=1,
        down_channels=(64, 128, 128),
        up_channels=(128, 128, 64),
        time_emb_dim=128,
        num_classes=10,
    ):
        super().__init__()
        self.in_channels = in_channels
        self.num_classes = num_classes
        # TODO(4.unet): layers that see the image, the time and the label
        raise NotImplementedError("TODO(4.unet)")

    def forward(self, x, timestep, label):
        """Predict the noise in `x`.

        Args:
            x: noisy images x_t, shape (B, C, H, W), float32; H and W divisible by 8.
            timestep: shape (B,), int64, in {0, ..., T - 1}.
            label: shape (B,), int64, in {0, ..., num_classes - 1} (ours also takes num_classes, the null label).

        Returns:
            The predicted noise, shape (B, C, H, W).
        """
        # TODO(4.unet): the way down, the way up, and the skips between them
        raise NotImplementedError("TODO(4.unet)")


class VarianceScheduler:
    """The variances beta_t of the forward process and what follows from them (DDPM, sec. 2).

    Args:
        beta_start, beta_end: first and last variance, 0 < beta_start <= beta_end < 1.
        num_steps: T, the number of timesteps.
        interpolation: 'linear' interpolates beta; 'quadratic' interpolates sqrt(beta) and squares the result.

    Attributes:
        num_steps: T.
        betas: beta_t, shape (T,), float32.
        alphas: alpha_t = 1 - beta_t, shape (T,), float32.
        alpha_bars: alpha_bar_t = alpha_0 ... alpha_t, shape (T,), float32.

    Raises:
        ValueError: any other `interpolation`.
    """

    def __init__(self, beta_start=0.0001, beta_end=0.02, num_steps=1000, interpolation="linear"):
        self.num_steps = num_steps
        # TODO(4.schedule): betas for both interpolations, then alphas and alpha_bars
        raise NotImplementedError("TODO(4.schedule)")

    def add_noise(self, x, time_step):
        """Sample x_t from q(x_t | x_0), one noise for every element. Implements eq. (4) of DDPM.

        Args:
            x: clean samples x_0, shape (B, ...), any rank, float32.
            time_step: t for every item, shape (B,), int64, in {0, ..., T - 1}.

        Returns:
            (noisy, noise): x_t and the standard normal noise in it, both of x's shape, dtype and device.
        """
        # TODO(4.add_noise): eq. (4), reparameterised: x_t from x_0, t and a standard normal noise
        raise NotImplementedError("TODO(4.add_noise)")


class DDPM(nn.Module):
    """A conditional denoising diffusion model with classifier-free guidance.

    Guidance is optional in this assignment: with `p_uncond` and `guidance_weight` zero this is plain conditional DDPM.

    Args:
        network: predicts the noise, called as network(x_t, timestep, label).
        var_scheduler: a `VarianceScheduler`.
        p_uncond: probability with which training replaces an item's label by the null label `network.num_classes`.
        guidance_weight: w of CFG eq. (6); 0 is no guidance.
    """

    def __init__(self, network, var_scheduler, p_uncond=0.1, guidance_weight=1.0):
        super().__init__()
        self.network = network
        self.var_scheduler = var_scheduler
        self.p_uncond = p_uncond
        self.guidance_weight = guidance_weight

    def forward(self, x, label):
        """The training loss of one batch. Implements eq. (14) of DDPM (algorithm 1).

        Args:
            x: clean images x_0, shape (B, C, H, W), float32.
            label: shape (B,), int64.

        Returns:
            A scalar: the mean squared (or mean absolute) error of the predicted noise, at a random t for each item.
        """
        # TODO(4.ddpm_loss): draw t and noise for every item, predict the noise, compare
        raise NotImplementedError("TODO(4.ddpm_loss)")

    def recover_sample(self, noisy_sample, estimated_noise, timestep):
        """One reverse step: sample x_{t-1} given x_t. Implements line 4 of DDPM's algorithm 2, with sigma_t^2 = beta_t.

        sigma_t^2 = (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) beta_t is the other choice of the paper, and as good.

        Args:
            noisy_sample: x_t, shape (B, ...), float32.
            estimated_noise: eps_theta(x_t, t), same shape.
            timestep: t of every item, shape (B,), int64; the same t for the whole batch.

        Returns:
            x_{t-1}, same shape. No noise is added at t = 0.
        """
        # TODO(4.ddpm_step): the mean from x_t and the estimated noise, plus sigma_t z unless t = 0
        raise NotImplementedError("TODO(4.ddpm_step)")

    @torch.no_grad()
    def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):
        """Generate images, all of them in one batch. Implements algorithm 2 of DDPM.

        Args:
            num_samples: number of images N.
            device: where to compute; move what you need there.
            labels: the class of each image, shape (N,), int64; None draws classes at random.

        Returns:
            Images, shape (N, C, 32, 32), float32, about [-1, 1], on `device`.

        Raises:
            ValueError: the number of labels is not N.
        """
        # TODO(4.ddpm_sample): start from noise at t = T - 1 and walk down to t = 0
        raise NotImplementedError("TODO(4.ddpm_sample)")

    def guided_noise(self, x_t, timestep, label):
        """Given: the noise estimate (1 + w) eps(x_t, t, label) - w eps(x_t, t, null) of CFG eq. (6).

        Args and returns as the network's `forward`; the two predictions are made in one batch.
        """
        w = self.guidance_weight
        if w == 0:
            return self.network(x_t, timestep, label)
        null = torch.full_like(label, self.network.num_classes)
        both = self.network(x_t.repeat(2, 1, 1, 1), timestep.repeat(2), torch.cat([label, null]))
        conditional, unconditional = both.chunk(2)
        return (1 + w) * conditional - w * unconditional
