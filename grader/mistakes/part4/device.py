"""Tensors on the wrong device. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch
from grader.mistakes.part4.schedule import DRAW

mistake = partial(one_patch, 4)

DEVICE = (
    mistake(
        "schedule_left_on_cpu",
        "alpha_bar = self.alpha_bars.to(x.device)[time_step]",
        "alpha_bar = self.alpha_bars[time_step].to(x.device)",
        "The tables of the schedule are on the CPU, and t on the GPU cannot index them: move the table before.",
        "device",
    ),
    mistake(
        "schedule_moved_to_first_gpu",
        "device = noisy_sample.device\n",
        'device = torch.device("cuda")\n',
        "The device is written into the code: use that of the tensor at hand.",
        "device",
    ),
    mistake(
        "training_noise_on_cpu",
        DRAW,
        "noise = torch.randn(x.shape)",
        "The noise in training is drawn on the CPU: torch.randn_like(x) draws it where x is.",
        "device",
    ),
    mistake(
        "start_noise_on_cpu",
        "torch.randn(num_samples, self.network.in_channels, 32, 32, device=device)",
        "torch.randn(num_samples, self.network.in_channels, 32, 32)",
        "Sampling starts from noise on the CPU: draw it on the device that is asked for.",
        "device",
    ),
    mistake(
        "timestep_on_cpu",
        "timestep = torch.full((len(x),), t, dtype=torch.int64, device=x.device)",
        "timestep = torch.full((len(x),), t, dtype=torch.int64)",
        "The timestep of the network is made on the CPU: make it where x_t is, in training as in sampling.",
        "device",
    ),
    mistake(
        "labels_left_on_cpu",
        "return labels.to(device)",
        "return labels",
        "The labels stay on the CPU: move those that are given to the device, and draw others there.",
        "device",
    ),
    mistake(
        "frequencies_on_cpu",
        "torch.arange(half, device=time.device)",
        "torch.arange(half)",
        "The frequencies of the time embedding are on the CPU: torch.arange(..., device=time.device).",
        "device",
    ),
    mistake(
        "ddim_schedule_on_cpu",
        "alpha_bars = self.var_scheduler.alpha_bars.to(noisy_sample.device)",
        "alpha_bars = self.var_scheduler.alpha_bars",
        "The DDIM's step indexes a table on the CPU with timesteps on the GPU: move the table before.",
        "ddim_device",
    ),
    mistake(
        "ddim_first_gpu",
        "alpha_bars = self.var_scheduler.alpha_bars.to(noisy_sample.device)",
        'alpha_bars = self.var_scheduler.alpha_bars.to("cuda" if noisy_sample.is_cuda else "cpu")',
        "The DDIM's step moves its table to the first GPU, whichever it computes on: use noisy_sample.device.",
        "ddim_device",
    ),
    mistake(
        "vae_noise_on_cpu",
        "torch.randn_like(mean)",
        "torch.randn(mean.shape)",
        "The noise of the latents is drawn on the CPU: torch.randn_like(mean) draws it where the mean is.",
        "vae_device",
    ),
    mistake(
        "vae_prior_on_cpu",
        "z = torch.randn(num_samples, self.latent_dim, *self.mid_size[1:], device=device)",
        "z = torch.randn(num_samples, self.latent_dim, *self.mid_size[1:])",
        "The latents that are decoded are drawn on the CPU: draw them on the device that is asked for.",
        "vae_device",
    ),
    mistake(
        "lddpm_noise_on_cpu",
        "z = torch.randn(num_samples, self.vae.latent_dim, *self.vae.mid_size[1:], device=device)",
        "z = torch.randn(num_samples, self.vae.latent_dim, *self.vae.mid_size[1:])",
        "Sampling starts from latents on the CPU: draw them on the device that is asked for.",
        "lddpm_device",
    ),
    mistake(
        "lddpm_scale_on_cpu",
        'self.register_buffer("latent_std", torch.ones(()))',
        "self.latent_std = torch.ones(1)",
        "The scale of the latents stays on the CPU: a buffer, as by register_buffer, moves with the model.",
        "lddpm_device",
    ),
)
