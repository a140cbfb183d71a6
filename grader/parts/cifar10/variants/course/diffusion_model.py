"""In the style of the original course: with an old version of diffusers, and two network calls per step."""

import torch
from diffusers.optimization import get_scheduler
from diffusers.training_utils import EMAModel
from noise_prediction_net import ConditionalUnet1D, ConditionalUnet2D, TesterModel
from noise_scheduler import NoiseScheduler
from randomizer import DL_random
from torch import nn


class DiffusionModel:
    def __init__(
        self,
        input_shape,
        condition_dim,
        sequential=True,
        denoising_steps=100,
        p_uncond=0.2,
        weights_path=None,
        test=False,
    ):
        self.training_epoch = 0
        self.input_shape = input_shape
        self.condition_dim = condition_dim
        self.sequential = sequential
        self.p_uncond = p_uncond
        self.denoising_steps = denoising_steps
        self.noise_scheduler = NoiseScheduler(self.denoising_steps)
        if test:
            self.noise_pred_net = TesterModel(input_shape, condition_dim)
        elif self.sequential:
            _, input_dim = input_shape
            self.noise_pred_net = ConditionalUnet1D(input_dim=input_dim, global_cond_dim=self.condition_dim)
        else:
            c_in, height, width = input_shape
            assert height == width
            self.noise_pred_net = ConditionalUnet2D(
                input_dim=height, c_in=c_in, c_out=c_in, global_cond_dim=self.condition_dim
            )
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.ema = EMAModel(model=self.noise_pred_net, power=0.75)
        if weights_path is not None:
            self.load_weights(weights_path)
        self.noise_pred_net.to(self.device)
        self.ema.averaged_model.to(self.device)
        self.optimizer = torch.optim.Adam(self.noise_pred_net.parameters(), lr=1e-4, weight_decay=1e-6)

    def train(self, data_loader, train_epochs=10):
        self.noise_pred_net.train()
        steps = len(data_loader) * train_epochs
        self.lr_scheduler = get_scheduler("cosine", self.optimizer, num_warmup_steps=500, num_training_steps=steps)
        for _ in range(train_epochs):
            for data, cond in data_loader:
                loss = self.compute_loss_on_batch(data.to(self.device), cond.to(self.device))
                loss.backward()
                self.optimizer.step()
                self.optimizer.zero_grad()
                self.lr_scheduler.step()
                self.ema.step(self.noise_pred_net)
            self.training_epoch += 1

    def load_weights(self, path):
        self.noise_pred_net.load_state_dict(torch.load(path, map_location=self.device))
        self.ema.averaged_model.load_state_dict(torch.load(path[:-4] + "_ema.pth", map_location=self.device))

    def compute_loss_on_batch(self, data, cond, seed=None):
        keep = DL_random(shape=(1,), normal=False, seed=seed).item() >= self.p_uncond
        cond = cond * keep
        noise = DL_random(data.shape, seed=seed).to(self.device)
        timesteps = DL_random((data.shape[0],), [0, self.denoising_steps], seed=seed).to(self.device)
        noisy = self.noise_scheduler.add_noise(data, noise, timesteps)
        return nn.MSELoss()(noise, self.noise_pred_net(noisy, timesteps, cond))

    def generate_sample(self, cond, guidance_weight=0.0, threshold=False, seed=None):
        noise_pred_net = self.ema.averaged_model
        noise_pred_net.eval()
        with torch.no_grad():
            sample = DL_random((cond.shape[0], *self.input_shape), seed=seed).to(self.device)
            null = torch.zeros_like(cond)
            for t in reversed(range(self.denoising_steps)):
                timesteps = torch.ones(cond.shape[0], dtype=torch.long, device=self.device) * t
                guided = (1 + guidance_weight) * noise_pred_net(sample, timesteps, cond)
                if guidance_weight != 0:
                    guided -= guidance_weight * noise_pred_net(sample, timesteps, null)
                sample = self.noise_scheduler.denoise_step(guided, t, sample, threshold=threshold, seed=seed)
        noise_pred_net.train()
        return sample
