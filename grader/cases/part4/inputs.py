"""Inputs that several cases draw, and their oracles with them: sizes and timesteps are as hidden as the images."""

UNKNOWN = ("cosine", "cubic", "sigmoid", "constant", "exponential", "logarithmic", "square root", "sawtooth")
LOSS_SHAPE = (4, 1, 11, 9)  # of the images in a loss
SAMPLING_NOISE = 0.03  # little, so that a sampler that keeps x_0 or the samples within [-1, 1] does the same


def schedule(rng, fewest, most):
    """Arguments of a VarianceScheduler of `fewest` to `most` steps that leaves little of the image at T - 1."""
    return {
        "num_steps": rng.integer("steps", fewest, most + 1),
        "beta_start": rng.number("beta_start", 0.02, 0.06),
        "beta_end": rng.number("beta_end", 0.25, 0.35),
    }


def interpolations(rng):
    """The two that there are, and three that there are not, in random order."""
    return rng.choice("order", ["linear", "quadratic", *rng.choice("unknown", UNKNOWN, 3)], 5)


def timesteps(rng, steps, between):
    """0, 1, so many different ones in between, and T - 1, in order."""
    return [0, 1, *sorted(rng.choice("between", range(2, steps - 1), between)), steps - 1]


def some_items(rng, name, count):
    """Which of `count` items are meant, as a list of bool: at least one, and not all."""
    chosen = rng.choice(name, range(count), rng.integer(f"number of {name}", 1, count))
    return [item in chosen for item in range(count)]


def noise_shape(rng):
    """(B, C, H, W) of a batch whose noise is a sample large enough for statistics."""
    return rng.integer("batch", 256, 272), 1, rng.integer("height", 32, 36), rng.integer("width", 36, 40)


def linear_network(rng, steps):
    """The slope and offset of eps_theta(x, t) = slope_t x + offset_t, shape (T,) each."""
    return rng.uniform("slope", steps, low=0.2, high=0.9), rng.uniform("offset", steps, low=-0.05, high=0.05)
