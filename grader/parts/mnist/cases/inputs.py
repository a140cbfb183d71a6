"""Inputs that several cases and their oracles draw: sizes and timesteps are as secret as images."""

from grader.runtime.inputs import some_items  # noqa: F401  (cases import all inputs from here)

CLASSES = 10  # of the course's configuration; many students write it as a number
NULL = -1  # condition_mask_value of the course's configuration
IMAGE = (1, 28, 28)
SAMPLING_NOISE = 0.06  # small, so that every pixel stays between the limits of the clamp
REFERENCE = -0.7  # a constant noise estimate that leads to pixels far from both limits


def schedule(rng, fewest, most):
    """T, beta_1 and beta_T of a schedule of `fewest` to `most` steps that leaves little of the image at t = T."""
    return {
        "T": rng.integer("T", fewest, most + 1),
        "beta_1": rng.number("beta_1", 0.02, 0.06),
        "beta_T": rng.number("beta_T", 0.25, 0.35),
    }


def long_schedule(rng):
    """A schedule with so many small steps that samples of a Gaussian come close to it."""
    return {
        "T": rng.integer("T", 24, 33),
        "beta_1": rng.number("beta_1", 0.005, 0.01),
        "beta_T": rng.number("beta_T", 0.2, 0.25),
    }


def timesteps(rng, last, between):
    """1, 2, `between` different timesteps in between, and `last`, in order."""
    return [1, 2, *sorted(rng.choice("between", range(3, last), between)), last]


def linear_network(rng, steps):
    """The slope and offset of eps_theta(x, t) = slope_t x + offset_t, shape (T,) each."""
    return rng.uniform("slope", steps, low=0.2, high=0.9), rng.uniform("offset", steps, low=-0.85, high=-0.5)


def data(rng):
    """Mean and standard deviation of Gaussian images that the clamp leaves unchanged."""
    return rng.number("mean", 1.0, 1.4), rng.number("std", 0.15, 0.22)


def levels(rng):
    """Weights w of eps_theta(c) = REFERENCE + <w, c>, shape (K,): different for every label and for null."""
    weights = rng.uniform("weights", CLASSES, low=-0.05, high=0.05)
    return weights - weights.mean() + rng.number("pull", 0.06, 0.1) / CLASSES


def omegas(rng):
    """Guidance weights: no guidance, only the unconditional estimate, and two random ones."""
    return [0.0, -1.0, rng.number("omega", 0.5, 1.5), rng.number("large omega", 2.0, 3.0)]
