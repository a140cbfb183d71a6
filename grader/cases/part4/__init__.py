"""Part 4: the conditional DDPM on FashionMNIST, in the order in which a student gets to it."""

from grader.cases.part4 import ddpm, network, schedule

CASES = (
    network.embedding,
    network.unet,
    schedule.schedule,
    schedule.schedule_quadratic,
    schedule.schedule_refusal,
    schedule.add_noise,
    schedule.noise,
    ddpm.ddpm_loss,
    ddpm.ddpm_gradient,
    ddpm.ddpm_training,
    ddpm.ddpm_step,
    ddpm.ddpm_sample,
    ddpm.ddpm_sampling_rules,
    ddpm.prepare_ddpm,
)
