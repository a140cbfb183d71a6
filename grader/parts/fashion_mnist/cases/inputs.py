"""Inputs that several cases and their oracles draw. Sizes and timesteps are as hidden as the images."""

from grader.runtime.inputs import gpu_and_count, linear_network, schedule, some_items, timesteps  # noqa: F401  (cases find all inputs here)

UNKNOWN = ("cosine", "cubic", "sigmoid", "constant", "exponential", "logarithmic", "square root", "sawtooth")
LOSS_SHAPE = (4, 1, 11, 9)  # shape of the images in a loss
SAMPLING_NOISE = 0.03  # small, so that a sampler that clamps x_0 or the samples to [-1, 1] gives the same


def interpolations(rng):
    """The two known interpolations and three unknown ones, in random order."""
    return rng.choice("order", ["linear", "quadratic", *rng.choice("unknown", UNKNOWN, 3)], 5)


def autoencoder_batch(rng):
    """(images, labels) of a few items for a VAE: shapes (B, 1, 32, 32), in [-1, 1], and (B,)."""
    count = rng.integer("count", 3, 6)
    return rng.uniform("images", count, 1, 32, 32, low=-1.0), rng.integers("labels", 0, 10, count)


def logvar_levels(rng):
    """The three values of logvar that make up a posterior."""
    return rng.uniform("levels", 3, low=-2.5, high=1.5)


def errors(rng):
    """Errors of reconstructions: three batches of the same shape (B, 1, 32, 32), distributed differently."""
    shape = (rng.integer("count", 3, 6), 1, 32, 32)
    scales = rng.uniform("scales", shape[0], 1, 1, 1, low=0.1, high=0.9)  # so that items with larger errors count more
    return (
        rng.normal("first error", *shape, scale=0.3),
        rng.uniform("second error", *shape, low=-0.2, high=0.6),
        rng.normal("third error", *shape) * scales,
    )


def error_weights(rng, shape):
    """The direction in which a reconstruction moves, as a multiple of the first error."""
    return rng.uniform("weights", *shape)


def posteriors(rng):
    """Four batches of posteriors, with (mean, logvar) of each item: two arrays of shape (4, B), means at least 0.3."""
    shape = (4, rng.integer("count", 3, 6))
    return rng.uniform("means", *shape, low=0.3, high=1.5), rng.uniform("logvars", *shape, low=-2.0, high=1.5)


def noise_shape(rng):
    """The shape (B, C, H, W) of a batch with enough noise for statistics."""
    return rng.integer("batch", 256, 272), 1, rng.integer("height", 32, 36), rng.integer("width", 36, 40)


def long_schedule(rng):
    """Arguments of a VarianceScheduler for samplers that may skip timesteps: it has at least fifty of them.

    The variances are small, so that a wrong factor at every step neither vanishes nor explodes by the end.
    """
    return {
        "num_steps": rng.integer("steps", 50, 61),
        "beta_start": rng.number("beta_start", 0.001, 0.003),
        "beta_end": rng.number("beta_end", 0.006, 0.01),
    }


def constant_noise(rng):
    """A noise estimate that is the same at every step, (1, 1, 32, 32), and the scale of the noise at the start.

    Both are small, so that a sampler that clamps x_0 or the samples to [-1, 1] gives the same result.
    """
    return rng.normal("noise", 1, 1, 32, 32, scale=0.05), rng.number("start", 0.02, 0.04)


def known_image(rng):
    """The one image of a dataset, (1, 1, 32, 32), well within [-1, 1]."""
    return rng.uniform("image", 1, 1, 32, 32, low=-0.5, high=0.5)
