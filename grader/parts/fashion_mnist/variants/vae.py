"""Correct alternatives of the VAE."""

from pathlib import Path

from grader.authoring.patching import answer, definition
from grader.course.assignment import Variant
from grader.parts.fashion_mnist.mistakes.vae import DECODE, DRAW, FORWARD, LABELS, REPARAMETERIZE
from grader.parts.fashion_mnist.mistakes.vae_losses import DIVERGENCE_MEAN, ERRORS

COURSE = Path(__file__).parent / "course_vae"

THE_COURSES_STYLE = Variant(
    "4.course_vae",  # no `encode`, vectors as latents, and sampling that does not call `decode`
    (
        (definition("models.py", "VAE"), (COURSE / "vae.py").read_text()),
        (
            answer("models.py", "4.lddpm_loss"),
            "        latents = self.vae(x, label)[1].reshape(-1, 1, 8, 8)\n"
            "        return super().forward(latents / self.latent_std, label)",
        ),
        (
            answer("models.py", "4.lddpm_sample"),
            "        labels = labels_of_samples(num_samples, self.vae.num_classes, device, labels)\n"
            "        z = self.denoise(torch.randn(num_samples, 1, 8, 8, device=device), labels).flatten(1)\n"
            "        return self.vae.decode(z * self.latent_std, labels)",
        ),
    ),
    files=COURSE,
)

SQUARED_ERRORS = Variant(
    "4.vae_squared_errors",
    ((ERRORS, "return F.mse_loss(pred, target)"),),
    alternative_for=("4.vae_reconstruction",),
)

MEANS = Variant(
    "4.vae_means",  # means over everything, so that the divergence weighs as little as a pixel
    ((ERRORS, "return F.mse_loss(pred, target)"), (DIVERGENCE_MEAN, "return divergence.mean()")),
)

SUMS = Variant(
    "4.vae_sums",  # sums over everything, including the batch
    (
        (ERRORS, 'return F.mse_loss(pred, target, reduction="sum")'),
        (
            answer("models.py", "4.vae_kl"),
            "        return -0.5 * torch.sum(1 + logvar - mean.pow(2) - logvar.exp())",
        ),
    ),
)

DISTRIBUTIONS = Variant(
    "4.vae_distributions",  # torch's own
    (
        ("import torch\nimport torch.nn as nn", "import torch\nimport torch.distributions as D\nimport torch.nn as nn"),
        (REPARAMETERIZE, "return D.Normal(mean, (0.5 * logvar).exp()).rsample()"),
        (
            answer("models.py", "4.vae_kl"),
            "        prior = D.Normal(torch.zeros_like(mean), torch.ones_like(mean))\n"
            "        divergence = D.kl_divergence(D.Normal(mean, (0.5 * logvar).exp()), prior)\n"
            "        return divergence.sum() / len(mean)",
        ),
        (DRAW, "z = D.Normal(0.0, 1.0).sample((num_samples, self.latent_dim, *self.mid_size[1:])).to(device)"),
    ),
)

CLAMPED_LOGVAR = Variant(
    "4.vae_clamped_logvar",  # as in latent diffusion's autoencoder
    (
        (
            "return self.moments(h).chunk(2, dim=1)",
            "mean, logvar = self.moments(h).chunk(2, dim=1)\n        return mean, logvar.clamp(-30.0, 20.0)",
        ),
    ),
)

MEAN_IN_EVALUATION = Variant(
    "4.vae_mean_in_evaluation",
    ((REPARAMETERIZE, f"if not self.training:\n            return mean\n        {REPARAMETERIZE}"),),
)

FLAT_NOISE = Variant(
    "4.vae_flat_noise",  # losses and labels written by hand
    (
        (REPARAMETERIZE, "return torch.randn_like(logvar).mul(logvar.mul(0.5).exp()).add_(mean)"),
        (ERRORS, "return ((target - pred) ** 2).sum() / len(pred)"),
        (FORWARD, "z = self.reparameterize(mean, logvar)\n        return [self.decode(z, label), mean, logvar]"),
        (
            LABELS,
            "if labels is None:\n"
            "            labels = torch.randint(self.num_classes, (num_samples,))\n"
            "        labels = labels.to(device)\n"
            "        assert labels.shape == (num_samples,)",
        ),
        (DRAW, "z = torch.zeros(num_samples, self.latent_dim, device=device).normal_()"),
        (DECODE, "return self.decode(sample=z[:, :, None, None], labels=labels)"),
    ),
)
