"""Correct alternatives in part 4: what students of the real course wrote, and what papers do otherwise."""

from grader.variants.part4 import ddim, ddpm, lddpm

VARIANTS = (
    ddpm.POSTERIOR_VARIANCE,
    ddpm.L1_LOSS,
    ddpm.WITHOUT_GUIDANCE,
    ddpm.SCALAR_TIMESTEP,
    ddpm.MEAN_THROUGH_X0,
    ddpm.INTERLEAVED_EMBEDDING,
    ddpm.FLOAT64_SCHEDULE,
    ddpm.OTHER_RANDOM_CALLS,
    ddpm.NUMPY_NOISE,
    ddpm.LOSS_BY_HAND,
    ddpm.CLAMPED_SAMPLES,
    ddpm.BUFFERS,
    ddpm.ZERO_INITIALISED_HEAD,
    ddpm.OWN_EXCEPTION,
    ddim.COURSES_DDIM,
    ddim.LIST_OF_TIMESTEPS,
    ddim.EVERY_FIFTH_TIMESTEP,
    ddim.REARRANGED,
    ddim.ETA_OF_ZERO,
    lddpm.THE_COURSES_STYLE,
    lddpm.POSTERIOR_MEAN,
    lddpm.CONSTANT_SCALE,
    lddpm.SHIFTED,
    lddpm.DDIM_OF_LATENTS,
    lddpm.VECTORS,
    lddpm.NO_GRADIENT_WHILE_ENCODING,
    lddpm.BATCH_NORM,
    lddpm.CLAMPED_IMAGES,
)
