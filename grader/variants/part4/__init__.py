"""Correct alternatives in part 4: what students of the real course wrote, and what papers do otherwise."""

from grader.variants.part4 import ddpm, vae

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
    vae.THE_COURSES_STYLE,
    vae.ABSOLUTE_ERRORS,
    vae.MEANS,
    vae.SUMS,
    vae.DISTRIBUTIONS,
    vae.CLAMPED_LOGVAR,
    vae.MEAN_IN_EVALUATION,
    vae.FLAT_NOISE,
)
