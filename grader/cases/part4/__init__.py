"""Part 4: the conditional DDPM on FashionMNIST, in the order in which a student gets to it."""

from grader.cases.part4 import ddpm_sampling, ddpm_training, device, network, schedule

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
    device.device,
    ddpm_training.prepare_ddpm,
)
