"""Mistakes in the conditional DDPM of part 4."""

from grader.mistakes.part4 import ddpm, device, network, schedule

MISTAKES = (
    *network.EMBEDDING,
    *network.UNET,
    *schedule.SCHEDULE,
    *schedule.NOISE,
    *ddpm.TRAINING,
    *ddpm.SAMPLING,
    *ddpm.PREPARE,
    *device.DEVICE,
)
