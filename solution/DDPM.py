"""Part 3: the conditional DDPM with classifier-free guidance on MNIST.

Timesteps count from 1 in this file, as in the papers: t = 1 is the least noisy step and t = T the noisiest. The network
sees t / T. Images are standardised with MNIST's mean 0.1307 and standard deviation 0.3081.

References: Ho et al. 2020, "Denoising Diffusion Probabilistic Models" (DDPM); Ho & Salimans 2022, "Classifier-Free
Diffusion Guidance" (CFG).
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from ResUNet import ConditionalUnet


class ConditionalDDPM(nn.Module):
    """A conditional DDPM, with its training loss and guided sampling.

    Args:
        dmconfig: a `utils.DMConfig`.

    Attributes:
        network: a `ConditionalUnet`; call it as network(x_t, t / T, one_hot_labels).
        loss_fn: compares the predicted noise with the true noise.
    """

    def __init__(self, dmconfig):
        super().__init__()
        self.dmconfig = dmconfig
        self.loss_fn = nn.MSELoss()
        self.network = ConditionalUnet(dmconfig.num_channels, dmconfig.num_feat, dmconfig.num_classes)

    def scheduler(self, t_s):
        """Look up the variance schedule: beta_t runs linearly from beta_1 at t = 1 to beta_T at t = T.

        Args:
            t_s: one or more timesteps, any shape, integers in {1, ..., T}.

        Returns:
            A dictionary of float32 tensors with the shape of t_s: beta_t, sqrt_beta_t, alpha_t = 1 - beta_t,
            oneover_sqrt_alpha = 1 / sqrt(alpha_t), alpha_t_bar = alpha_1 ... alpha_t, sqrt_alpha_bar and
            sqrt_oneminus_alpha_bar = sqrt(1 - alpha_t_bar).
        """
        beta_1, beta_T, T = self.dmconfig.beta_1, self.dmconfig.beta_T, self.dmconfig.T
        # BEGIN ANSWER(3.schedule) [20 min, medium] beta_t, alpha_t, alpha_bar_t, and the roots in the docstring
        betas = torch.linspace(beta_1, beta_T, T, device=t_s.device)
        alpha_bars = torch.cumprod(1 - betas, dim=0)
        index = t_s.long() - 1
        beta_t, alpha_t_bar = betas[index], alpha_bars[index]
        alpha_t = 1 - beta_t
        return {
            "beta_t": beta_t,
            "sqrt_beta_t": beta_t.sqrt(),
            "alpha_t": alpha_t,
            "sqrt_alpha_bar": alpha_t_bar.sqrt(),
            "oneover_sqrt_alpha": 1 / alpha_t.sqrt(),
            "alpha_t_bar": alpha_t_bar,
            "sqrt_oneminus_alpha_bar": (1 - alpha_t_bar).sqrt(),
        }
        # END ANSWER

    def forward(self, images, conditions):
        """Compute the training loss of one batch. Implements algorithm 1 of CFG.

        Args:
            images: standardised images x_0, shape (B, 1, 28, 28), float32.
            conditions: labels, shape (B,), int64.

        Returns:
            A scalar: `loss_fn` of the predicted noise and the true noise. Each item has its own t ~ U{1, ..., T}. Its
            label is one-hot, or with probability mask_p a row in which every element is condition_mask_value.
        """
        # BEGIN ANSWER(3.training) [40 min, hard] drop labels, draw t and noise for each item, predict the noise
        config, device = self.dmconfig, images.device
        one_hot = F.one_hot(conditions, config.num_classes).to(device, images.dtype)
        drop = torch.rand(len(images), 1, device=device) < config.mask_p
        one_hot = torch.where(drop, config.condition_mask_value, one_hot)
        t = torch.randint(1, config.T + 1, (len(images), 1, 1, 1), device=device)
        noise = torch.randn_like(images)
        schedule = self.scheduler(t)
        x_t = schedule["sqrt_alpha_bar"] * images + schedule["sqrt_oneminus_alpha_bar"] * noise
        return self.loss_fn(self.network(x_t, t / config.T, one_hot), noise)
        # END ANSWER

    @torch.no_grad()
    def sample(self, conditions, omega):
        """Generate one image per condition, all in one batch. Implements algorithm 2 of CFG.

        Args:
            conditions: one-hot labels, shape (B, num_classes), any dtype; or labels, shape (B,), int64.
            omega: guidance weight. The noise estimate is (1 + omega) eps(x_t, t, c) - omega eps(x_t, t, null).

        Returns:
            Images, shape (B, 1, 28, 28), float32 in [0, 1].
        """
        # BEGIN ANSWER(3.sample) [45 min, hard] from noise at t = T down to t = 1, with sigma_t = sqrt(beta_t)
        config, device = self.dmconfig, conditions.device
        if conditions.dim() == 1:
            conditions = F.one_hot(conditions, config.num_classes)
        conditions = conditions.float()
        both = torch.cat([conditions, torch.full_like(conditions, config.condition_mask_value)])
        x_t = torch.randn(len(conditions), config.num_channels, *config.input_dim, device=device)
        for step in range(config.T, 0, -1):
            t = torch.full((len(both), 1, 1, 1), step, device=device)
            conditional, unconditional = self.network(x_t.repeat(2, 1, 1, 1), t / config.T, both).chunk(2)
            noise = (1 + omega) * conditional - omega * unconditional
            now = self.scheduler(t[:1])
            mean = now["oneover_sqrt_alpha"] * (x_t - now["beta_t"] / now["sqrt_oneminus_alpha_bar"] * noise)
            z = torch.randn_like(x_t) if step > 1 else torch.zeros_like(x_t)
            x_t = mean + now["sqrt_beta_t"] * z
        # END ANSWER
        return (x_t * 0.3081 + 0.1307).clamp(0, 1)  # given: undo the standardisation
