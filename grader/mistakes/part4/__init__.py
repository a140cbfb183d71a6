"""Mistakes in the conditional DDPM and the DDIM of part 4."""

from grader.mistakes.part4 import ddim, ddpm, lddpm, network, schedule

MISTAKES = (
    *network.EMBEDDING,
    *network.UNET,
    *schedule.SCHEDULE,
    *schedule.NOISE,
    *ddpm.TRAINING,
    *ddpm.SAMPLING,
    *ddpm.PREPARE,
    *ddim.SAMPLING,
    *ddim.PREPARE,
    *lddpm.TRAINING,
    *lddpm.SAMPLING,
    *lddpm.PREPARE,
)
