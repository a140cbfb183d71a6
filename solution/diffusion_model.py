"""Part 2: training and sampling with classifier-free guidance, for images and for sequences.

Timesteps count from 0.

References: Ho et al. 2020, "Denoising Diffusion Probabilistic Models" (DDPM); Ho & Salimans 2022, "Classifier-Free
Diffusion Guidance" (CFG).
"""

import math
import os

import torch
import torch.nn.functional as F
from ema import EMAModel
from noise_prediction_net import ConditionalUnet1D, ConditionalUnet2D, TesterModel
from noise_scheduler import NoiseScheduler
from randomizer import DL_random
from tqdm import tqdm
from trainers import TrainingError, autocast, write_whole

WARMUP_STEPS = 500  # the learning rate rises during these, and then falls along a cosine


class DiffusionModel:
    """A noise predictor, its average, and the noise schedule.

    Args:
        input_shape: shape of a sample: (C, H, H) for images, (length, values) for sequences.
        condition_dim: for images, the number of conditions including null; for sequences, the length of a condition.
        sequential: True for sequences, False for images.
        denoising_steps: T, the number of timesteps.
        p_uncond: probability with which training replaces a batch's condition by the null condition.
        weights_path: file of weights to load, written by `save_weights`.
        test: use `TesterModel` instead of a U-Net.

    Attributes:
        noise_pred_net: the network that you train; call it as noise_pred_net(x_t, t, cond).
        ema: the average of that network. Sample with `ema.averaged_model`.
        noise_scheduler: a `NoiseScheduler` with T steps.
        device: the device of both networks.
    """

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
        self.noise_scheduler = NoiseScheduler(denoising_steps)
        if test:
            self.noise_pred_net = TesterModel(input_shape, condition_dim)
        elif sequential:
            self.noise_pred_net = ConditionalUnet1D(input_dim=input_shape[1], global_cond_dim=condition_dim)
        else:
            channels, height, _ = input_shape
            self.noise_pred_net = ConditionalUnet2D(height, channels, channels, condition_dim)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.noise_pred_net.to(self.device)
        self.ema = EMAModel(self.noise_pred_net)
        self.optimizer = torch.optim.Adam(self.noise_pred_net.parameters(), lr=1e-4, weight_decay=1e-6)
        if weights_path is not None:
            self.load_weights(weights_path)

    def train(self, data_loader, train_epochs=10, learning_rate=1e-4, decay_epochs=None, state_path=None):
        """Train on batches of (data, cond).

        Args:
            data_loader: batches of x_0, shape (B, *input_shape), and conditions.
            train_epochs: passes over the data.
            learning_rate: peak learning rate of Adam.
            decay_epochs: epochs until the learning rate reaches zero; by default `train_epochs`.
            state_path: file for the state after each epoch. An interrupted run resumes from it.

        Returns:
            The mean loss of each epoch, a list of floats.

        Raises:
            ValueError: the network has no embedding for one of the conditions.
            TrainingError: the loss is not finite.
        """
        steps, losses = len(data_loader) * (decay_epochs or train_epochs), []
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"] = learning_rate
        schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: _warm_cosine(step, steps))
        parts = {"network": self.noise_pred_net, "average": self.ema.averaged_model}
        parts |= {"optimizer": self.optimizer, "schedule": schedule}
        if state_path and os.path.exists(state_path):
            losses = self._restore(state_path, parts)
        while len(losses) < train_epochs:
            losses.append(self._train_epoch(data_loader, schedule))
            self.training_epoch += 1
            print(f"epoch {self.training_epoch}: loss {losses[-1]:.4f}")
            if state_path:
                states = {name: part.state_dict() for name, part in parts.items()}
                rng = torch.get_rng_state()
                write_whole({"parts": states, "losses": losses, "ema_steps": self.ema.steps, "rng": rng}, state_path)
        if state_path:
            os.unlink(state_path)
        return losses

    def _restore(self, state_path, parts):
        state = torch.load(state_path, map_location=self.device, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(state["parts"][name])
        self.ema.steps = state["ema_steps"]
        self.training_epoch = len(state["losses"])
        torch.set_rng_state(state["rng"].cpu())
        print(f"resuming after epoch {self.training_epoch}")
        return state["losses"]

    def _train_epoch(self, data_loader, schedule):
        self.noise_pred_net.train()
        total = 0.0
        for data, cond in tqdm(data_loader, desc=f"epoch {self.training_epoch + 1}", leave=False):
            with autocast(self.device):
                loss = self.compute_loss_on_batch(data.to(self.device), cond.to(self.device))
            if not torch.isfinite(loss):
                raise TrainingError("the loss is not finite: lower the learning rate, or check compute_loss_on_batch")
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            schedule.step()
            self.ema.step(self.noise_pred_net)
            total += loss.item()
        return total / len(data_loader)

    def save_weights(self, path):
        """Save the weights to `path`, and the averaged weights beside it: 'a_ema.pth' beside 'a.pth'."""
        torch.save(self.noise_pred_net.state_dict(), path)
        torch.save(self.ema.averaged_model.state_dict(), ema_path(path))

    def load_weights(self, path):
        """Load the two files that `save_weights` has written.

        Raises:
            TrainingError: one of the files does not exist, or does not fit this network.
        """
        for network, file in ((self.noise_pred_net, path), (self.ema.averaged_model, ema_path(path))):
            if not os.path.isfile(file):
                raise TrainingError(
                    f"there is no {file}: train first, and save with save_weights(), which writes two files"
                )
            try:
                network.load_state_dict(torch.load(file, map_location=self.device, weights_only=True))
            except RuntimeError as error:
                raise TrainingError(f"{file} does not fit this network: {error}") from error

    def compute_loss_on_batch(self, data, cond, seed=None):
        """Compute the training loss of one batch. Implements algorithm 1 of CFG, but drops conditions per batch.

        Args:
            data: x_0, shape (B, *input_shape), float32.
            cond: conditions, shape (B,) for images, (B, condition_dim) for sequences.
            seed: pass it on to each call of `DL_random`.

        Returns:
            A scalar: the mean squared error of the predicted noise, with a random t for each item. With probability
            p_uncond, zeros (the null condition) replace the conditions of the whole batch.
        """
        # BEGIN ANSWER(2.guidance_dropout) [15 min, medium] drop the whole batch's condition with probability p_uncond
        if DL_random((1,), normal=False, seed=seed).item() < self.p_uncond:
            cond = torch.zeros_like(cond)
        # END ANSWER
        # BEGIN ANSWER(2.loss) [20 min, medium] draw t and noise for each item, predict the noise, compare
        t = DL_random((len(data),), int_range=(0, self.denoising_steps), seed=seed).to(data.device)
        noise = DL_random(tuple(data.shape), seed=seed).to(data.device)
        x_t = self.noise_scheduler.add_noise(data, noise, t)
        return F.mse_loss(self.noise_pred_net(x_t, t, cond), noise)
        # END ANSWER

    def generate_sample(self, cond, guidance_weight=0.0, threshold=False, seed=None):
        """Generate one sample per condition, in one batch, with the averaged network. Implements algorithm 2 of CFG.

        Args:
            cond: conditions, shape (B,) for images, (B, condition_dim) for sequences, on `device`.
            guidance_weight: w of CFG eq. (6). The noise estimate is (1 + w) eps(x_t, t, c) - w eps(x_t, t, 0).
            threshold: pass it on to `denoise_step`.
            seed: pass it on to `DL_random` and `denoise_step`.

        Returns:
            Samples, shape (B, *input_shape), float32.
        """
        network = self.ema.averaged_model
        network.eval()
        with torch.no_grad():
            # BEGIN ANSWER(2.sample) [40 min, hard] from noise at t = T - 1 down to t = 0, with guidance
            sample = DL_random((len(cond), *self.input_shape), seed=seed).to(self.device)
            both = torch.cat([cond, torch.zeros_like(cond)])
            for t in range(self.denoising_steps - 1, -1, -1):
                timestep = torch.full((len(both),), t, device=self.device)
                if guidance_weight == 0:
                    noise = network(sample, timestep[: len(cond)], cond)
                else:
                    doubled = sample.repeat(2, *[1] * len(self.input_shape))
                    conditional, unconditional = network(doubled, timestep, both).chunk(2)
                    noise = (1 + guidance_weight) * conditional - guidance_weight * unconditional
                sample = self.noise_scheduler.denoise_step(noise, t, sample, threshold, seed)
            # END ANSWER
        return sample


def ema_path(path):
    """Return the path of the averaged weights: 'a_ema.pth' for 'a.pth'."""
    root, extension = os.path.splitext(path)
    return f"{root}_ema{extension}"


def _warm_cosine(step, steps):
    """Return the learning rate as a fraction of its peak."""
    warmup = min(WARMUP_STEPS, max(1, steps // 10))
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, steps - warmup))))
