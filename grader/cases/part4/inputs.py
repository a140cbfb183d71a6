"""Inputs that several cases draw, and their oracles with them: sizes and timesteps are as hidden as the images."""

from grader.cases.inputs import linear_network, schedule, some_items, timesteps  # noqa: F401  (cases find all inputs here)

UNKNOWN = ("cosine", "cubic", "sigmoid", "constant", "exponential", "logarithmic", "square root", "sawtooth")
LOSS_SHAPE = (4, 1, 11, 9)  # of the images in a loss
SAMPLING_NOISE = 0.03  # little, so that a sampler that keeps x_0 or the samples within [-1, 1] does the same


def interpolations(rng):
    """The two that there are, and three that there are not, in random order."""
    return rng.choice("order", ["linear", "quadratic", *rng.choice("unknown", UNKNOWN, 3)], 5)


def noise_shape(rng):
    """(B, C, H, W) of a batch whose noise is a sample large enough for statistics."""
    return rng.integer("batch", 256, 272), 1, rng.integer("height", 32, 36), rng.integer("width", 36, 40)


def long_schedule(rng):
    """Arguments of a VarianceScheduler for samplers that may skip timesteps: as many as fifty are left to visit.

    The variances are small: what a wrong factor does at every step is then neither nothing nor everything at the end.
    """
    return {
        "num_steps": rng.integer("steps", 50, 61),
        "beta_start": rng.number("beta_start", 0.001, 0.003),
        "beta_end": rng.number("beta_end", 0.006, 0.01),
    }


def constant_noise(rng):
    """A noise estimate that is the same at every step, (1, 1, 32, 32), and the scale of the noise at the start.

    Both are small, so that a sampler that keeps x_0 or the samples within [-1, 1] does the same.
    """
    return rng.normal("noise", 1, 1, 32, 32, scale=0.05), rng.number("start", 0.02, 0.04)


def known_image(rng):
    """The one image of a dataset, (1, 1, 32, 32), well within [-1, 1]."""
    return rng.uniform("image", 1, 1, 32, 32, low=-0.5, high=0.5)
