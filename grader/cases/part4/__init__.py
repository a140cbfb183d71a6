"""Part 4: generative models of FashionMNIST, in the order in which a student gets to them."""

from grader.cases.part4 import ddpm_sampling, ddpm_training, network, schedule, vae, vae_losses, vae_sampling

CASES = (
    network.embedding,
    network.unet,
    schedule.schedule,
    schedule.schedule_quadratic,
    schedule.schedule_refusal,
    schedule.add_noise,
    schedule.noise,
    ddpm_training.ddpm_loss,
    ddpm_training.ddpm_gradient,
    ddpm_training.ddpm_training,
    ddpm_sampling.ddpm_step,
    ddpm_sampling.ddpm_sample,
    ddpm_sampling.ddpm_sampling_rules,
    ddpm_training.prepare_ddpm,
    vae.vae_reparameterize,
    vae_losses.vae_reconstruction,
    vae_losses.vae_kl,
    vae.vae,
    vae_sampling.vae_decode,
    vae_sampling.vae_sample,
    vae_sampling.prepare_vae,
)
