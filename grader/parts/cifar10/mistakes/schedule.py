"""Mistakes in the schedule and the forward process. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 2, file="noise_scheduler.py")

BETAS = "self.betas = torch.linspace(beta_start, beta_end, num_steps)"
CUMPROD = "torch.cumprod(self.alphas, dim=0)"
BAR = "alpha_bar = self.alpha_bars.to(original_samples.device)[timesteps]"
RESHAPE = "alpha_bar = alpha_bar.reshape(-1, *[1] * (original_samples.dim() - 1))"
NOISING = "return alpha_bar.sqrt() * original_samples + (1 - alpha_bar).sqrt() * noise"

SCHEDULE = (
    mistake(
        "alpha_bars_by_cumsum",
        CUMPROD,
        "torch.cumsum(self.alphas, dim=0)",
        "Your alpha_bar_t is the sum of the alphas up to t. It should be their product: use cumprod.",
        "schedule",
    ),
    mistake(
        "alpha_bars_of_betas",
        CUMPROD,
        "torch.cumprod(self.betas, dim=0)",
        "Your alpha_bar_t is the product of the betas. It should be the product of the alphas.",
        "schedule",
    ),
    mistake(
        "alpha_bars_without_current_step",
        CUMPROD,
        "torch.cat([torch.ones(1), torch.cumprod(self.alphas, dim=0)[:-1]])",
        "Your alpha_bar_t leaves out alpha_t. It should include it: alpha_bar_0 is alpha_0, not 1.",
        "schedule",
    ),
    mistake(
        "beta_end_too_small",
        "beta_end=0.02):",
        "beta_end=0.002):",
        "Your default of beta_end is 0.002, so an image still shows through at t = T - 1. It should be 0.02.",
        "schedule",
    ),
    mistake(
        "betas_exclude_the_end",
        BETAS,
        "self.betas = beta_start + (beta_end - beta_start) * torch.arange(num_steps) / num_steps",
        "Your betas stop before beta_end. beta_{T-1} is beta_end itself: divide by T - 1, or use linspace.",
        "schedule",
    ),
    mistake(
        "schedule_in_float64",
        BETAS,
        "self.betas = torch.linspace(beta_start, beta_end, num_steps, dtype=torch.float64)",
        "Your tables are float64, and so is everything you compute with them. Convert the tables with .float().",
        "schedule",
    ),
)

NOISE = (
    mistake(
        "noise_factor_of_root",
        NOISING,
        "return alpha_bar.sqrt() * original_samples + (1 - alpha_bar.sqrt()).sqrt() * noise",
        "Your factor of the noise is sqrt(1 - sqrt(alpha_bar_t)). It should be sqrt(1 - alpha_bar_t).",
        "add_noise",
        "training",
    ),
    mistake(
        "noise_factor_without_root",
        NOISING,
        "return alpha_bar.sqrt() * original_samples + (1 - alpha_bar) * noise",
        "Your factor of the noise lacks its square root. It should be sqrt(1 - alpha_bar_t).",
        "add_noise",
        "training",
    ),
    mistake(
        "sample_factor_without_root",
        NOISING,
        "return alpha_bar * original_samples + (1 - alpha_bar).sqrt() * noise",
        "Your factor of x_0 lacks its square root. It should be sqrt(alpha_bar_t).",
        "add_noise",
        "training",
    ),
    mistake(
        "noising_factors_swapped",
        NOISING,
        "return (1 - alpha_bar).sqrt() * original_samples + alpha_bar.sqrt() * noise",
        "Your code swaps the two factors. sqrt(alpha_bar_t) belongs to x_0, and sqrt(1 - alpha_bar_t) to the noise.",
        "add_noise",
        "training",
    ),
    mistake(
        "beta_and_alpha_for_noising",
        "        " + NOISING,
        "        beta = self.betas[timesteps].reshape(alpha_bar.shape)\n"
        "        return beta * noise + (1 - beta) * original_samples",
        "Your code uses beta_t and alpha_t, which describe a single step. x_t from x_0 needs sqrt(1 - alpha_bar_t) "
        "and sqrt(alpha_bar_t).",
        "add_noise",
        "training",
    ),
    mistake(
        "alpha_for_alpha_bar",
        BAR,
        "alpha_bar = self.alphas.to(original_samples.device)[timesteps]",
        "Your code uses alpha_t instead of alpha_bar_t. It takes t + 1 steps from x_0 to x_t, not one.",
        "add_noise",
        "training",
    ),
    mistake(
        "timestep_off_by_one",
        BAR,
        "alpha_bar = self.alpha_bars.to(original_samples.device)[timesteps - 1]",
        "Your code uses alpha_bar_{t-1} instead of alpha_bar_t. Timesteps count from 0.",
        "add_noise",
        "training",
    ),
    mistake(
        "alpha_bar_reshaped_for_vectors",
        RESHAPE,
        "alpha_bar = alpha_bar.reshape(-1, 1)",
        "Your alpha_bar_t has shape (B, 1), which fits only vectors. Give it as many dimensions as x_0: (B, 1, ..., "
        "1).",
        "add_noise",
    ),
    mistake(
        "noised_in_place",
        NOISING,
        "return original_samples.mul_(alpha_bar.sqrt()).add_((1 - alpha_bar).sqrt() * noise)",
        "Your code changes x_0 in place. The caller still needs it: return a new tensor.",
        "add_noise",
    ),
)
