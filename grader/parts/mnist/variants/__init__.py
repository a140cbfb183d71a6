"""Correct alternatives in part 3, as students of the real course wrote them."""

from grader.parts.mnist.variants import ddpm, network

VARIANTS = (
    ddpm.ONE_TIMESTEP_AT_A_TIME,
    ddpm.COLUMNS_OF_INTEGERS,
    ddpm.LABELS_AND_NUMPY,
    ddpm.FLOATING_TIMESTEPS,
    ddpm.MASK_BY_ARITHMETIC,
    ddpm.CONDITIONAL_LAST,
    ddpm.CPU_OR_CUDA,
    network.BATCH_NORMALISED_NETWORK,
    network.FLAT_TIMES_NETWORK,
)
