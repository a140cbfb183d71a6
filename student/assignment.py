"""Part 4: the models that are graded. The grader calls `prepare_*()` and loads `checkpoints/*.pt` into the result.

Build here exactly what you trained: a checkpoint loads strictly, so every layer must have the shape it had in training.
"""

from models import DDPM, UNet, VarianceScheduler


def prepare_ddpm():
    """Build the DDPM whose weights are in `checkpoints/DDPM.pt`.

    Returns:
        A `DDPM` on the CPU. Its `generate_sample` is called for up to 1,000 images: fewer timesteps are graded sooner.
    """
    # TODO(4.prepare_ddpm): a scheduler, a U-Net and a DDPM, as you trained them
    raise NotImplementedError("TODO(4.prepare_ddpm)")
