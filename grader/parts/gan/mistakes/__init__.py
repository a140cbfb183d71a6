"""Mistakes in part 1: the generative adversarial network."""

from grader.parts.gan.mistakes import evaluation, losses, networks, training

MISTAKES = (
    *networks.NOISE,
    *networks.DISCRIMINATOR,
    *networks.GENERATOR,
    *losses.BCE,
    *losses.DISCRIMINATOR,
    *losses.GENERATOR,
    *training.OPTIMIZER,
    *training.TRAINING,
    *evaluation.EVALUATION,
)
