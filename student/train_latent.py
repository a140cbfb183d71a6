"""Given: training of part 4's VAE, and of the latent DDPM that needs one."""

from pathlib import Path

import torch
from trainers import load_weights, train

MEASURED = 2000  # images whose latents say how large latents are


def vae_loss(vae, images, labels):
    """What a VAE minimises: the reconstruction's loss plus `kl_weight` (1 if it has none) times the divergence's."""
    reconstruction, mean, logvar = vae(images, labels)
    weight = getattr(vae, "kl_weight", 1.0)
    return vae.reconstruction_loss(reconstruction, images) + weight * vae.kl_loss(mean, logvar)


def train_vae(vae, dataset, checkpoint, config, device=None, resume=True):
    """`trainers.train` of a VAE. Arguments and result are as there."""
    return train(vae, dataset, checkpoint, config, device, resume, loss=vae_loss)


def train_lddpm(lddpm, dataset, checkpoint, config, device=None, resume=True):
    """Train the VAE of a latent DDPM, freeze it, and then train the network on its latents.

    The VAE's weights are kept beside the checkpoint, in `<name>_vae.pt`, and are not trained again if they are there.
    Arguments and result are as of `trainers.train`; the VAE is trained with the same `config`.
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
    """Set `lddpm.latent_std` to the standard deviation of the VAE's latents of some images."""
    images, labels = (tensor[:MEASURED] for tensor in dataset.tensors)
    mean, logvar = lddpm.vae.cpu().eval().encode(images, labels)
    lddpm.latent_std.fill_((mean.var() + logvar.exp().mean()).sqrt())
