"""The original course's style: each model is built from a network and a scheduler, and nothing else."""

from models import DDIM, DDPM, LDDPM, VAE, UNet, VarianceScheduler


def prepare_ddpm():
    var_scheduler = VarianceScheduler(beta_start=0.0001, beta_end=0.02, num_steps=1000, interpolation="linear")
    network = UNet(in_channels=1, down_channels=(16, 32), up_channels=(32, 16), time_emb_dim=16, num_classes=10)
    return DDPM(network=network, var_scheduler=var_scheduler)


def prepare_ddim():
    var_scheduler = VarianceScheduler(beta_start=0.0001, beta_end=0.02, num_steps=1000, interpolation="quadratic")
    network = UNet(in_channels=1, down_channels=(16, 32), up_channels=(32, 16), time_emb_dim=16, num_classes=10)
    return DDIM(network=network, var_scheduler=var_scheduler)


def prepare_vae():
    return VAE(in_channels=1, height=32, width=32, mid_channels=[16, 32, 32], latent_dim=1, patch=2)


def prepare_lddpm():
    vae = prepare_vae()
    var_scheduler = VarianceScheduler(beta_start=0.0001, beta_end=0.02, num_steps=1000, interpolation="linear")
    network = UNet(in_channels=1, down_channels=(16, 32), up_channels=(32, 16), time_emb_dim=16, num_classes=10)
    return LDDPM(network=network, vae=vae, var_scheduler=var_scheduler)
