"""Correct alternatives of the latent DDPM."""

from pathlib import Path

from grader.authoring.patching import definition
from grader.course.assignment import Variant
from grader.parts.fashion_mnist.mistakes.lddpm import DECODE, ENCODE, FREEZE, LOSS, SHAPE

THE_COURSES_STYLE = Variant(
    "4.lddpm_in_the_courses_style",  # a separate module, without guidance or scale, with one t for the whole batch
    (
        (
            definition("models.py", "LDDPM"),
            """class LDDPM(nn.Module):
    def __init__(self, network: nn.Module, vae: VAE, var_scheduler: VarianceScheduler) -> None:
        super().__init__()
        self.scheduler = var_scheduler
        self.noise_latents = var_scheduler.add_noise
        self.autoencoder = vae
        self.unet = network
        for parameter in self.autoencoder.parameters():
            parameter.requires_grad = False

    def forward(self, x: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        t = torch.randint(0, self.scheduler.num_steps, (x.shape[0],), device=x.device)
        with torch.no_grad():
            _, mean, _ = self.autoencoder(x, label)
        z, noise = self.noise_latents(mean, t)
        return F.mse_loss(self.unet(z, t, label), noise)

    @torch.no_grad()
    def recover_sample(self, noisy_sample, estimated_noise, timestep):
        t = int(timestep)
        beta, alpha = self.scheduler.betas[t], self.scheduler.alphas[t]
        z = (noisy_sample - beta / torch.sqrt(1 - self.scheduler.alpha_bars[t]) * estimated_noise) / torch.sqrt(alpha)
        if t > 0:
            z += torch.sqrt(beta) * torch.randn_like(z)
        return z

    @torch.no_grad()
    def generate_sample(self, num_samples: int, device=torch.device("cuda"), labels: torch.Tensor = None):
        if labels is not None:
            assert len(labels) == num_samples, "number of labels should be the same as number of samples!"
            labels = labels.to(device)
        else:
            labels = torch.randint(0, self.autoencoder.num_classes, [num_samples], device=device)
        size = (self.autoencoder.latent_dim, self.autoencoder.mid_size[1], self.autoencoder.mid_size[2])
        sample = torch.randn((num_samples, *size), device=device)
        for t in reversed(range(self.scheduler.num_steps)):
            t = torch.tensor([t], device=device)
            sample = self.recover_sample(sample, self.unet(sample, t, labels), t)
        return self.autoencoder.decode(sample, labels)
""",
        ),
    ),
    files=Path(__file__).parent / "course",
)

POSTERIOR_MEAN = Variant("4.lddpm_posterior_mean", ((ENCODE, "latents, _ = self.vae.encode(x, label)"),))

CONSTANT_SCALE = Variant(
    "4.lddpm_constant_scale",
    (("latents / self.latent_std", "latents * 0.18215"), ("labels) * self.latent_std", "labels) / 0.18215")),
)

SHIFTED = Variant(
    "4.lddpm_shifted_latents",  # so that latents have mean 0 as well
    (
        (FREEZE, f'{FREEZE}\n        self.register_buffer("latent_mean", torch.zeros(()))'),
        ("latents / self.latent_std", "(latents - self.latent_mean) / self.latent_std"),
        ("labels) * self.latent_std", "labels) * self.latent_std + self.latent_mean"),
    ),
)

DDIM_OF_LATENTS = Variant(
    "4.lddpm_ddim",
    (
        ("class LDDPM(DDPM):", "class LDDPM(DDIM):"),
        (FREEZE, f"{FREEZE}\n        self.stride = 2"),
    ),
)

VECTORS = Variant(
    "4.lddpm_vectors",  # latents are diffused as vectors, and the U-Net gets them as maps
    (
        (
            FREEZE,
            f"{FREEZE}\n        self.maps = vae.latent_dim, *vae.mid_size[1:]",
        ),
        (
            LOSS,
            "t = torch.randint(0, self.var_scheduler.num_steps, (len(x),), device=x.device)\n"
            "        z_t, noise = self.var_scheduler.add_noise((latents / self.latent_std).flatten(1), t)\n"
            "        return F.mse_loss(self.network(z_t.unflatten(1, self.maps), t, label).flatten(1), noise)",
        ),
        (
            f"z = torch.randn(num_samples, {SHAPE}, device=device)",
            "z = torch.randn(num_samples, math.prod(self.maps), device=device).unflatten(1, self.maps)",
        ),
    ),
)

NO_GRADIENT_WHILE_ENCODING = Variant(
    "4.lddpm_no_gradient_while_encoding",  # instead of freezing the parameters
    (
        (FREEZE, "self.vae = vae"),
        (ENCODE, f"with torch.no_grad():\n            {ENCODE}"),
    ),
)

BATCH_NORM = Variant(
    "4.lddpm_batch_norm",  # in the VAE, which is in evaluation mode whenever it encodes
    (
        (
            "        super().train(mode)\n        self.vae.eval()\n        return self\n",
            "        return super().train(mode)\n",
        ),
        (ENCODE, f"self.vae.eval()\n        {ENCODE}"),
        (
            "self.moments = nn.Conv2d(previous, 2 * latent_dim, 1)",
            "self.moments = nn.Sequential(nn.BatchNorm2d(previous), nn.Conv2d(previous, 2 * latent_dim, 1))",
        ),
    ),
)

CLAMPED_IMAGES = Variant(
    "4.lddpm_clamped_images",
    ((DECODE, "return self.vae.decode(self.denoise(z, labels) * self.latent_std, labels).clamp(-1, 1)"),),
)
