"""Part 4: the conditional DDPM and the DDIM on FashionMNIST, in the order in which a student gets to it."""

from grader.cases.part4 import ddim, ddpm_sampling, ddpm_training, lddpm, network, schedule

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
    ddim.ddim_step,
    ddim.ddim_sample,
    ddim.ddim_sampling_rules,
    ddim.ddim_loss,
    ddim.prepare_ddim,
    lddpm.lddpm_loss,
    lddpm.lddpm_frozen,
    lddpm.lddpm_sample,
    lddpm.lddpm_sampling_rules,
    lddpm.prepare_lddpm,
)
