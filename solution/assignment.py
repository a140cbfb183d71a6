"""Part 4: builds the graded models. The grader calls `prepare_*()` and loads `checkpoints/*.pt` into the result.

Build exactly what you trained. Checkpoints load strictly, so every layer must have the shape that it had in training.
"""

from models import DDIM, DDPM, LDDPM, VAE, UNet, VarianceScheduler


def prepare_ddpm():
    """Build the DDPM whose weights are in `checkpoints/DDPM.pt`.

    Returns:
        A `DDPM` on the CPU. The grader asks it for up to 1,000 images, so fewer timesteps save time.
    """
    # BEGIN ANSWER(4.prepare_ddpm) [10 min, easy] build the scheduler, U-Net and DDPM that you trained
    # 100 steps with ten times the default variances reach the same alpha_bar_{T-1} as 1000 steps with the defaults.
    var_scheduler = VarianceScheduler(beta_start=0.001, beta_end=0.2, num_steps=100)
    network = UNet(in_channels=1, down_channels=(64, 96, 128), up_channels=(128, 96, 64), num_classes=10)
    return DDPM(network, var_scheduler, guidance_weight=2.0)
    # END ANSWER


def prepare_ddim():
    """Build the DDIM whose weights are in `checkpoints/DDIM.pt`.

    Returns:
        A `DDIM` on the CPU. If it has the network and scheduler of your DDPM, the same weights fit.
    """
    # BEGIN ANSWER(4.prepare_ddim) [5 min, easy] build the scheduler, U-Net and DDIM that you trained
    ddpm = prepare_ddpm()
    return DDIM(ddpm.network, ddpm.var_scheduler, guidance_weight=2.0, stride=4)
    # END ANSWER


def prepare_vae():
    """Build the VAE whose weights are in `checkpoints/VAE.pt`.

    Returns:
        A `VAE` on the CPU.
    """
    # BEGIN ANSWER(4.prepare_vae) [5 min, easy] build the VAE that you trained
    return VAE(in_channels=1, mid_channels=(512,), latent_dim=16, num_classes=10, kl_weight=16.0)
    # END ANSWER


def prepare_lddpm():
    """Build the LDDPM whose weights, including its VAE's, are in `checkpoints/LDDPM.pt`.

    Returns:
        An `LDDPM` on the CPU.
    """
    # BEGIN ANSWER(4.prepare_lddpm) [15 min, medium] build the scheduler, VAE, U-Net and LDDPM that you trained
    var_scheduler = VarianceScheduler(beta_start=0.001, beta_end=0.2, num_steps=100)
    # Diffusion needs no prior, so this VAE is almost an autoencoder: its latents are maps, and kl_weight is small.
    vae = VAE(in_channels=1, mid_channels=(32, 64), latent_dim=4, num_classes=10, patch=2, kl_weight=0.01)
    network = UNet(in_channels=4, down_channels=(128, 128), up_channels=(128, 128), num_classes=10)
    return LDDPM(network, vae, var_scheduler, guidance_weight=1.5)
    # END ANSWER
