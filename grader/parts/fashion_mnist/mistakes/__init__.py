"""Mistakes in the models of part 4."""

from grader.parts.fashion_mnist.mistakes import (
    ddim,
    ddpm_sampling,
    ddpm_training,
    device,
    lddpm,
    network,
    schedule,
    vae,
    vae_losses,
)

MISTAKES = (
    *network.EMBEDDING,
    *network.UNET,
    *schedule.SCHEDULE,
    *schedule.NOISE,
    *ddpm_training.TRAINING,
    *ddpm_sampling.SAMPLING,
    *ddpm_sampling.PREPARE,
    *device.DEVICE,
    *ddim.SAMPLING,
    *ddim.PREPARE,
    *vae.REPARAMETERIZATION,
    *vae_losses.LOSSES,
    *vae.MODEL,
    *vae.SAMPLING,
    *vae.PREPARE,
    *lddpm.TRAINING,
    *lddpm.SAMPLING,
    *lddpm.PREPARE,
)
