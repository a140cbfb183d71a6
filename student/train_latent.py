"""Given: trains part 4's VAE, and the latent DDPM that builds on one."""

from pathlib import Path

import torch
from trainers import load_weights, train

MEASURED = 2000  # images that measure how large the latents are


def vae_loss(vae, images, labels):
    """The loss that a VAE minimises: reconstruction loss plus `kl_weight` (1 if there is none) times the divergence."""
    reconstruction, mean, logvar = vae(images, labels)
    weight = getattr(vae, "kl_weight", 1.0)
    return vae.reconstruction_loss(reconstruction, images) + weight * vae.kl_loss(mean, logvar)


def train_vae(vae, dataset, checkpoint, config, device=None, resume=True):
    """Train a VAE. Arguments and result are the same as for `trainers.train`."""
    return train(vae, dataset, checkpoint, config, device, resume, loss=vae_loss)


def train_lddpm(lddpm, dataset, checkpoint, config, device=None, resume=True):
    """Train the VAE of a latent DDPM, freeze it, then train the network on its latents.

    The VAE's weights are next to the checkpoint, in `<name>_vae.pt`. If that file exists, the VAE is not trained again.
    Arguments and result are the same as for `trainers.train`; the VAE trains with the same `config`.
    """
    checkpoint = Path(checkpoint)
    vae_checkpoint = checkpoint.with_name(f"{checkpoint.stem}_vae.pt")
    if not (resume and vae_checkpoint.exists() and not vae_checkpoint.with_suffix(".resume.pt").exists()):
        lddpm.vae.requires_grad_(True)
        train_vae(lddpm.vae, dataset, vae_checkpoint, config, device, resume)
    load_weights(lddpm.vae, vae_checkpoint).requires_grad_(False)
    measure_latents(lddpm, dataset)
    return train(lddpm, dataset, checkpoint, config, device, resume)


@torch.no_grad()
def measure_latents(lddpm, dataset):
    """Set `lddpm.latent_std` to the standard deviation of the VAE's latents, measured on some images."""
    images, labels = (tensor[:MEASURED] for tensor in dataset.tensors)
    mean, logvar = lddpm.vae.cpu().eval().encode(images, labels)
    lddpm.latent_std.fill_((mean.var() + logvar.exp().mean()).sqrt())
