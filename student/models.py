"""Part 4: conditional DDPM, DDIM, VAE and latent DDPM on FashionMNIST, padded to 32x32.

Timesteps are indexed from 0 everywhere in this file: t = 0 is the least noisy step and t = T - 1 the noisiest, where
T is `num_steps`. Images are float32 tensors of shape (B, C, H, W) with values in [-1, 1]; labels are int64 tensors of
shape (B,) with values in {0, ..., num_classes - 1}.

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
        # (about 15 minutes, medium)
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
        # (about 60 minutes, hard)
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
        # (about 30 minutes, medium)
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
        # (about 15 minutes, easy)
        raise NotImplementedError("TODO(4.schedule)")

    def add_noise(self, x, time_step):
        """Sample x_t from q(x_t | x_0), one noise for every element. Implements eq. (4) of DDPM.

        Args:
            x: clean samples x_0, shape (B, ...), any rank, float32.
            time_step: t for every item, shape (B,), int64, in {0, ..., T - 1}.

        Returns:
            (noisy, noise): x_t and the standard normal noise in it, both of x's shape, dtype and device.
        """
        # TODO(4.add_noise): eq. (4), reparameterised: x_t from x_0, t and standard normal noise
        # (about 15 minutes, medium)
        raise NotImplementedError("TODO(4.add_noise)")


def labels_of_samples(num_samples, num_classes, device, labels=None):
    """The labels that `generate_sample` of every model works with.

    Args:
        num_samples: number of images N.
        num_classes: classes are {0, ..., num_classes - 1}.
        device: where the labels are needed.
        labels: the class of each image, shape (N,), int64; None draws classes at random.

    Returns:
        Labels, shape (N,), int64, on `device`.

    Raises:
        ValueError: the number of labels is not N.
    """
    # TODO(4.ddpm_sampling_rules): draw them if there are none; refuse too few and too many
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(4.ddpm_sampling_rules)")


class DDPM(nn.Module):
    """A conditional denoising diffusion model with classifier-free guidance.

    Guidance is optional in this assignment: with `p_uncond` and `guidance_weight` zero this is plain conditional DDPM.

    Args:
        network: predicts the noise, called as network(x_t, timestep, label).
        var_scheduler: a `VarianceScheduler`.
        p_uncond: probability with which training replaces an item's label by the null label `network.num_classes`.
        guidance_weight: w of CFG eq. (6); 0 is no guidance.
    """

    stride = 1  # timesteps that a sampling step takes

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
        # (about 20 minutes, medium)
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
        # TODO(4.ddpm_step): the mean from x_t and estimated noise, plus sigma_t z unless t = 0
        # (about 25 minutes, medium)
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
        # TODO(4.ddpm_sample): start from noise at t = T - 1
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(4.ddpm_sample)")

    def denoise(self, x, labels):
        """Walk down from x_{T-1} to x_0, `stride` timesteps at a time: the loop of DDPM's algorithm 2.

        Args:
            x: noise x_{T-1}, shape (B, ...), float32.
            labels: shape (B,), int64, on x's device.

        Returns:
            x_0, same shape.
        """
        # TODO(4.ddpm_sample): from t = T - 1 down to t = 0, all samples in one batch
        # (about 15 minutes, medium)
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


class DDIM(DDPM):
    """A conditional diffusion model that samples without noise, and may skip timesteps (DDIM, sec. 4).

    It is trained as DDPM is, so that the checkpoint of a DDPM with the same network and scheduler fits.

    Args:
        network, var_scheduler, p_uncond, guidance_weight: as of `DDPM`.
        stride: timesteps that a sampling step takes, from t to t - stride; 1 visits all of them.
    """

    def __init__(self, network, var_scheduler, p_uncond=0.1, guidance_weight=1.0, stride=1):
        super().__init__(network, var_scheduler, p_uncond, guidance_weight)
        self.stride = stride

    def recover_sample(self, noisy_sample, estimated_noise, timestep):
        """One reverse step, without noise: x_{t - stride} given x_t. Implements eq. (12) of DDIM, with sigma_t = 0.

        Args:
            noisy_sample: x_t, shape (B, ...), float32.
            estimated_noise: eps_theta(x_t, t), same shape.
            timestep: t of every item, shape (B,), int64; the same t for the whole batch.

        Returns:
            x_{t - stride}, same shape. Where t - stride is less than 0 that is x_0: alpha_bar is 1 there.
        """
        # TODO(4.ddim_step): estimate x_0, and noise it anew with the same noise, for t - stride
        # (about 30 minutes, hard)
        raise NotImplementedError("TODO(4.ddim_step)")


class VAE(nn.Module):
    """A variational autoencoder whose decoder knows the label. The architecture is yours to choose.

    The latents are maps of `latent_dim` channels, as high and wide as the last level.

    Args:
        in_channels: channels C of the images.
        height, width: of the images.
        mid_channels: channels of each level; the resolution halves between two levels, unless it is 1.
        latent_dim: channels of the latents.
        num_classes: number of classes K.
        patch: side of the squares of pixels that are folded into channels; divides height and width. The whole image
            makes a multilayer perceptron, whose latents are vectors.
        kl_weight: of the Kullback-Leibler term in the training loss, beside the reconstruction's weight of 1.

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
        size, self.scale = (1, 1) if patch == height else (3, 2)  # of kernels; of a level to the next
        shrinks = patch * self.scale ** (len(mid_channels) - 1)
        self.mid_size = (mid_channels[-1], height // shrinks, width // shrinks)
        # TODO(4.vae): an encoder to the moments of the latents, and a decoder that sees the label
        # (about 45 minutes, hard)
        raise NotImplementedError("TODO(4.vae)")

    def forward(self, x, label):
        """Encode, draw latents, and decode them.

        Args:
            x: images, shape (B, C, H, W), float32, in [-1, 1].
            label: shape (B,), int64.

        Returns:
            (reconstruction, mean, logvar): of x's shape, and the moments of the latents as `encode` gives them.
        """
        # TODO(4.vae): the moments of the latents, a sample of them, and its image
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(4.vae)")

    def encode(self, x, label):
        """The posterior q(z | x, label), a normal distribution with independent elements.

        Args:
            x: images, shape (B, C, H, W), float32, in [-1, 1].
            label: shape (B,), int64.

        Returns:
            (mean, logvar): its mean and the logarithm of its variance, shape (B, latent_dim, h, w), float32.
        """
        # TODO(4.vae): the way down
        # (about 20 minutes, medium)
        raise NotImplementedError("TODO(4.vae)")

    def decode(self, sample, labels):
        """The images of latents.

        Args:
            sample: latents z, shape (B, latent_dim, h, w), float32.
            labels: shape (B,), int64.

        Returns:
            Images, shape (B, C, H, W), float32, in [-1, 1].
        """
        # TODO(4.vae_decode): the way up, which sees the label
        # (about 20 minutes, medium)
        raise NotImplementedError("TODO(4.vae_decode)")

    def reparameterize(self, mean, logvar):
        """Draw z from the posterior, so that gradients reach its moments (VAE, sec. 2.4).

        Args:
            mean, logvar: mean and logarithm of the variance, any shape, float32.

        Returns:
            z, same shape.
        """
        # TODO(4.vae_reparameterize): mean plus standard deviation times a standard normal draw
        # (about 5 minutes, easy)
        raise NotImplementedError("TODO(4.vae_reparameterize)")

    @staticmethod
    def reconstruction_loss(pred, target):
        """How far reconstructions are from the images: absolute (or squared) errors, summed over an image.

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
        """KL(q(z | x) || N(0, I)), summed over the latents of an image (VAE, appendix B).

        Args:
            mean, logvar: mean and logarithm of the variance, shape (B, ...), float32.

        Returns:
            A scalar in nats: the mean over the batch, as of `reconstruction_loss`.
        """
        # TODO(4.vae_kl): the closed form for a normal distribution with independent elements
        # (about 15 minutes, medium)
        raise NotImplementedError("TODO(4.vae_kl)")

    @torch.no_grad()
    def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):
        """Generate images from latents that are drawn from the prior N(0, I), all of them in one batch.

        Args, returns and raises as `DDPM.generate_sample`.
        """
        # TODO(4.vae_sample): draw latents, decode them
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(4.vae_sample)")


class LDDPM(DDPM):
    """A DDPM on the latents of a VAE, which is frozen (LDM, sec. 3).

    Args:
        network: predicts the noise in latents, called as network(z_t, timestep, label).
        vae: a `VAE`, trained before.
        var_scheduler, p_uncond, guidance_weight: as of `DDPM`.

    Attributes:
        latent_std: what latents are divided by before they are diffused, a buffer of one number that checkpoints hold.
            main.py sets it to the standard deviation of the trained VAE's latents (LDM, appendix G).
    """

    def __init__(self, network, vae, var_scheduler, p_uncond=0.1, guidance_weight=1.0):
        super().__init__(network, var_scheduler, p_uncond, guidance_weight)
        self.vae = vae.requires_grad_(False)
        self.register_buffer("latent_std", torch.ones(()))

    def train(self, mode=True):
        """Given: training mode for the network; a frozen VAE stays in evaluation mode."""
        super().train(mode)
        self.vae.eval()
        return self

    def forward(self, x, label):
        """The training loss of one batch: DDPM's, of latents.

        Args and returns as `DDPM.forward`.
        """
        # TODO(4.lddpm_loss): encode, scale, and leave the rest to DDPM
        # (about 20 minutes, medium)
        raise NotImplementedError("TODO(4.lddpm_loss)")

    @torch.no_grad()
    def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):
        """Generate latents, and decode them once, all of them in one batch.

        Args, returns and raises as `DDPM.generate_sample`.
        """
        # TODO(4.lddpm_sample): noise of the latents' shape, the way down, the image at its end
        # (about 20 minutes, medium)
        raise NotImplementedError("TODO(4.lddpm_sample)")
