"""Part 4: conditional DDPM, DDIM, VAE and latent DDPM on FashionMNIST, padded to 32x32.

Timesteps count from 0 everywhere in this file: t = 0 is the least noisy step and t = T - 1 the noisiest, where T is
`num_steps`. Images are float32 tensors of shape (B, C, H, W) with values in [-1, 1]. Labels are int64 tensors of shape
(B,) with values in {0, ..., num_classes - 1}.

References: Ho et al. 2020, "Denoising Diffusion Probabilistic Models" (DDPM); Ho & Salimans 2022, "Classifier-Free
Diffusion Guidance" (CFG); Song et al. 2021, "Denoising Diffusion Implicit Models" (DDIM); Kingma & Welling 2014,
"Auto-Encoding Variational Bayes" (VAE); Rombach et al. 2022, "High-Resolution Image Synthesis with Latent Diffusion
Models" (LDM); Vaswani et al. 2017, "Attention Is All You Need"; Ronneberger et al. 2015, "U-Net".
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from blocks import ResidualBlock


class SinusoidalPositionEmbeddings(nn.Module):
    """Embeds a timestep as sines and cosines at `dim / 2` frequencies in a geometric series (Vaswani et al. 2017, 3.5).

    Args:
        dim: length of an embedding, even.
    """

    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, time):
        """Embed each timestep independently.

        Args:
            time: timesteps, shape (B,), int64 or float32.

        Returns:
            Embeddings, shape (B, dim), float32, in [-1, 1]. They contain sin(w t) and cos(w t) for every frequency w;
            the frequencies fall from 1 to about 1/10000.
        """
        # TODO(4.embedding): sin(w t) and cos(w t) for dim / 2 frequencies w
        # (about 15 minutes, medium)
        raise NotImplementedError("TODO(4.embedding)")


class UNet(nn.Module):
    """Predicts the noise, eps_theta(x_t, t, label). You choose the architecture; the interface is fixed.

    Args:
        in_channels: number of channels C of the images.
        down_channels: channels of each level on the way down; the resolution halves between levels.
        up_channels: channels of each level on the way up.
        time_emb_dim: length of the time embedding, even.
        num_classes: number of classes K. Our network embeds K + 1 labels: the last one is the null label of CFG.
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
        # TODO(4.unet): build layers for the image, the timestep and the label
        # (about 60 minutes, hard)
        raise NotImplementedError("TODO(4.unet)")

    def forward(self, x, timestep, label):
        """Predict the noise in `x`.

        Args:
            x: noisy images x_t, shape (B, C, H, W), float32; H and W divisible by 8.
            timestep: shape (B,), int64, in {0, ..., T - 1}.
            label: shape (B,), int64, in {0, ..., num_classes - 1}. Ours also accepts num_classes, the null label.

        Returns:
            The predicted noise, shape (B, C, H, W).
        """
        # TODO(4.unet): go down, go up, and add the skips between them
        # (about 30 minutes, medium)
        raise NotImplementedError("TODO(4.unet)")


class VarianceScheduler:
    """Holds the variances beta_t of the forward process and the tables that follow from them (DDPM, sec. 2).

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
        ValueError: `interpolation` is neither of the two.
    """

    def __init__(self, beta_start=0.0001, beta_end=0.02, num_steps=1000, interpolation="linear"):
        self.num_steps = num_steps
        # TODO(4.schedule): compute betas for both interpolations, then alphas and alpha_bars
        # (about 15 minutes, easy)
        raise NotImplementedError("TODO(4.schedule)")

    def add_noise(self, x, time_step):
        """Draw x_t from q(x_t | x_0), with new noise for every element. Implements eq. (4) of DDPM.

        Args:
            x: clean samples x_0, shape (B, ...), any rank, float32.
            time_step: t of every item, shape (B,), int64, in {0, ..., T - 1}.

        Returns:
            (noisy, noise): x_t and the standard normal noise in it, both with x's shape, dtype and device.
        """
        # TODO(4.add_noise): eq. (4), reparameterised: x_t from x_0, t and standard normal noise
        # (about 15 minutes, medium)
        raise NotImplementedError("TODO(4.add_noise)")


def labels_of_samples(num_samples, num_classes, device, labels=None):
    """Return the labels that a model's `generate_sample` uses.

    Args:
        num_samples: number of images N.
        num_classes: number of classes K; labels are in {0, ..., K - 1}.
        device: device for the labels.
        labels: the class of each image, shape (N,), int64; None draws them at random.

    Returns:
        Labels, shape (N,), int64, on `device`.

    Raises:
        ValueError: the number of labels is not N.
    """
    # TODO(4.ddpm_sampling_rules): draw labels if there are none; reject too few or too many
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(4.ddpm_sampling_rules)")


class DDPM(nn.Module):
    """A conditional diffusion model with classifier-free guidance.

    Guidance is optional in this assignment: with `p_uncond` and `guidance_weight` at 0 this is plain conditional DDPM.

    Args:
        network: predicts the noise, called as network(x_t, timestep, label).
        var_scheduler: a `VarianceScheduler`.
        p_uncond: probability that training replaces an item's label with the null label `network.num_classes`.
        guidance_weight: w of CFG eq. (6); 0 means no guidance.
    """

    stride = 1  # timesteps per sampling step

    def __init__(self, network, var_scheduler, p_uncond=0.1, guidance_weight=1.0):
        super().__init__()
        self.network = network
        self.var_scheduler = var_scheduler
        self.p_uncond = p_uncond
        self.guidance_weight = guidance_weight

    def forward(self, x, label):
        """Compute the training loss of one batch. Implements eq. (14) of DDPM (algorithm 1).

        Args:
            x: clean images x_0, shape (B, C, H, W), float32.
            label: shape (B,), int64.

        Returns:
            A scalar: the mean squared (or absolute) error of the predicted noise, with a random t for each item.
        """
        # TODO(4.ddpm_loss): draw t and noise for every item, predict the noise, compare the two
        # (about 20 minutes, medium)
        raise NotImplementedError("TODO(4.ddpm_loss)")

    def recover_sample(self, noisy_sample, estimated_noise, timestep):
        """Take one reverse step from x_t to x_{t-1}. Implements line 4 of DDPM's algorithm 2, with sigma_t^2 = beta_t.

        The paper's other choice, sigma_t^2 = (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) beta_t, is fine too.

        Args:
            noisy_sample: x_t, shape (B, ...), float32.
            estimated_noise: eps_theta(x_t, t, label), same shape.
            timestep: t of every item, shape (B,), int64; the same t for the whole batch.

        Returns:
            x_{t-1}, same shape. At t = 0 the step adds no noise.
        """
        # TODO(4.ddpm_step): the mean from x_t and the noise, plus sigma_t z unless t = 0
        # (about 25 minutes, medium)
        raise NotImplementedError("TODO(4.ddpm_step)")

    @torch.no_grad()
    def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):
        """Generate all images in one batch. Implements algorithm 2 of DDPM.

        Args:
            num_samples: number of images N.
            device: device to compute on; move what you need there.
            labels: the class of each image, shape (N,), int64; None draws them at random.

        Returns:
            Images, shape (N, C, 32, 32), float32, roughly in [-1, 1], on `device`.

        Raises:
            ValueError: the number of labels is not N.
        """
        # TODO(4.ddpm_sample): start from noise at t = T - 1
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(4.ddpm_sample)")

    def denoise(self, x, labels):
        """Go from x_{T-1} down to x_0, `stride` timesteps at a time. Implements the loop of DDPM's algorithm 2.

        Args:
            x: noise x_{T-1}, shape (B, ...), float32.
            labels: shape (B,), int64, on the same device as x.

        Returns:
            x_0, same shape.
        """
        # TODO(4.ddpm_sample): loop from t = T - 1 down to t = 0, with all samples in one batch
        # (about 15 minutes, medium)
        raise NotImplementedError("TODO(4.ddpm_sample)")

    def guided_noise(self, x_t, timestep, label):
        """Given: estimate the noise as (1 + w) eps(x_t, t, label) - w eps(x_t, t, null). Implements CFG eq. (6).

        Arguments and result are the same as for the network's `forward`. Both predictions run in one batch.
        """
        w = self.guidance_weight
        if w == 0:
            return self.network(x_t, timestep, label)
        null = torch.full_like(label, self.network.num_classes)
        both = self.network(x_t.repeat(2, 1, 1, 1), timestep.repeat(2), torch.cat([label, null]))
        conditional, unconditional = both.chunk(2)
        return (1 + w) * conditional - w * unconditional


class DDIM(DDPM):
    """A conditional diffusion model that samples without noise and may skip timesteps (DDIM, sec. 4).

    It trains exactly like a DDPM, so you can load the checkpoint of a DDPM with the same network and scheduler.

    Args:
        network, var_scheduler, p_uncond, guidance_weight: as for `DDPM`.
        stride: timesteps per sampling step, which goes from t to t - stride; 1 visits all of them.
    """

    def __init__(self, network, var_scheduler, p_uncond=0.1, guidance_weight=1.0, stride=1):
        super().__init__(network, var_scheduler, p_uncond, guidance_weight)
        self.stride = stride

    def recover_sample(self, noisy_sample, estimated_noise, timestep):
        """Take one reverse step without noise, from x_t to x_{t - stride}. Implements DDIM eq. (12) with sigma_t = 0.

        Args:
            noisy_sample: x_t, shape (B, ...), float32.
            estimated_noise: eps_theta(x_t, t, label), same shape.
            timestep: t of every item, shape (B,), int64; the same t for the whole batch.

        Returns:
            x_{t - stride}, same shape. If t - stride is below 0, this is x_0, because alpha_bar is 1 there.
        """
        # TODO(4.ddim_step): estimate x_0, then add the same noise again, for t - stride
        # (about 30 minutes, hard)
        raise NotImplementedError("TODO(4.ddim_step)")


class VAE(nn.Module):
    """A variational autoencoder whose decoder sees the label. You choose the architecture.

    The latents are maps with `latent_dim` channels and the height and width of the last level.

    Args:
        in_channels: number of channels C of the images.
        height, width: size of the images.
        mid_channels: channels of each level; the resolution halves between levels, unless it is 1.
        latent_dim: number of channels of the latents.
        num_classes: number of classes K.
        patch: side of the squares of pixels that are folded into channels; it divides height and width. If the patch
            is the whole image, this is a multilayer perceptron, and its latents are vectors.
        kl_weight: weight of the Kullback-Leibler term in the training loss; the reconstruction has weight 1.

    Attributes:
        latent_dim, num_classes: as above.
        mid_size: (channels, height, width) of the last level.
    """

    def __init__(
        self,
        in_channels=1,
        height=32,
        width=32,
        mid_channels=(512,),
        latent_dim=16,
        num_classes=10,
        patch=32,
        kl_weight=1.0,
    ):
        super().__init__()
        self.latent_dim = latent_dim
        self.num_classes = num_classes
        self.kl_weight = kl_weight
        size, self.scale = (1, 1) if patch == height else (3, 2)  # of kernels; between levels
        shrinks = patch * self.scale ** (len(mid_channels) - 1)
        self.mid_size = (mid_channels[-1], height // shrinks, width // shrinks)
        # TODO(4.vae): an encoder to the moments of the latents, a decoder that sees the label
        # (about 45 minutes, hard)
        raise NotImplementedError("TODO(4.vae)")

    def forward(self, x, label):
        """Encode, draw latents, and decode them.

        Args:
            x: images, shape (B, C, H, W), float32, in [-1, 1].
            label: shape (B,), int64.

        Returns:
            (reconstruction, mean, logvar): a reconstruction of x's shape, and the moments that `encode` returns.
        """
        # TODO(4.vae): encode, draw latents, decode them
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(4.vae)")

    def encode(self, x, label):
        """Compute the posterior q(z | x, label), a normal distribution with independent elements.

        Args:
            x: images, shape (B, C, H, W), float32, in [-1, 1].
            label: shape (B,), int64.

        Returns:
            (mean, logvar): its mean and the log of its variance, shape (B, latent_dim, h, w) each, float32.
        """
        # TODO(4.vae): go down to the moments of the latents
        # (about 20 minutes, medium)
        raise NotImplementedError("TODO(4.vae)")

    def decode(self, sample, labels):
        """Turn latents into images.

        Args:
            sample: latents z, shape (B, latent_dim, h, w), float32.
            labels: shape (B,), int64.

        Returns:
            Images, shape (B, C, H, W), float32, in [-1, 1].
        """
        # TODO(4.vae_decode): go up to an image, with the help of the label
        # (about 20 minutes, medium)
        raise NotImplementedError("TODO(4.vae_decode)")

    def reparameterize(self, mean, logvar):
        """Draw z from the posterior so that gradients reach its mean and variance (VAE, sec. 2.4).

        Args:
            mean, logvar: the mean and the log of the variance, any shape, float32.

        Returns:
            z, same shape.
        """
        # TODO(4.vae_reparameterize): mean plus standard deviation times a standard normal draw
        # (about 5 minutes, easy)
        raise NotImplementedError("TODO(4.vae_reparameterize)")

    @staticmethod
    def reconstruction_loss(pred, target):
        """Compute the absolute (or squared) errors of reconstructions, summed over each image.

        Args:
            pred, target: shape (B, C, H, W), float32.

        Returns:
            A scalar: the mean over the batch.
        """
        # TODO(4.vae_reconstruction): sum over each image, mean over the batch
        # (about 5 minutes, easy)
        raise NotImplementedError("TODO(4.vae_reconstruction)")

    @staticmethod
    def kl_loss(mean, logvar):
        """Compute KL(q(z | x) || N(0, I)), summed over the latents of each image (VAE, appendix B).

        Args:
            mean, logvar: the mean and the log of the variance, shape (B, ...), float32.

        Returns:
            A scalar in nats: the mean over the batch, as in `reconstruction_loss`.
        """
        # TODO(4.vae_kl): the closed form for a normal distribution with independent elements
        # (about 15 minutes, medium)
        raise NotImplementedError("TODO(4.vae_kl)")

    @torch.no_grad()
    def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):
        """Generate all images in one batch, from latents drawn from the prior N(0, I).

        Arguments, result and exceptions are the same as for `DDPM.generate_sample`.
        """
        # TODO(4.vae_sample): draw latents and decode them
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(4.vae_sample)")


class LDDPM(DDPM):
    """A DDPM on the latents of a frozen VAE (LDM, sec. 3).

    Args:
        network: predicts the noise in latents, called as network(z_t, timestep, label).
        vae: a trained `VAE`.
        var_scheduler, p_uncond, guidance_weight: as for `DDPM`.

    Attributes:
        latent_std: divides the latents before they are diffused. It is a buffer with one number, so checkpoints hold
            it. main.py sets it to the standard deviation of the trained VAE's latents (LDM, appendix G).
    """

    def __init__(self, network, vae, var_scheduler, p_uncond=0.1, guidance_weight=1.0):
        super().__init__(network, var_scheduler, p_uncond, guidance_weight)
        self.vae = vae.requires_grad_(False)
        self.register_buffer("latent_std", torch.ones(()))

    def train(self, mode=True):
        """Given: set training mode for the network only. A frozen VAE stays in evaluation mode."""
        super().train(mode)
        self.vae.eval()
        return self

    def forward(self, x, label):
        """Compute DDPM's training loss on the latents of one batch.

        Arguments and result are the same as for `DDPM.forward`.
        """
        # TODO(4.lddpm_loss): encode, scale, and leave the rest to DDPM
        # (about 20 minutes, medium)
        raise NotImplementedError("TODO(4.lddpm_loss)")

    @torch.no_grad()
    def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):
        """Generate all latents in one batch, then decode them once.

        Arguments, result and exceptions are the same as for `DDPM.generate_sample`.
        """
        # TODO(4.lddpm_sample): noise in the latents' shape, the loop, then one decode
        # (about 20 minutes, medium)
        raise NotImplementedError("TODO(4.lddpm_sample)")
