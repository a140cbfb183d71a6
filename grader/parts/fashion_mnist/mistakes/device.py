"""Tensors on the wrong device. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch
from grader.parts.fashion_mnist.mistakes.schedule import DRAW

mistake = partial(one_patch, 4)

DEVICE = (
    mistake(
        "schedule_left_on_cpu",
        "alpha_bar = self.alpha_bars.to(x.device)[time_step]",
        "alpha_bar = self.alpha_bars[time_step].to(x.device)",
        "Your schedule's tables are on the CPU, and t on the GPU cannot index them. Move the table first, then index "
        "it.",
        "device",
    ),
    mistake(
        "schedule_moved_to_first_gpu",
        "device = noisy_sample.device\n",
        'device = torch.device("cuda")\n',
        "Your code names a fixed device. It should use the device of the tensor at hand.",
        "device",
    ),
    mistake(
        "training_noise_on_cpu",
        DRAW,
        "noise = torch.randn(x.shape)",
        "Your code draws the noise for training on the CPU. torch.randn_like(x) draws it where x is.",
        "device",
    ),
    mistake(
        "start_noise_on_cpu",
        "torch.randn(num_samples, self.network.in_channels, 32, 32, device=device)",
        "torch.randn(num_samples, self.network.in_channels, 32, 32)",
        "Your sampler starts from noise on the CPU. It should draw the noise on the requested device.",
        "device",
    ),
    mistake(
        "timestep_on_cpu",
        "timestep = torch.full((len(x),), t, dtype=torch.int64, device=x.device)",
        "timestep = torch.full((len(x),), t, dtype=torch.int64)",
        "Your code makes the network's timestep on the CPU. It should make it where x_t is, in training and in "
        "sampling.",
        "device",
    ),
    mistake(
        "labels_left_on_cpu",
        "return labels.to(device)",
        "return labels",
        "Your labels stay on the CPU. Move given labels to the requested device, and draw random labels there.",
        "device",
    ),
    mistake(
        "frequencies_on_cpu",
        "torch.arange(half, device=time.device)",
        "torch.arange(half)",
        "Your time embedding makes its frequencies on the CPU. Use torch.arange(..., device=time.device).",
        "device",
    ),
    mistake(
        "ddim_schedule_on_cpu",
        "alpha_bars = self.var_scheduler.alpha_bars.to(noisy_sample.device)",
        "alpha_bars = self.var_scheduler.alpha_bars",
        "Your DDIM step indexes a table on the CPU with timesteps on the GPU. Move the table first.",
        "ddim_device",
    ),
    mistake(
        "ddim_first_gpu",
        "alpha_bars = self.var_scheduler.alpha_bars.to(noisy_sample.device)",
        'alpha_bars = self.var_scheduler.alpha_bars.to("cuda" if noisy_sample.is_cuda else "cpu")',
        "Your DDIM step moves its table to the first GPU, whichever GPU it computes on. Use noisy_sample.device.",
        "ddim_device",
    ),
    mistake(
        "vae_noise_on_cpu",
        "torch.randn_like(mean)",
        "torch.randn(mean.shape)",
        "Your VAE draws the noise for its latents on the CPU. torch.randn_like(mean) draws it where the mean is.",
        "vae_device",
    ),
    mistake(
        "vae_prior_on_cpu",
        "z = torch.randn(num_samples, self.latent_dim, *self.mid_size[1:], device=device)",
        "z = torch.randn(num_samples, self.latent_dim, *self.mid_size[1:])",
        "Your VAE draws the latents for generate_sample on the CPU. It should draw them on the requested device.",
        "vae_device",
    ),
    mistake(
        "lddpm_noise_on_cpu",
        "z = torch.randn(num_samples, self.vae.latent_dim, *self.vae.mid_size[1:], device=device)",
        "z = torch.randn(num_samples, self.vae.latent_dim, *self.vae.mid_size[1:])",
        "Your sampler starts from latents on the CPU. It should draw them on the requested device.",
        "lddpm_device",
    ),
    mistake(
        "lddpm_scale_on_cpu",
        'self.register_buffer("latent_std", torch.ones(()))',
        "self.latent_std = torch.ones(1)",
        "Your scale of the latents stays on the CPU. Make it a buffer with register_buffer, so that it moves with the "
        "model.",
        "lddpm_device",
    ),
)
