"""Inputs that several cases of part 5 draw, and their oracles with them: sizes are as hidden as the pictures."""

from grader.cases.inputs import linear_network, some_items  # noqa: F401  (cases find all inputs here)

CONDITIONS = 24
SMALL = 0.02  # standard deviation of what a clamp of x_0 leaves alone


def conditions(rng, name, count, most=3):
    """Lists of 1 to `most` different objects' indices, one for each of `count` pictures; no two lists are equal."""
    first = rng.choice(f"first of {name}", range(CONDITIONS), count)
    others = [rng.choice(f"others of {name} {i}", range(CONDITIONS), most) for i in range(count)]
    more = [rng.integer(f"more of {name} {i}", 0, most) for i in range(count)]
    return [
        [one, *[o for o in rest if o != one][:number]] for one, rest, number in zip(first, others, more, strict=True)
    ]


def steps(rng, fewest=8, most=13):
    """T of a diffusion model."""
    return rng.integer("steps", fewest, most)


def training_steps(rng):
    """T of a diffusion model that is trained on more pictures than it has steps."""
    return rng.integer("steps", 10, 110)


def dropout_rates(rng):
    """Three values of p_uncond."""
    return rng.uniform("p_uncond", 3, low=0.2, high=0.8)


def weight(rng):
    """A guidance weight."""
    return rng.number("guidance weight", 0.5, 3.0)


def step_timesteps(rng, count):
    """0, 1, one in between, and T - 2: there x_0 is still estimated well enough to be looked at."""
    return [0, 1, rng.integer("between", 2, count - 2), count - 2]


def of_labels(rng):
    """What each label adds to the prediction of a known network, (24,)."""
    return rng.uniform("of labels", CONDITIONS, low=0.05, high=0.2)
