"""Part 2: the forward process and the reverse step of a DDPM, with thresholding.

Timesteps count from 0: t = 0 is the least noisy step and t = T - 1 the noisiest, where T is `num_steps`.

Equation numbers are those of Ho et al. 2020, "Denoising Diffusion Probabilistic Models".
"""

import torch
from randomizer import DL_random


class NoiseScheduler:
    """The variance schedule of the forward process, and both of its directions.

    Args:
        num_steps: T, the number of timesteps.
        beta_start, beta_end: beta_0 and beta_{T-1}; beta_t is linear in between.

    Attributes:
        num_steps: T.
        betas: beta_t, shape (T,), float32.
        alphas: alpha_t = 1 - beta_t, shape (T,), float32.
        alpha_bars: alpha_bar_t = alpha_0 alpha_1 ... alpha_t, shape (T,), float32.
    """

    def __init__(self, num_steps, beta_start=0.0001, beta_end=0.02):
        self.num_steps = num_steps
        # TODO(2.schedule): betas, alphas and alpha_bars
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(2.schedule)")

    def add_noise(self, original_samples, noise, timesteps):
        """Add noise to each sample, up to its own timestep. Implements eq. (4), reparameterised.

        Args:
            original_samples: x_0, shape (B, ...) of any rank, float32.
            noise: standard normal noise, same shape.
            timesteps: t of each sample, shape (B,), int64, in {0, ..., T - 1}.

        Returns:
            x_t, same shape.
        """
        # TODO(2.add_noise): x_t from x_0, t and the noise
        # (about 15 minutes, medium)
        raise NotImplementedError("TODO(2.add_noise)")

    def denoise_step(self, model_prediction, t, x_t, threshold=False, seed=None):
        """Take one reverse step: sample x_{t-1} given x_t, with sigma_t^2 = beta_t. Implements line 4 of algorithm 2.

        Args:
            model_prediction: the predicted noise, shape (B, ...), float32.
            t: the timestep, an int in {0, ..., T - 1}.
            x_t: the noisy samples, same shape.
            threshold: if True, estimate x_0 with eq. (15), clamp it to [-1, 1], and use the mean of eq. (7). sigma_t
                stays the same, and alpha_bar_{-1} is 1.
            seed: pass it on to the one call of `DL_random`.

        Returns:
            x_{t-1}, same shape. At t = 0 this is the mean, without noise.
        """
        beta, alpha, alpha_bar = self.betas[t], self.alphas[t], self.alpha_bars[t]
        if threshold:
            # TODO(2.threshold): the mean of eq. (7) with a clamped estimate of x_0
            # (about 30 minutes, hard)
            raise NotImplementedError("TODO(2.threshold)")
        else:
            # TODO(2.denoise_step): the mean of eq. (11)
            # (about 15 minutes, medium)
            raise NotImplementedError("TODO(2.denoise_step)")
        # TODO(2.denoise_step): add sigma_t z, but not at t = 0
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(2.denoise_step)")
