"""Inputs that several cases draw, and their oracles with them: sizes and timesteps are as hidden as the images."""

from grader.cases.inputs import linear_network, schedule, some_items, timesteps  # noqa: F401  (cases find all inputs here)

UNKNOWN = ("cosine", "cubic", "sigmoid", "constant", "exponential", "logarithmic", "square root", "sawtooth")
LOSS_SHAPE = (4, 1, 11, 9)  # of the images in a loss
SAMPLING_NOISE = 0.03  # little, so that a sampler that keeps x_0 or the samples within [-1, 1] does the same


def interpolations(rng):
    """The two that there are, and three that there are not, in random order."""
    return rng.choice("order", ["linear", "quadratic", *rng.choice("unknown", UNKNOWN, 3)], 5)


def gpu_and_count(rng):
    """A GPU that no code names by itself, and a number of samples to generate there."""
    return f"cuda:{rng.integer('GPU', 2, 100)}", rng.integer("count", 2, 6)


def noise_shape(rng):
    """(B, C, H, W) of a batch whose noise is a sample large enough for statistics."""
    return rng.integer("batch", 256, 272), 1, rng.integer("height", 32, 36), rng.integer("width", 36, 40)
