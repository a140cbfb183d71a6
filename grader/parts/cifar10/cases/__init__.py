"""Part 2: DDPM with classifier-free guidance and thresholding on CIFAR-10, in the order in which students write it."""

from grader.parts.cifar10.cases import image_generator, sampling, scheduler, training

CASES = (
    scheduler.schedule,
    scheduler.add_noise,
    scheduler.denoise_step,
    scheduler.threshold,
    training.loss,
    training.gradient,
    training.training,
    training.guidance_dropout,
    sampling.sample,
    sampling.guidance,
    sampling.threshold_sample,
    sampling.gaussian,
    sampling.sampling_rules,
    sampling.seeds,
    image_generator.image_generator,
)
