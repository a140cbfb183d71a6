"""Part 3: classifier-free guidance."""

import numpy as np

from grader.parts.mnist.cases import calls, inputs
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")


@case(
    "3.guidance",
    points=2,
    equation="eps = (1 + omega) eps_theta(x_t, t / T, c) - omega eps_theta(x_t, t / T, null) (CFG, eq. 6)",
    look="Find the line that combines the two estimates, and put in omega = 0 and omega = -1. Then check the "
    "condition of each pass.",
    term="(1 + omega) and -omega: which estimate is left at 0, and which at -1? null is what training puts in place "
    "of dropped labels.",
    shows={
        "omega_0": "noise estimate of every image for omega = 0 (that of its label)",
        "omega_minus_1": "noise estimate of every image for omega = -1 (that of the null condition)",
        "omega_small": "noise estimate of every image for an omega between 0.5 and 1.5",
        "omega_large": "noise estimate of every image for an omega between 2 and 3",
    },
    **FLOAT32,
    needs=("3.sample",),
)
def guidance(code, rng):
    """Guidance: extrapolates the noise estimate from the unconditional to the conditional one"""
    setting, weights = inputs.schedule(rng, 3, 6), inputs.levels(rng)
    labels = rng.integers("labels", 0, inputs.CLASSES, rng.integer("count", 4, 9))

    def pixels(levels_of, omega):
        """The mean pixel of each image when the noise estimate depends on the condition only."""
        model, spy = calls.ddpm(code, setting, lambda x, t, c: levels_of(c).reshape(-1, 1, 1, 1).expand_as(x))
        with probes.noise_tape(0.0):
            return calls.sample(model, spy, labels, omega).images.double().mean(dim=(1, 2, 3))

    # Pixels are linear in the estimate, whatever the rest of the sampler: two known estimates show the line.
    nothing = pixels(lambda c: torch.zeros(len(c)), 0.0)
    reference = pixels(lambda c: torch.full((len(c),), inputs.REFERENCE), 0.0)

    def estimates(omega):
        levels = pixels(lambda c: inputs.REFERENCE + c.float() @ weights, omega)
        return inputs.REFERENCE * (levels - nothing) / (reference - nothing)

    names = ("omega_0", "omega_minus_1", "omega_small", "omega_large")
    return {name: estimates(omega) for name, omega in zip(names, inputs.omegas(rng), strict=True)}


def steps_and_labels(rng):
    """T, and labels that all differ."""
    return rng.integer("T", 4, 160), rng.choice("labels", range(inputs.CLASSES), rng.integer("count", 3, 7))


@case(
    "3.null_condition",
    points=1,
    equation="the null condition is condition_mask_value in every element (CFG, algorithm 2)",
    look="Print one row of the conditions in the second pass. Then check whether the caller's tensor stays unchanged.",
    term="'in every element': the null condition fills the whole row, whatever label was there before.",
    shows={
        "steps_with_labels": "number of steps at which the network sees the one-hot label of every image",
        "steps_with_null": "number of steps at which the network also sees another condition for every image",
        "null_values": "smallest and largest element of these other conditions",
        "conditions_kept": "whether the conditions that the caller passes to sample stay unchanged",
    },
    needs=("3.sample",),
)
def null_condition(code, rng):
    """Guidance: at every step the network sees all labels, and the null condition just as often"""
    steps, chosen = steps_and_labels(rng)
    labels = torch.tensor(chosen)
    model, spy = calls.ddpm(code, inputs.schedule(rng, 5, 8) | {"T": steps}, lambda x, t, c: 0.1 * x)
    sampled = calls.sample(model, spy, labels, rng.number("omega", 0.5, 2.5))
    wanted = torch.nn.functional.one_hot(labels, inputs.CLASSES).float()
    at = {}  # time -> the conditions that the network sees there
    for call in sampled.calls:
        at.setdefault(float(call.timestep[0]), []).append(calls.rows(call))
    at = [torch.cat(conditions) for conditions in at.values()]
    others = [rows[~(rows[:, None] == wanted).all(dim=-1).any(dim=1)] for rows in at]
    values = torch.cat(others)
    return {
        "steps_with_labels": sum(all((rows == label).all(dim=1).any() for label in wanted) for rows in at),
        "steps_with_null": sum(len(rows) >= len(labels) for rows in others),
        "null_values": [values.min(), values.max()] if values.numel() else [np.nan, np.nan],
        "conditions_kept": sampled.conditions_kept,
    }
