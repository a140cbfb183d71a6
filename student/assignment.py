"""Part 4: builds the graded models. The grader calls `prepare_*()` and loads `checkpoints/*.pt` into the result.

Build exactly what you trained. Checkpoints load strictly, so every layer must have the shape that it had in training.
"""

from models import DDIM, DDPM, LDDPM, VAE, UNet, VarianceScheduler


def prepare_ddpm():
    """Build the DDPM whose weights are in `checkpoints/DDPM.pt`.

    Returns:
        A `DDPM` on the CPU. The grader asks it for up to 1,000 images, so fewer timesteps save time.
    """
    # TODO(4.prepare_ddpm): build the scheduler, U-Net and DDPM that you trained
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(4.prepare_ddpm)")


def prepare_ddim():
    """Build the DDIM whose weights are in `checkpoints/DDIM.pt`.

    Returns:
        A `DDIM` on the CPU. If it has the network and scheduler of your DDPM, the same weights fit.
    """
    # TODO(4.prepare_ddim): build the scheduler, U-Net and DDIM that you trained
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(4.prepare_ddim)")


def prepare_vae():
    """Build the VAE whose weights are in `checkpoints/VAE.pt`.

    Returns:
        A `VAE` on the CPU.
    """
    # TODO(4.prepare_vae): build the VAE that you trained
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(4.prepare_vae)")


def prepare_lddpm():
    """Build the LDDPM whose weights, including its VAE's, are in `checkpoints/LDDPM.pt`.

    Returns:
        An `LDDPM` on the CPU.
    """
    # TODO(4.prepare_lddpm): build the scheduler, VAE, U-Net and LDDPM that you trained
    # (about 15 minutes, medium)
    raise NotImplementedError("TODO(4.prepare_lddpm)")
