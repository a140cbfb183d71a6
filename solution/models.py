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
        # BEGIN ANSWER(4.embedding) [15 min, medium] sin(w t) and cos(w t) for dim / 2 frequencies w
        half = self.dim // 2
        frequencies = torch.exp(-math.log(10000.0) * torch.arange(half, device=time.device) / half)
        angles = time[:, None].float() * frequencies[None, :]  # (B, dim / 2)
        return torch.cat([angles.sin(), angles.cos()], dim=-1)
        # END ANSWER


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
        # BEGIN ANSWER(4.unet) [60 min, hard] build layers for the image, the timestep and the label
        self.time_mlp = nn.Sequential(
            SinusoidalPositionEmbeddings(time_emb_dim),
            nn.Linear(time_emb_dim, time_emb_dim),
            nn.SiLU(),
            nn.Linear(time_emb_dim, time_emb_dim),
        )
        self.label_emb = nn.Embedding(num_classes + 1, time_emb_dim)
        # Folding 2x2 pixels into channels keeps every detail and makes every layer four times cheaper.
        self.fold = nn.PixelUnshuffle(2)
        self.stem = nn.Conv2d(4 * in_channels, down_channels[0], 3, padding=1)
        self.down = nn.ModuleList()
        self.pool = nn.ModuleList()
        for i, channels in enumerate(down_channels):
            previous = down_channels[max(i - 1, 0)]
            self.pool.append(nn.Conv2d(previous, previous, 3, stride=2, padding=1) if i else nn.Identity())
            self.down.append(ResidualBlock(previous, channels, time_emb_dim))
        self.middle = ResidualBlock(down_channels[-1], down_channels[-1], time_emb_dim)
        self.up = nn.ModuleList()
        previous = down_channels[-1]
        for skip_channels, channels in zip(reversed(down_channels), up_channels, strict=True):
            self.up.append(ResidualBlock(previous + skip_channels, channels, time_emb_dim))
            previous = channels
        self.norm = nn.GroupNorm(8, previous)
        self.head = nn.Conv2d(previous, 4 * in_channels, 3, padding=1)
        self.unfold = nn.PixelShuffle(2)
        # END ANSWER

    def forward(self, x, timestep, label):
        """Predict the noise in `x`.

        Args:
            x: noisy images x_t, shape (B, C, H, W), float32; H and W divisible by 8.
            timestep: shape (B,), int64, in {0, ..., T - 1}.
            label: shape (B,), int64, in {0, ..., num_classes - 1}. Ours also accepts num_classes, the null label.

        Returns:
            The predicted noise, shape (B, C, H, W).
        """
        # BEGIN ANSWER(4.unet) [30 min, medium] go down, go up, and add the skips between them
        emb = F.silu(self.time_mlp(timestep) + self.label_emb(label))
        h = self.stem(self.fold(x))
        skips = []
        for pool, block in zip(self.pool, self.down, strict=True):
            h = block(pool(h), emb)
            skips.append(h)
        h = self.middle(h, emb)
        for i, block in enumerate(self.up):
            if i:
                h = F.interpolate(h, scale_factor=2.0, mode="nearest")
            h = block(torch.cat([h, skips.pop()], dim=1), emb)
        return self.unfold(self.head(F.silu(self.norm(h))))
        # END ANSWER


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
        # BEGIN ANSWER(4.schedule) [15 min, easy] compute betas for both interpolations, then alphas and alpha_bars
        if interpolation == "linear":
            self.betas = torch.linspace(beta_start, beta_end, num_steps)
        elif interpolation == "quadratic":
            self.betas = torch.linspace(beta_start**0.5, beta_end**0.5, num_steps) ** 2
        else:
            raise ValueError(f"interpolation must be 'linear' or 'quadratic', not {interpolation!r}")
        self.alphas = 1.0 - self.betas
        self.alpha_bars = torch.cumprod(self.alphas, dim=0)
        # END ANSWER

    def add_noise(self, x, time_step):
        """Draw x_t from q(x_t | x_0), with new noise for every element. Implements eq. (4) of DDPM.

        Args:
            x: clean samples x_0, shape (B, ...), any rank, float32.
            time_step: t of every item, shape (B,), int64, in {0, ..., T - 1}.

        Returns:
            (noisy, noise): x_t and the standard normal noise in it, both with x's shape, dtype and device.
        """
        # BEGIN ANSWER(4.add_noise) [15 min, medium] eq. (4), reparameterised: x_t from x_0, t and standard normal noise
        noise = torch.randn_like(x)
        alpha_bar = self.alpha_bars.to(x.device)[time_step]
        alpha_bar = alpha_bar.reshape(-1, *[1] * (x.dim() - 1))  # (B, 1, ..., 1)
        noisy = alpha_bar.sqrt() * x + (1 - alpha_bar).sqrt() * noise
        return noisy, noise
        # END ANSWER


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
    # BEGIN ANSWER(4.ddpm_sampling_rules) [10 min, easy] draw labels if there are none; reject too few or too many
    if labels is None:
        labels = torch.randint(0, num_classes, (num_samples,))
    if len(labels) != num_samples:
        raise ValueError(f"{num_samples} samples need {num_samples} labels, got {len(labels)}")
    return labels.to(device)
    # END ANSWER


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
        # BEGIN ANSWER(4.ddpm_loss) [20 min, medium] draw t and noise for every item, predict the noise, compare the two
        t = torch.randint(0, self.var_scheduler.num_steps, (len(x),), device=x.device)
        x_t, noise = self.var_scheduler.add_noise(x, t)
        drop = torch.rand(len(x), device=x.device) < self.p_uncond
        label = torch.where(drop, self.network.num_classes, label)
        return F.mse_loss(self.network(x_t, t, label), noise)
        # END ANSWER

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
        # BEGIN ANSWER(4.ddpm_step) [25 min, medium] the mean from x_t and the noise, plus sigma_t z unless t = 0
        shape = (-1, *[1] * (noisy_sample.dim() - 1))
        device = noisy_sample.device
        beta = self.var_scheduler.betas.to(device)[timestep].reshape(shape)
        alpha = self.var_scheduler.alphas.to(device)[timestep].reshape(shape)
        alpha_bar = self.var_scheduler.alpha_bars.to(device)[timestep].reshape(shape)
        mean = (noisy_sample - beta / (1 - alpha_bar).sqrt() * estimated_noise) / alpha.sqrt()
        z = torch.randn_like(noisy_sample)
        z = z * (timestep.reshape(shape) > 0)
        return mean + beta.sqrt() * z
        # END ANSWER

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
        # BEGIN ANSWER(4.ddpm_sample) [10 min, easy] start from noise at t = T - 1
        labels = labels_of_samples(num_samples, self.network.num_classes, device, labels)
        x = torch.randn(num_samples, self.network.in_channels, 32, 32, device=device)
        return self.denoise(x, labels)
        # END ANSWER

    def denoise(self, x, labels):
        """Go from x_{T-1} down to x_0, `stride` timesteps at a time. Implements the loop of DDPM's algorithm 2.

        Args:
            x: noise x_{T-1}, shape (B, ...), float32.
            labels: shape (B,), int64, on the same device as x.

        Returns:
            x_0, same shape.
        """
        # BEGIN ANSWER(4.ddpm_sample) [15 min, medium] loop from t = T - 1 down to t = 0, with all samples in one batch
        for t in range(self.var_scheduler.num_steps - 1, -1, -self.stride):
            timestep = torch.full((len(x),), t, dtype=torch.int64, device=x.device)
            x = self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)
        return x
        # END ANSWER

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
        # BEGIN ANSWER(4.ddim_step) [30 min, hard] estimate x_0, then add the same noise again, for t - stride
        shape = (-1, *[1] * (noisy_sample.dim() - 1))
        alpha_bars = self.var_scheduler.alpha_bars.to(noisy_sample.device)
        alpha_bar, before = alpha_bars[timestep], timestep - self.stride
        alpha_bar_before = torch.where(before >= 0, alpha_bars[before.clamp(min=0)], 1.0)
        alpha_bar, alpha_bar_before = alpha_bar.reshape(shape), alpha_bar_before.reshape(shape)
        x_0 = (noisy_sample - (1 - alpha_bar).sqrt() * estimated_noise) / alpha_bar.sqrt()
        return alpha_bar_before.sqrt() * x_0 + (1 - alpha_bar_before).sqrt() * estimated_noise
        # END ANSWER


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
        # BEGIN ANSWER(4.vae) [45 min, hard] an encoder to the moments of the latents, a decoder that sees the label
        self.label_emb = nn.Embedding(num_classes, mid_channels[-1])
        self.fold = nn.PixelUnshuffle(patch)
        self.stem = nn.Conv2d(patch**2 * in_channels, mid_channels[0], size, padding=size // 2)
        self.encoder, self.pool, self.decoder = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        previous = mid_channels[0]
        for i, channels in enumerate(mid_channels):
            pool = nn.Conv2d(previous, previous, size, stride=self.scale, padding=size // 2)
            self.pool.append(pool if i else nn.Identity())
            self.encoder.append(ResidualBlock(previous, channels, mid_channels[-1], size=size))
            self.decoder.insert(0, ResidualBlock(channels, previous, mid_channels[-1], size=size))
            previous = channels
        self.moments = nn.Conv2d(previous, 2 * latent_dim, 1)
        self.widen = nn.Conv2d(latent_dim, previous, 1)
        self.norm = nn.GroupNorm(8, mid_channels[0])
        self.head = nn.Conv2d(mid_channels[0], patch**2 * in_channels, size, padding=size // 2)
        self.unfold = nn.PixelShuffle(patch)
        # END ANSWER

    def forward(self, x, label):
        """Encode, draw latents, and decode them.

        Args:
            x: images, shape (B, C, H, W), float32, in [-1, 1].
            label: shape (B,), int64.

        Returns:
            (reconstruction, mean, logvar): a reconstruction of x's shape, and the moments that `encode` returns.
        """
        # BEGIN ANSWER(4.vae) [10 min, easy] encode, draw latents, decode them
        mean, logvar = self.encode(x, label)
        return self.decode(self.reparameterize(mean, logvar), label), mean, logvar
        # END ANSWER

    def encode(self, x, label):
        """Compute the posterior q(z | x, label), a normal distribution with independent elements.

        Args:
            x: images, shape (B, C, H, W), float32, in [-1, 1].
            label: shape (B,), int64.

        Returns:
            (mean, logvar): its mean and the log of its variance, shape (B, latent_dim, h, w) each, float32.
        """
        # BEGIN ANSWER(4.vae) [20 min, medium] go down to the moments of the latents
        emb = F.silu(self.label_emb(label))
        h = self.stem(self.fold(x))
        for pool, block in zip(self.pool, self.encoder, strict=True):
            h = block(pool(h), emb)
        return self.moments(h).chunk(2, dim=1)
        # END ANSWER

    def decode(self, sample, labels):
        """Turn latents into images.

        Args:
            sample: latents z, shape (B, latent_dim, h, w), float32.
            labels: shape (B,), int64.

        Returns:
            Images, shape (B, C, H, W), float32, in [-1, 1].
        """
        # BEGIN ANSWER(4.vae_decode) [20 min, medium] go up to an image, with the help of the label
        emb = F.silu(self.label_emb(labels))
        h = self.widen(sample)
        for i, block in enumerate(self.decoder):
            if i:
                h = F.interpolate(h, scale_factor=float(self.scale), mode="nearest")
            h = block(h, emb)
        return self.unfold(self.head(F.silu(self.norm(h)))).tanh()
        # END ANSWER

    def reparameterize(self, mean, logvar):
        """Draw z from the posterior so that gradients reach its mean and variance (VAE, sec. 2.4).

        Args:
            mean, logvar: the mean and the log of the variance, any shape, float32.

        Returns:
            z, same shape.
        """
        # BEGIN ANSWER(4.vae_reparameterize) [5 min, easy] mean plus standard deviation times a standard normal draw
        return mean + (0.5 * logvar).exp() * torch.randn_like(mean)
        # END ANSWER

    @staticmethod
    def reconstruction_loss(pred, target):
        """Compute the absolute (or squared) errors of reconstructions, summed over each image.

        Args:
            pred, target: shape (B, C, H, W), float32.

        Returns:
            A scalar: the mean over the batch.
        """
        # BEGIN ANSWER(4.vae_reconstruction) [5 min, easy] sum over each image, mean over the batch
        return (pred - target).abs().flatten(1).sum(dim=1).mean()
        # END ANSWER

    @staticmethod
    def kl_loss(mean, logvar):
        """Compute KL(q(z | x) || N(0, I)), summed over the latents of each image (VAE, appendix B).

        Args:
            mean, logvar: the mean and the log of the variance, shape (B, ...), float32.

        Returns:
            A scalar in nats: the mean over the batch, as in `reconstruction_loss`.
        """
        # BEGIN ANSWER(4.vae_kl) [15 min, medium] the closed form for a normal distribution with independent elements
        divergence = 0.5 * (mean.square() + logvar.exp() - 1 - logvar)
        return divergence.flatten(1).sum(dim=1).mean()
        # END ANSWER

    @torch.no_grad()
    def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):
        """Generate all images in one batch, from latents drawn from the prior N(0, I).

        Arguments, result and exceptions are the same as for `DDPM.generate_sample`.
        """
        # BEGIN ANSWER(4.vae_sample) [10 min, easy] draw latents and decode them
        labels = labels_of_samples(num_samples, self.num_classes, device, labels)
        z = torch.randn(num_samples, self.latent_dim, *self.mid_size[1:], device=device)
        return self.decode(z, labels)
        # END ANSWER


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
        # BEGIN ANSWER(4.lddpm_loss) [20 min, medium] encode, scale, and leave the rest to DDPM
        latents = self.vae.reparameterize(*self.vae.encode(x, label))
        return super().forward(latents / self.latent_std, label)
        # END ANSWER

    @torch.no_grad()
    def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):
        """Generate all latents in one batch, then decode them once.

        Arguments, result and exceptions are the same as for `DDPM.generate_sample`.
        """
        # BEGIN ANSWER(4.lddpm_sample) [20 min, medium] noise in the latents' shape, the loop, then one decode
        labels = labels_of_samples(num_samples, self.vae.num_classes, device, labels)
        z = torch.randn(num_samples, self.vae.latent_dim, *self.vae.mid_size[1:], device=device)
        return self.vae.decode(self.denoise(z, labels) * self.latent_std, labels)
        # END ANSWER
