"""Part 5: a DDPM on i-CLEVR, with several labels for each picture and classifier-free guidance.

Timesteps are indexed from 0: t = 0 is the least noisy step and t = T - 1 the noisiest, where T is `num_steps`.
Pictures are float32 tensors (B, 3, 64, 64) in [-1, 1]. A condition is multi-hot, (B, 24) float32, in the order of
objects.json; the null condition is all zeros.

References: Ho et al. 2020, "Denoising Diffusion Probabilistic Models" (DDPM); Nichol & Dhariwal 2021, "Improved
Denoising Diffusion Probabilistic Models" (IDDPM); Ho & Salimans 2022, "Classifier-Free Diffusion Guidance" (CFG).
"""

import math
from functools import partial

import torch
import torch.nn.functional as F
from blocks import LabelledBlock
from noise_prediction_net import TimestepEmbedding, Unet
from torch import nn

CONDITIONS = 24  # number of objects in objects.json: cubes in each colour, then spheres, then cylinders
STRIP = 12  # a denoising strip shows a state after every T / STRIP steps


def cosine_betas(num_steps, s=0.008):
    """Compute the variances of the cosine schedule (IDDPM, eq. 17).

    Args:
        num_steps: number of steps T.
        s: small offset that keeps the first variances from being too small.

    Returns:
        beta_t for t = 0, ..., T - 1: shape (T,), float32. With f(u) = cos^2((u / T + s) / (1 + s) pi / 2), beta_t is
        1 - f(t + 1) / f(t), but at most 0.999.
    """
    # TODO(5.cosine): compute f at 0, ..., T, then compare each value with the one before
    # (about 15 minutes, medium)
    raise NotImplementedError("TODO(5.cosine)")


class MultiLabelUnet(nn.Module):
    """The noise predictor eps_theta(x_t, t, labels): a given U-Net, to which you pass the timestep and the labels.

    Args:
        num_conditions: length of a condition, which lists all 8 colours of one shape, then of the next.
        channels: channels of each level, divisible by 8. The first level has half the picture's resolution, and each
            further level half of the one before.

    Attributes:
        num_conditions: length of a condition.
    """

    def __init__(self, num_conditions=CONDITIONS, channels=(64, 112, 144)):
        super().__init__()
        self.num_conditions = num_conditions
        emb_dim = 4 * channels[0]
        self.time = TimestepEmbedding(emb_dim)
        self.fold, self.unfold = nn.PixelUnshuffle(2), nn.PixelShuffle(2)  # lossless, and a layer costs a quarter
        self.unet = Unet(12, 12, channels, emb_dim, dims=2, block=partial(LabelledBlock, num_conditions=num_conditions))
        # TODO(5.multi_label): a layer that turns a condition into an embedding of length emb_dim
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(5.multi_label)")

    def forward(self, x, timestep, labels):
        """Predict the noise in `x`.

        Args:
            x: x_t, shape (B, 3, H, W), float32; H and W divisible by 8.
            timestep: t of each item, shape (B,), int64, from 0.
            labels: conditions, shape (B, num_conditions), float32; a row of zeros is the null condition.

        Returns:
            The predicted noise, shape (B, 3, H, W), float32.
        """
        # TODO(5.multi_label): pass the U-Net one embedding of time and labels, and the labels
        # (about 10 minutes, medium)
        raise NotImplementedError("TODO(5.multi_label)")


class MultiLabelDDPM(nn.Module):
    """A denoising diffusion model for pictures with several labels.

    Args:
        network: predicts the noise; called as network(x_t, timestep, labels).
        num_steps: number of steps T.
        p_uncond: probability that training replaces a picture's condition with the null condition.
        guidance_weight: w of CFG eq. (6); 0 means no guidance.

    Attributes:
        betas, alpha_bars: beta_t and alpha_bar_t = (1 - beta_0) ... (1 - beta_t), shape (T,), float32, on the module's
            device.
    """

    def __init__(self, network, num_steps=120, p_uncond=0.1, guidance_weight=2.0):
        super().__init__()
        self.network = network
        self.num_steps = num_steps
        self.p_uncond = p_uncond
        self.guidance_weight = guidance_weight
        betas = cosine_betas(num_steps)
        self.register_buffer("betas", betas, persistent=False)
        self.register_buffer("alpha_bars", torch.cumprod(1 - betas, dim=0), persistent=False)

    def drop_labels(self, labels):
        """Replace each condition with the null condition with probability `p_uncond` (CFG, algorithm 1).

        Args:
            labels: conditions, shape (B, num_conditions), float32; this tensor must not change.

        Returns:
            Conditions of the same shape; each row is either unchanged or all zeros.
        """
        # TODO(5.label_dropout): decide once for each picture, not once for each label
        # (about 10 minutes, medium)
        raise NotImplementedError("TODO(5.label_dropout)")

    def forward(self, images, labels):
        """Compute the training loss of a batch (DDPM, eq. 14), dropping labels for CFG.

        Args:
            images: x_0, shape (B, 3, H, W), float32, in [-1, 1].
            labels: conditions, shape (B, num_conditions), float32.

        Returns:
            The mean squared error of the predicted noise, with a random timestep for each picture: a scalar.
        """
        # TODO(5.ddpm_loss): add noise to the pictures, and predict that noise
        # (about 20 minutes, medium)
        raise NotImplementedError("TODO(5.ddpm_loss)")

    def guided_noise(self, x_t, timestep, labels):
        """Estimate the noise as (1 + w) eps(x_t, t, labels) - w eps(x_t, t, null) (CFG, eq. 6).

        Args:
            x_t: noisy pictures, shape (B, 3, H, W), float32.
            timestep: t of each item, shape (B,), int64, from 0.
            labels: conditions, shape (B, num_conditions), float32.

        Returns:
            The guided estimate, shape (B, 3, H, W), float32.
        """
        # TODO(5.guidance): predict with and without labels; one batch for both is fastest
        # (about 15 minutes, medium)
        raise NotImplementedError("TODO(5.guidance)")

    def recover_sample(self, noisy_sample, estimated_noise, timestep):
        """Take one reverse step: sample x_{t-1} from the posterior for x_t and a clamped estimate of x_0.

        Implements eq. (6) and (7) of DDPM. The estimate x_0 = (x_t - sqrt(1 - alpha_bar_t) eps) / sqrt(alpha_bar_t) is
        clamped to [-1, 1] before it enters the mean of eq. (7). The noise that is added has the variance
        (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) beta_t. At t = 0, alpha_bar_{t-1} is 1, so the result is x_0.

        Args:
            noisy_sample: x_t, shape (B, 3, H, W), float32.
            estimated_noise: eps, shape (B, 3, H, W), float32.
            timestep: t of every item, shape (B,), int64, from 0; the same t for the whole batch.

        Returns:
            x_{t-1}, shape (B, 3, H, W), float32.
        """
        # TODO(5.ddpm_step): estimate x_0 and clamp it, then use the posterior's mean and noise
        # (about 30 minutes, hard)
        raise NotImplementedError("TODO(5.ddpm_step)")

    def denoise(self, x, labels):
        """Denoise step by step from x_{T-1} to the picture: the loop of DDPM's algorithm 2.

        Args:
            x: noise, shape (B, 3, H, W), float32.
            labels: conditions, shape (B, num_conditions), float32, on x's device.

        Yields:
            The state after each of the T steps, shape (B, 3, H, W), float32.
        """
        # TODO(5.ddpm_sample): count from t = T - 1 down to 0, with all pictures in one batch
        # (about 15 minutes, medium)
        raise NotImplementedError("TODO(5.ddpm_sample)")

    @torch.no_grad()
    def generate_sample(self, labels, device=torch.device("cuda")):
        """Generate a picture for each condition, all of them in one batch.

        Args:
            labels: conditions, shape (N, num_conditions), float32, on any device.
            device: device to compute on, where this module already is; move the labels there.

        Returns:
            Pictures, shape (N, 3, 64, 64), float32, in [-1, 1], on `device`.
        """
        # TODO(5.ddpm_sample): start from noise, and return the last state that `denoise` yields
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(5.ddpm_sample)")

    @torch.no_grad()
    def denoising_strip(self, labels, device=torch.device("cuda")):
        """Show how pictures emerge from the noise.

        Args:
            labels: conditions, shape (N, num_conditions), float32, on any device.
            device: device to compute on, where this module already is; move the labels there.

        Returns:
            For each picture the noise, then the state after every T / 12 steps (T is divisible by 12): shape
            (N, 13, 3, 64, 64), float32, on `device`.
        """
        # TODO(5.strip): the noise, then every (T / 12)-th state; the last is the picture
        # (about 15 minutes, easy)
        raise NotImplementedError("TODO(5.strip)")


def prepare_cddpm():
    """Build the model whose weights are in `checkpoints/CDDPM.pt`.

    Returns:
        A `MultiLabelDDPM` on the CPU. The grader calls its `generate_sample` with 32 conditions, so a model with fewer
        timesteps is graded sooner.
    """
    # TODO(5.prepare_cddpm): the network and the model with the settings that you trained
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(5.prepare_cddpm)")
