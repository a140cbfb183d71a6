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
        # BEGIN ANSWER(4.embedding) sin(w t) and cos(w t) for dim / 2 frequencies w
        half = self.dim // 2
        frequencies = torch.exp(-math.log(10000.0) * torch.arange(half, device=time.device) / half)
        angles = time[:, None].float() * frequencies[None, :]  # (B, dim / 2)
        return torch.cat([angles.sin(), angles.cos()], dim=-1)
        # END ANSWER


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
        # BEGIN ANSWER(4.unet) layers that see the image, the time and the label
        self.time_mlp = nn.Sequential(
            SinusoidalPositionEmbeddings(time_emb_dim),
            nn.Linear(time_emb_dim, time_emb_dim),
            nn.SiLU(),
            nn.Linear(time_emb_dim, time_emb_dim),
        )
        self.label_emb = nn.Embedding(num_classes + 1, time_emb_dim)
        # Folding 2x2 pixels into channels costs no detail and makes every layer four times cheaper.
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
            label: shape (B,), int64, in {0, ..., num_classes - 1} (ours also takes num_classes, the null label).

        Returns:
            The predicted noise, shape (B, C, H, W).
        """
        # BEGIN ANSWER(4.unet) the way down, the way up, and the skips between them
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
        # BEGIN ANSWER(4.schedule) betas for both interpolations, then alphas and alpha_bars
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
        """Sample x_t from q(x_t | x_0), one noise for every element. Implements eq. (4) of DDPM.

        Args:
            x: clean samples x_0, shape (B, ...), any rank, float32.
            time_step: t for every item, shape (B,), int64, in {0, ..., T - 1}.

        Returns:
            (noisy, noise): x_t and the standard normal noise in it, both of x's shape, dtype and device.
        """
        # BEGIN ANSWER(4.add_noise) eq. (4), reparameterised: x_t from x_0, t and a standard normal noise
        noise = torch.randn_like(x)
        alpha_bar = self.alpha_bars.to(x.device)[time_step]
        alpha_bar = alpha_bar.reshape(-1, *[1] * (x.dim() - 1))  # (B, 1, ..., 1)
        noisy = alpha_bar.sqrt() * x + (1 - alpha_bar).sqrt() * noise
        return noisy, noise
        # END ANSWER


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
        # BEGIN ANSWER(4.ddpm_loss) draw t and noise for every item, predict the noise, compare
        t = torch.randint(0, self.var_scheduler.num_steps, (len(x),), device=x.device)
        x_t, noise = self.var_scheduler.add_noise(x, t)
        drop = torch.rand(len(x), device=x.device) < self.p_uncond
        label = torch.where(drop, self.network.num_classes, label)
        return F.mse_loss(self.network(x_t, t, label), noise)
        # END ANSWER

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
        # BEGIN ANSWER(4.ddpm_step) the mean from x_t and the estimated noise, plus sigma_t z unless t = 0
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
        # BEGIN ANSWER(4.ddpm_sample) start from noise at t = T - 1 and walk down to t = 0
        if labels is None:
            labels = torch.randint(0, self.network.num_classes, (num_samples,))
        if len(labels) != num_samples:
            raise ValueError(f"{num_samples} samples need as many labels, not {len(labels)}")
        labels = labels.to(device)
        x = torch.randn(num_samples, self.network.in_channels, 32, 32, device=device)
        for t in reversed(range(self.var_scheduler.num_steps)):
            timestep = torch.full((num_samples,), t, dtype=torch.int64, device=device)
            x = self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)
        return x
        # END ANSWER

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
