"""Part 3: classifier-free guidance."""

import numpy as np

from grader.case import FLOAT32, case
from grader.cases.part3 import calls, inputs
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")


@case(
    "3.guidance",
    points=2,
    equation="eps = (1 + omega) eps_theta(x_t, t / T, c) - omega eps_theta(x_t, t / T, null) (CFG, eq. 6)",
    look="The line that combines the two estimates: put omega = 0 and omega = -1 into it. Then the condition of "
    "either pass.",
    term="(1 + omega) and -omega: which estimate is left at 0, and which at -1? null stands for what training has "
    "put in the place of labels.",
    shows={
        "omega_0": "the noise estimate of every image with omega = 0 (that of its label)",
        "omega_minus_1": "the same with omega = -1 (that of the null condition)",
        "omega_small": "the same with an omega between 0.5 and 1.5",
        "omega_large": "the same with an omega between 2 and 3",
    },
    **FLOAT32,
    needs=("3.sample",),
)
def guidance(code, rng):
    """Guidance: the noise estimate is extrapolated from the unconditional to the conditional one"""
    setting, weights = inputs.schedule(rng, 3, 6), inputs.levels(rng)
    labels = rng.integers("labels", 0, inputs.CLASSES, rng.integer("count", 4, 9))

    def pixels(levels_of, omega):
        """What a pixel of each image becomes where the noise estimate depends on the condition only."""
        model, spy = calls.ddpm(code, setting, lambda x, t, c: levels_of(c).reshape(-1, 1, 1, 1).expand_as(x))
        with probes.noise_tape(0.0):
            return calls.sample(model, spy, labels, omega).images.double().mean(dim=(1, 2, 3))

    # Pixels are linear in the estimate, however the rest of the sampler is written: two known estimates show how.
    nothing = pixels(lambda c: torch.zeros(len(c)), 0.0)
    reference = pixels(lambda c: torch.full((len(c),), inputs.REFERENCE), 0.0)

    def estimates(omega):
        found = pixels(lambda c: inputs.REFERENCE + c.float() @ weights, omega)
        return inputs.REFERENCE * (found - nothing) / (reference - nothing)

    names = ("omega_0", "omega_minus_1", "omega_small", "omega_large")
    return {name: estimates(omega) for name, omega in zip(names, inputs.omegas(rng), strict=True)}


def steps_and_labels(rng):
    """T, and labels that are all different."""
    return rng.integer("T", 4, 160), rng.choice("labels", range(inputs.CLASSES), rng.integer("count", 3, 7))


@case(
    "3.null_condition",
    points=1,
    equation="the null condition is condition_mask_value in every element (CFG, algorithm 2)",
    look="The conditions of the second pass: print one row, and look whether the caller's tensor is still as it was.",
    term="'in every element': all of a row, whatever label was there before.",
    shows={
        "steps_with_labels": "number of steps at which the network sees the one-hot label of every image",
        "steps_with_null": "number of steps at which the network sees as many other conditions as well",
        "null_values": "least and greatest element of these other conditions",
        "conditions_kept": "whether the conditions handed to sample are left as they were",
    },
    needs=("3.sample",),
)
def null_condition(code, rng):
    """Guidance: every step sees all labels, and the null condition as often"""
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
