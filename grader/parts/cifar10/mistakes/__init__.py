"""Mistakes in part 2: DDPM with classifier-free guidance and thresholding on CIFAR-10."""

from grader.parts.cifar10.mistakes import dropout, guidance, image_generator, sampling, schedule, step, training

MISTAKES = (
    *schedule.SCHEDULE,
    *schedule.NOISE,
    *step.STEP,
    *step.THRESHOLD,
    *training.TRAINING,
    *dropout.DROPOUT,
    *guidance.GUIDANCE,
    *sampling.SAMPLING,
    *image_generator.IMAGE_GENERATOR,
)
