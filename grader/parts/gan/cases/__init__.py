"""Part 1: the generative adversarial network, in the order in which students write it."""

from grader.parts.gan.cases import evaluation, losses, networks, training

CASES = (
    networks.sample_noise,
    networks.discriminator,
    networks.generator,
    losses.bce_loss,
    losses.stability,
    losses.discriminator_loss,
    losses.generator_loss,
    training.optimizer,
    training.training,
    training.training_rules,
    evaluation.evaluation,
)
