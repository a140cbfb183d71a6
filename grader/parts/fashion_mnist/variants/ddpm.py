"""Correct alternatives of the DDPM."""

from grader.course.assignment import Variant
from grader.parts.fashion_mnist.mistakes.ddim import STEPS
from grader.parts.fashion_mnist.mistakes.ddpm_sampling import LAST, LOOP, MEAN, STEP, UPDATE
from grader.parts.fashion_mnist.mistakes.ddpm_training import LOSS
from grader.parts.fashion_mnist.mistakes.schedule import CUMPROD, DRAW, LINEAR, NOISING

COEFFICIENTS = """        shape = (-1, *[1] * (noisy_sample.dim() - 1))
        device = noisy_sample.device
        beta = self.var_scheduler.betas.to(device)[timestep].reshape(shape)
        alpha = self.var_scheduler.alphas.to(device)[timestep].reshape(shape)
        alpha_bar = self.var_scheduler.alpha_bars.to(device)[timestep].reshape(shape)
"""
HEAD = "        self.head = nn.Conv2d(previous, 4 * in_channels, 3, padding=1)\n"
PLAIN_SAMPLING = (UPDATE, "x = self.recover_sample(x, self.network(x, timestep, labels), timestep)")

POSTERIOR_VARIANCE = Variant(
    "4.posterior_variance",
    ((STEP, "return mean + (beta * (1 - alpha_bar / alpha) / (1 - alpha_bar)).sqrt() * z"),),
    alternative_for=("4.ddpm_step", "4.ddpm_sample"),
)

L1_LOSS = Variant(
    "4.l1_loss",
    ((LOSS, "return F.l1_loss(self.network(x_t, t, label), noise)"),),
    alternative_for=("4.ddpm_loss", "4.ddpm_gradient", "4.ddim_loss", "4.lddpm_loss"),
)

WITHOUT_GUIDANCE = Variant(
    "4.without_guidance",
    (("        label = torch.where(drop, self.network.num_classes, label)\n", ""), PLAIN_SAMPLING),
)

SCALAR_TIMESTEP = Variant(
    "4.scalar_timestep",
    (
        (
            COEFFICIENTS,
            "        beta = self.var_scheduler.betas[timestep]\n"
            "        alpha = self.var_scheduler.alphas[timestep]\n"
            "        alpha_bar = self.var_scheduler.alpha_bars[timestep]\n",
        ),
        ("z = torch.randn_like(noisy_sample)\n", "z = torch.randn_like(noisy_sample) if timestep > 0 else 0.0\n"),
        ("        " + LAST + "\n", ""),
        (UPDATE, "x = self.recover_sample(x, self.guided_noise(x, timestep, labels), t)"),
        (STEPS, "alpha_bar, before = alpha_bars[timestep], torch.as_tensor(timestep - self.stride)"),
    ),
)

MEAN_THROUGH_X0 = Variant(
    "4.mean_through_x0",  # DDPM eq. (7) with the x_0 from eq. (4), clamped to [-1, 1]
    (
        (
            MEAN,
            "previous = alpha_bar / alpha\n"
            "        x_0 = (noisy_sample - (1 - alpha_bar).sqrt() * estimated_noise) / alpha_bar.sqrt()\n"
            "        x_0 = x_0.clamp(-1, 1)\n"
            "        mean = previous.sqrt() * beta / (1 - alpha_bar) * x_0\n"
            "        mean = mean + alpha.sqrt() * (1 - previous) / (1 - alpha_bar) * noisy_sample",
        ),
    ),
)

INTERLEAVED_EMBEDDING = Variant(
    "4.interleaved_embedding",  # as in "Attention Is All You Need", with the last frequency exactly 1/10000
    (
        ("torch.arange(half, device=time.device) / half)", "torch.arange(half, device=time.device) / (half - 1))"),
        (
            "torch.cat([angles.sin(), angles.cos()], dim=-1)",
            "torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)",
        ),
    ),
)

FLOAT64_SCHEDULE = Variant(
    "4.float64_schedule",
    (
        (LINEAR, "self.betas = torch.linspace(beta_start, beta_end, num_steps, dtype=torch.float64)\n"),
        (
            CUMPROD,
            "torch.cumprod(self.alphas, dim=0).float()\n"
            "        self.betas, self.alphas = self.betas.float(), self.alphas.float()",
        ),
    ),
)

OTHER_RANDOM_CALLS = Variant(
    "4.other_random_calls",
    (
        (DRAW, "noise = torch.distributions.Normal(0.0, 1.0).sample(x.shape).to(x.device)"),
        ("z = torch.randn_like(noisy_sample)\n", "z = torch.empty_like(noisy_sample).normal_(0, 1)\n"),
        (
            "torch.randn(num_samples, self.network.in_channels, 32, 32, device=device)",
            "torch.normal(0.0, 1.0, size=(num_samples, 1, 32, 32)).to(device)",
        ),
    ),
)

NUMPY_NOISE = Variant(
    "4.numpy_noise",
    (
        ("import torch\nimport torch.nn as nn", "import numpy as np\nimport torch\nimport torch.nn as nn"),
        (DRAW, "noise = torch.from_numpy(np.random.randn(*x.shape)).to(x)"),
    ),
)

LOSS_BY_HAND = Variant(
    "4.loss_by_hand",
    (
        (LOSS, "return ((noise - self.network(x_t, t, label)) ** 2).sum() / x.numel()"),
        (LOOP, "for t in range(self.var_scheduler.num_steps - 1, -1, -1):"),
        (NOISING, "noisy = torch.sqrt(alpha_bar) * x + torch.sqrt(1.0 - alpha_bar) * noise"),
    ),
)

CLAMPED_SAMPLES = Variant(
    "4.clamped_samples",
    (("            " + UPDATE + "\n        return x", "            " + UPDATE + "\n        return x.clamp(-1, 1)"),),
)

BUFFERS = Variant(
    "4.scheduler_with_buffers",
    (
        ("class VarianceScheduler:", "class VarianceScheduler(nn.Module):"),
        ("        self.num_steps = num_steps\n", "        super().__init__()\n        self.num_steps = num_steps\n"),
        (LINEAR, 'self.register_buffer("betas", torch.linspace(beta_start, beta_end, num_steps))\n'),
    ),
)

ZERO_INITIALISED_HEAD = Variant(
    "4.zero_initialised_head",
    (
        (
            HEAD,
            f"{HEAD}        nn.init.zeros_(self.head.weight)\n        nn.init.zeros_(self.head.bias)\n",
        ),
    ),
)

OWN_EXCEPTION = Variant(
    "4.own_exception", (('raise ValueError(f"interpolation', 'raise NotImplementedError(f"interpolation'),)
)
