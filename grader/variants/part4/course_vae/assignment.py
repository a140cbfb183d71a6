"""Part 4's models around a VAE with vectors as latents: its LDDPM diffuses them as images of 8x8."""

from models import DDIM, DDPM, LDDPM, VAE, UNet, VarianceScheduler


def prepare_ddpm():
    """A DDPM of 1000 steps."""
    return DDPM(UNet(in_channels=1, down_channels=(32, 64), up_channels=(64, 32)), VarianceScheduler())


def prepare_ddim():
    """A DDIM of the same network."""
    return DDIM(UNet(in_channels=1, down_channels=(32, 64), up_channels=(64, 32)), VarianceScheduler())


def prepare_vae():
    """The VAE."""
    return VAE(in_channels=1)


def prepare_lddpm():
    """An LDDPM with this VAE."""
    network = UNet(in_channels=1, down_channels=(32, 64), up_channels=(64, 32))
    return LDDPM(network, prepare_vae(), VarianceScheduler())
