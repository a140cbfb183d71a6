"""Inputs for several cases of part 5; their oracles draw the same ones. Sizes are drawn too, so they stay hidden."""

from grader.runtime.inputs import linear_network, some_items  # noqa: F401  (cases find all inputs here)

CONDITIONS = 24
SMALL = 0.02  # a standard deviation so small that clamping x_0 changes nothing


def conditions(rng, name, count, most=3):
    """Draw `count` different lists, each with the indices of 1 to `most` different objects."""
    first = rng.choice(f"first of {name}", range(CONDITIONS), count)
    others = [rng.choice(f"others of {name} {i}", range(CONDITIONS), most) for i in range(count)]
    more = [rng.integer(f"more of {name} {i}", 0, most) for i in range(count)]
    return [
        [one, *[o for o in rest if o != one][:number]] for one, rest, number in zip(first, others, more, strict=True)
    ]


def steps(rng, fewest=8, most=13):
    """Draw T of a diffusion model."""
    return rng.integer("steps", fewest, most)


def training_steps(rng):
    """Draw T for the training case, which has more pictures than the model has steps."""
    return rng.integer("steps", 10, 110)


def dropout_rates(rng):
    """Draw three values of p_uncond."""
    return rng.uniform("p_uncond", 3, low=0.2, high=0.8)


def weight(rng):
    """Draw a guidance weight."""
    return rng.number("guidance weight", 0.5, 3.0)


def step_timesteps(rng, count):
    """The timesteps 0, 1, one in between, and T - 2, the last at which the estimate of x_0 is good enough."""
    return [0, 1, rng.integer("between", 2, count - 2), count - 2]


def of_labels(rng):
    """Draw what each label adds to a known network's prediction, (24,)."""
    return rng.uniform("of labels", CONDITIONS, low=0.05, high=0.2)
