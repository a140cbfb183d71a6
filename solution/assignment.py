"""Part 4: the models that are graded. The grader calls `prepare_*()` and loads `checkpoints/*.pt` into the result.

Build here exactly what you trained: a checkpoint loads strictly, so every layer must have the shape it had in training.
"""

from models import DDIM, DDPM, LDDPM, VAE, UNet, VarianceScheduler


def prepare_ddpm():
    """Build the DDPM whose weights are in `checkpoints/DDPM.pt`.

    Returns:
        A `DDPM` on the CPU. Its `generate_sample` is called for up to 1,000 images: fewer timesteps are graded sooner.
    """
    # BEGIN ANSWER(4.prepare_ddpm) [10 min, easy] a scheduler, a U-Net and a DDPM, as you trained them
    # 100 steps with ten times the default variances reach the same alpha_bar_{T-1} as 1000 steps with the defaults.
    var_scheduler = VarianceScheduler(beta_start=0.001, beta_end=0.2, num_steps=100)
    network = UNet(in_channels=1, down_channels=(64, 96, 128), up_channels=(128, 96, 64), num_classes=10)
    return DDPM(network, var_scheduler, guidance_weight=2.0)
    # END ANSWER


def prepare_ddim():
    """Build the DDIM whose weights are in `checkpoints/DDIM.pt`.

    Returns:
        A `DDIM` on the CPU. Give it the network and the scheduler of your DDPM, and the same weights fit.
    """
    # BEGIN ANSWER(4.prepare_ddim) [5 min, easy] a scheduler, a U-Net and a DDIM, as you trained them
    ddpm = prepare_ddpm()
    return DDIM(ddpm.network, ddpm.var_scheduler, guidance_weight=2.0, stride=4)
    # END ANSWER


def prepare_vae():
    """Build the VAE whose weights are in `checkpoints/VAE.pt`.

    Returns:
        A `VAE` on the CPU.
    """
    # BEGIN ANSWER(4.prepare_vae) [5 min, easy] a VAE, as you trained it
    return VAE(in_channels=1, mid_channels=(512,), latent_dim=16, num_classes=10, kl_weight=16.0)
    # END ANSWER


def prepare_lddpm():
    """Build the LDDPM whose weights, those of its VAE among them, are in `checkpoints/LDDPM.pt`.

    Returns:
        An `LDDPM` on the CPU.
    """
    # BEGIN ANSWER(4.prepare_lddpm) [15 min, medium] scheduler, VAE, U-Net of its latents, LDDPM, as you trained them
    var_scheduler = VarianceScheduler(beta_start=0.001, beta_end=0.2, num_steps=100)
    # What is diffused needs no prior, so this VAE is nearly an autoencoder: a map of latents, and a small weight.
    vae = VAE(in_channels=1, mid_channels=(32, 64), latent_dim=4, num_classes=10, patch=2, kl_weight=0.01)
    network = UNet(in_channels=4, down_channels=(128, 128), up_channels=(128, 128), num_classes=10)
    return LDDPM(network, vae, var_scheduler, guidance_weight=1.5)
    # END ANSWER
