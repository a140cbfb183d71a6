"""Part 4's models around a VAE whose latents are vectors: the LDDPM diffuses them as 8x8 images."""

from models import DDIM, DDPM, LDDPM, VAE, UNet, VarianceScheduler


def prepare_ddpm():
    """Build a DDPM with 1000 steps."""
    return DDPM(UNet(in_channels=1, down_channels=(32, 64), up_channels=(64, 32)), VarianceScheduler())


def prepare_ddim():
    """Build a DDIM with the same network."""
    return DDIM(UNet(in_channels=1, down_channels=(32, 64), up_channels=(64, 32)), VarianceScheduler())


def prepare_vae():
    """Build the VAE."""
    return VAE(in_channels=1)


def prepare_lddpm():
    """Build an LDDPM with this VAE."""
    network = UNet(in_channels=1, down_channels=(32, 64), up_channels=(64, 32))
    return LDDPM(network, prepare_vae(), VarianceScheduler())
