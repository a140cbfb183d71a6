"""Known mistakes in part 5: multi-label generation of i-CLEVR's scenes."""

from grader.parts.iclevr.mistakes import (
    dataset,
    diffusion,
    diffusion_sampling,
    gan_discriminator,
    gan_losses,
    gan_networks,
    gan_running,
    gan_training,
    labels,
    pictures,
)

MISTAKES = (
    *labels.MISTAKES,
    *pictures.MISTAKES,
    *dataset.MISTAKES,
    *gan_networks.MISTAKES,
    *gan_discriminator.MISTAKES,
    *gan_losses.MISTAKES,
    *gan_training.MISTAKES,
    *gan_running.MISTAKES,
    *diffusion.NETWORK,
    *diffusion.TRAINING,
    *diffusion_sampling.SAMPLING,
)
