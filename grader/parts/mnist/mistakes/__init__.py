"""Mistakes in the conditional DDPM of part 3."""

from grader.parts.mnist.mistakes import dropout, guidance, network, sampling, schedule, training

MISTAKES = (
    *network.NETWORK,
    *schedule.SCHEDULE,
    *training.TRAINING,
    *dropout.DROPOUT,
    *sampling.SAMPLING,
    *guidance.GUIDANCE,
)
