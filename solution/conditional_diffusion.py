"""Part 5: a DDPM on i-CLEVR, with several labels a picture and classifier-free guidance.

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

CONDITIONS = 24  # objects of objects.json: a cube of each colour, then a sphere, then a cylinder
STRIP = 12  # steps from one picture of a denoising strip to the next are T / STRIP


def cosine_betas(num_steps, s=0.008):
    """The variances of the cosine schedule (IDDPM, eq. 17).

    Args:
        num_steps: T.
        s: keeps the first variances from being too small.

    Returns:
        beta_t for t = 0, ..., T - 1: shape (T,), float32. With f(u) = cos^2((u / T + s) / (1 + s) pi / 2), each is
        1 - f(t + 1) / f(t), but 0.999 at most.
    """
    # BEGIN ANSWER(5.cosine) [15 min, medium] f at 0, ..., T, and how much each differs from the one before
    u = torch.arange(num_steps + 1, dtype=torch.float64) / num_steps
    f = torch.cos((u + s) / (1 + s) * math.pi / 2).square()
    return (1 - f[1:] / f[:-1]).clamp(max=0.999).float()
    # END ANSWER


class MultiLabelUnet(nn.Module):
    """The noise predictor eps_theta(x_t, t, labels): a given U-Net, which you tell the time and the labels.

    Args:
        num_conditions: length of a condition, which holds each of the 8 colours for one shape after another.
        channels: of each level, each divisible by 8; the resolution halves between two levels, and the first level
            has half the picture's.

    Attributes:
        num_conditions: as above.
    """

    def __init__(self, num_conditions=CONDITIONS, channels=(64, 112, 144)):
        super().__init__()
        self.num_conditions = num_conditions
        emb_dim = 4 * channels[0]
        self.time = TimestepEmbedding(emb_dim)
        self.fold, self.unfold = nn.PixelUnshuffle(2), nn.PixelShuffle(2)  # nothing is lost, a layer costs a quarter
        self.unet = Unet(12, 12, channels, emb_dim, dims=2, block=partial(LabelledBlock, num_conditions=num_conditions))
        # BEGIN ANSWER(5.multi_label) [10 min, easy] a layer from a condition to an embedding of emb_dim
        self.labels = nn.Sequential(nn.Linear(num_conditions, emb_dim), nn.SiLU(), nn.Linear(emb_dim, emb_dim))
        # END ANSWER

    def forward(self, x, timestep, labels):
        """Predict the noise in `x`.

        Args:
            x: x_t, shape (B, 3, H, W), float32; H and W divisible by 8.
            timestep: t of each item, shape (B,), int64.
            labels: conditions, shape (B, num_conditions), float32; a row of zeros is the null condition.

        Returns:
            The predicted noise, shape (B, 3, H, W).
        """
        # BEGIN ANSWER(5.multi_label) [10 min, medium] the U-Net gets one embedding of time and labels, and the labels
        emb = F.silu(self.time(timestep) + self.labels(labels))
        return self.unfold(self.unet(self.fold(x), emb, labels))
        # END ANSWER


class MultiLabelDDPM(nn.Module):
    """A denoising diffusion model of pictures with several labels.

    Args:
        network: predicts the noise, called as network(x_t, timestep, labels).
        num_steps: T.
        p_uncond: probability with which training replaces a picture's condition by the null condition.
        guidance_weight: w of CFG eq. (6); 0 is no guidance.

    Attributes:
        betas, alpha_bars: beta_t and alpha_bar_t = (1 - beta_0) ... (1 - beta_t), shape (T,), float32, where the
            module is.
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
        """Replace conditions by the null condition, each with probability `p_uncond` (CFG, algorithm 1).

        Args:
            labels: conditions, shape (B, num_conditions), float32; they are not changed.

        Returns:
            Conditions of the same shape: a row is what it was, or all zeros.
        """
        # BEGIN ANSWER(5.label_dropout) [10 min, medium] one decision for each picture, not one for each label
        kept = torch.rand(len(labels), 1, device=labels.device) >= self.p_uncond
        return labels * kept
        # END ANSWER

    def forward(self, images, labels):
        """The training loss of a batch (DDPM, eq. 14), with labels dropped for CFG.

        Args:
            images: x_0, shape (B, 3, H, W), float32, in [-1, 1].
            labels: conditions, shape (B, num_conditions), float32.

        Returns:
            The mean squared error of the predicted noise, at a random timestep for each picture: a scalar.
        """
        # BEGIN ANSWER(5.ddpm_loss) [20 min, medium] noise the pictures, and predict that noise
        timestep = torch.randint(0, self.num_steps, (len(images),), device=images.device)
        noise = torch.randn_like(images)
        alpha_bar = self.alpha_bars[timestep].reshape(-1, 1, 1, 1)
        noisy = alpha_bar.sqrt() * images + (1 - alpha_bar).sqrt() * noise
        return F.mse_loss(self.network(noisy, timestep, self.drop_labels(labels)), noise)
        # END ANSWER

    def guided_noise(self, x_t, timestep, labels):
        """The noise estimate (1 + w) eps(x_t, t, labels) - w eps(x_t, t, null) of CFG eq. (6).

        Args:
            x_t: shape (B, 3, H, W), float32.
            timestep: shape (B,), int64.
            labels: conditions, shape (B, num_conditions), float32.

        Returns:
            Of x_t's shape.
        """
        # BEGIN ANSWER(5.guidance) [15 min, medium] with and without labels; one batch of both is quickest
        w = self.guidance_weight
        if w == 0:
            return self.network(x_t, timestep, labels)
        both = torch.cat([labels, torch.zeros_like(labels)])
        with_labels, without = self.network(x_t.repeat(2, 1, 1, 1), timestep.repeat(2), both).chunk(2)
        return (1 + w) * with_labels - w * without
        # END ANSWER

    def recover_sample(self, noisy_sample, estimated_noise, timestep):
        """One reverse step: sample x_{t-1} from the posterior of x_t and of a clamped estimate of x_0.

        Args:
            noisy_sample: x_t, shape (B, 3, H, W), float32.
            estimated_noise: eps, same shape.
            timestep: t of every item, shape (B,), int64; the same t for the whole batch.

        Returns:
            x_{t-1}, same shape: DDPM eq. (7)'s mean of x_t and of x_0 = (x_t - sqrt(1 - alpha_bar_t) eps) /
            sqrt(alpha_bar_t) clamped to [-1, 1], plus noise of its variance (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t)
            beta_t. At t = 0, where alpha_bar_{t-1} is 1, that is x_0.
        """
        # BEGIN ANSWER(5.ddpm_step) [30 min, hard] estimate x_0 and clamp it, then mean and noise of the posterior
        t = int(timestep[0])
        beta, alpha_bar = self.betas[t], self.alpha_bars[t]
        before = self.alpha_bars[t - 1] if t > 0 else torch.ones_like(alpha_bar)
        x_0 = ((noisy_sample - (1 - alpha_bar).sqrt() * estimated_noise) / alpha_bar.sqrt()).clamp(-1, 1)
        mean = before.sqrt() * beta * x_0 + (1 - beta).sqrt() * (1 - before) * noisy_sample
        sigma = ((1 - before) / (1 - alpha_bar) * beta).sqrt()
        return mean / (1 - alpha_bar) + sigma * torch.randn_like(noisy_sample)
        # END ANSWER

    def denoise(self, x, labels):
        """Walk down from x_{T-1} to the picture: the loop of DDPM's algorithm 2.

        Args:
            x: noise, shape (B, 3, H, W), float32.
            labels: conditions, shape (B, num_conditions), float32, on x's device.

        Yields:
            After each of the T steps what is there, of x's shape.
        """
        # BEGIN ANSWER(5.ddpm_sample) [15 min, medium] from t = T - 1 down to t = 0, all pictures in one batch
        for t in range(self.num_steps - 1, -1, -1):
            timestep = torch.full((len(x),), t, dtype=torch.int64, device=x.device)
            x = self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)
            yield x
        # END ANSWER

    @torch.no_grad()
    def generate_sample(self, labels, device=torch.device("cuda")):
        """Generate a picture for each condition, all of them in one batch.

        Args:
            labels: conditions, shape (N, num_conditions), float32.
            device: where to compute; the module is there.

        Returns:
            Pictures, shape (N, 3, 64, 64), float32, in [-1, 1], on `device`.
        """
        # BEGIN ANSWER(5.ddpm_sample) [10 min, easy] from noise to the last that `denoise` yields
        x = torch.randn(len(labels), 3, 64, 64, device=device)
        for picture in self.denoise(x, labels.to(device)):
            x = picture
        return x
        # END ANSWER

    @torch.no_grad()
    def denoising_strip(self, labels, device=torch.device("cuda")):
        """How pictures come out of the noise.

        Args:
            labels, device: as of `generate_sample`.

        Returns:
            The noise, and then what is there after every T / 12 steps (12 divides T): shape (N, 13, 3, 64, 64).
        """
        # BEGIN ANSWER(5.strip) [15 min, easy] the first and every (T / 12)-th after it; the last is the picture
        x = torch.randn(len(labels), 3, 64, 64, device=device)
        states = [x, *self.denoise(x, labels.to(device))]
        return torch.stack(states[:: self.num_steps // STRIP], dim=1)
        # END ANSWER


def prepare_cddpm():
    """Build the model whose weights are in `checkpoints/CDDPM.pt`.

    Returns:
        A `MultiLabelDDPM` on the CPU. Its `generate_sample` is called for 32 conditions: fewer timesteps are graded
        sooner.
    """
    # BEGIN ANSWER(5.prepare_cddpm) [5 min, easy] a network and its model, as you trained them
    return MultiLabelDDPM(MultiLabelUnet(channels=(64, 112, 144)), num_steps=120, guidance_weight=2.0)
    # END ANSWER
