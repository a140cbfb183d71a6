"""Part 4: the models that are graded. The grader calls `prepare_*()` and loads `checkpoints/*.pt` into the result.

Build here exactly what you trained: a checkpoint loads strictly, so every layer must have the shape it had in training.
"""

from models import DDIM, DDPM, LDDPM, VAE, UNet, VarianceScheduler


def prepare_ddpm():
    """Build the DDPM whose weights are in `checkpoints/DDPM.pt`.

    Returns:
        A `DDPM` on the CPU. Its `generate_sample` is called for up to 1,000 images: fewer timesteps are graded sooner.
    """
    # TODO(4.prepare_ddpm): a scheduler, a U-Net and a DDPM, as you trained them
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(4.prepare_ddpm)")


def prepare_ddim():
    """Build the DDIM whose weights are in `checkpoints/DDIM.pt`.

    Returns:
        A `DDIM` on the CPU. Give it the network and the scheduler of your DDPM, and the same weights fit.
    """
    # TODO(4.prepare_ddim): a scheduler, a U-Net and a DDIM, as you trained them
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(4.prepare_ddim)")


def prepare_vae():
    """Build the VAE whose weights are in `checkpoints/VAE.pt`.

    Returns:
        A `VAE` on the CPU.
    """
    # TODO(4.prepare_vae): a VAE, as you trained it
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(4.prepare_vae)")


def prepare_lddpm():
    """Build the LDDPM whose weights, those of its VAE among them, are in `checkpoints/LDDPM.pt`.

    Returns:
        An `LDDPM` on the CPU.
    """
    # TODO(4.prepare_lddpm): scheduler, VAE, U-Net of its latents, LDDPM, as you trained them
    # (about 15 minutes, medium)
    raise NotImplementedError("TODO(4.prepare_lddpm)")
