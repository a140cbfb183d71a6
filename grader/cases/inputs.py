"""Inputs that the cases of several parts draw, and their oracles with them. Timesteps are indexed from 0."""


def schedule(rng, fewest, most):
    """Arguments of a VarianceScheduler of `fewest` to `most` steps that leaves little of the image at T - 1."""
    return {
        "num_steps": rng.integer("steps", fewest, most + 1),
        "beta_start": rng.number("beta_start", 0.02, 0.06),
        "beta_end": rng.number("beta_end", 0.25, 0.35),
    }


def timesteps(rng, steps, between):
    """0, 1, so many different ones in between, and T - 1, in order."""
    return [0, 1, *sorted(rng.choice("between", range(2, steps - 1), between)), steps - 1]


def some_items(rng, name, count):
    """Which of `count` items are meant, as a list of bool: at least one, and not all."""
    chosen = rng.choice(name, range(count), rng.integer(f"number of {name}", 1, count))
    return [item in chosen for item in range(count)]


def linear_network(rng, steps):
    """The slope and offset of eps_theta(x, t) = slope_t x + offset_t, shape (T,) each."""
    return rng.uniform("slope", steps, low=0.2, high=0.9), rng.uniform("offset", steps, low=-0.05, high=0.05)
