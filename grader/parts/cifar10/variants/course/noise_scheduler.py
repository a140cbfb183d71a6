"""In the style of the original course: numpy tables converted to float32 tensors, on the GPU if there is one."""

import numpy as np
import torch
from randomizer import DL_random


class NoiseScheduler:
    def __init__(self, num_steps, beta_start=0.0001, beta_end=0.02):
        self.beta_start = beta_start
        self.beta_end = beta_end
        self.num_steps = num_steps
        self.betas = np.linspace(self.beta_start, self.beta_end, self.num_steps)
        self.alphas = 1 - self.betas
        bars = []
        for step in range(num_steps):
            bars.append(np.prod(self.alphas[: step + 1]))
        self.alpha_bars = np.array(bars)

        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.alphas = torch.from_numpy(self.alphas).to(self.device).float()
        self.alpha_bars = torch.from_numpy(self.alpha_bars).to(self.device).float()
        self.betas = torch.from_numpy(self.betas).to(self.device).float()

    def denoise_step(self, model_prediction, t, x_t, threshold=False, seed=None):
        x_t = x_t.to(self.device)
        model_prediction = model_prediction.to(self.device)
        if t > 0:
            z = DL_random(x_t.shape, seed=seed).to(self.device)
            alpha_bar_prev = self.alpha_bars[t - 1]
        else:
            z = torch.zeros_like(x_t)
            alpha_bar_prev = torch.tensor(1.0, device=self.device)
        if not threshold:
            coefficient = (1 - self.alphas[t]) / torch.sqrt(1 - self.alpha_bars[t])
            mean = 1 / torch.sqrt(self.alphas[t]) * (x_t - coefficient * model_prediction)
        else:
            x_0 = x_t - torch.sqrt(1 - self.alpha_bars[t]) * model_prediction
            x_0 = torch.clip(x_0 / torch.sqrt(self.alpha_bars[t]), min=-1.0, max=1.0)
            first = torch.sqrt(alpha_bar_prev) * self.betas[t] / (1 - self.alpha_bars[t])
            second = torch.sqrt(self.alphas[t]) * (1 - alpha_bar_prev) / (1 - self.alpha_bars[t])
            mean = first * x_0 + second * x_t
        return mean + torch.sqrt(self.betas[t]) * z

    def add_noise(self, original_samples, noise, timesteps):
        noisy_samples = torch.zeros_like(original_samples)
        for i, t in enumerate(timesteps):
            signal = torch.sqrt(self.alpha_bars[t]) * original_samples[i]
            noisy_samples[i] = signal + torch.sqrt(1 - self.alpha_bars[t]) * noise[i]
        return noisy_samples
