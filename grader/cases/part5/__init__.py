"""Part 5: multi-label generation of i-CLEVR's scenes, in the order in which a student gets to it."""

from grader.cases.part5 import dataset, gan_losses, gan_networks, gan_training

CASES = (
    dataset.multi_hot,
    dataset.multi_hot_refusal,
    dataset.to_tensor,
    dataset.iclevr_data,
    dataset.iclevr_items,
    gan_networks.gan_noise,
    gan_networks.generator,
    gan_networks.gan_sample,
    gan_networks.discriminator,
    gan_losses.auxiliary_loss,
    gan_losses.discriminator_loss,
    gan_losses.generator_loss,
    gan_losses.gan_stability,
    gan_training.gan_solver,
    gan_training.gan_step,
    gan_training.gan_step_rules,
    gan_training.gan_resume,
    gan_training.gan_device,
    gan_training.prepare_cgan,
)
