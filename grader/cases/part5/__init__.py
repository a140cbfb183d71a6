"""Part 5: multi-label generation of i-CLEVR's scenes, in the order in which a student gets to it."""

from grader.cases.part5 import (
    dataset,
    gan_discriminator,
    gan_losses,
    gan_networks,
    gan_running,
    gan_training,
    labels,
    pictures,
)

CASES = (
    labels.multi_hot,
    labels.multi_hot_refusal,
    pictures.to_tensor,
    dataset.iclevr_data,
    dataset.iclevr_items,
    gan_networks.gan_noise,
    gan_networks.generator,
    gan_networks.gan_sample,
    gan_discriminator.discriminator,
    gan_losses.auxiliary_loss,
    gan_losses.discriminator_loss,
    gan_losses.generator_loss,
    gan_losses.gan_stability,
    gan_training.gan_solver,
    gan_training.gan_step,
    gan_training.gan_step_rules,
    gan_running.gan_resume,
    gan_running.gan_device,
    gan_running.prepare_cgan,
)
