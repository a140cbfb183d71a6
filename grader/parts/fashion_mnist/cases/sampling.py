"""Tries the samplers of part 4, for the cases of several models. Timesteps are indexed from 0."""

import numpy as np

from grader.parts.fashion_mnist.cases import inputs
from grader.runtime.denoising import recover
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
spy_network = Lazy("grader.parts.fashion_mnist.cases.spy_network")

STEP = {
    "mean_factors": "factors of x_t and the estimated noise in the mean, in rows for t = 0, 1, one in between, T - 1",
    "mean_residual": "part of the mean that is neither x_t nor the estimated noise, for each t",
    "sigma": "factor of the fresh noise z, for each t",
    "sigma_residual": "part of the sample that is neither its mean nor sigma z, for each t",
    "dtype": "dtype of x_{t-1} for a float32 x_t",
    "input_kept": "whether x_t stays unchanged",
}
RULES = {
    "whole_batch": "whether every call of the network gets all samples",
    "labels_honoured": "whether the network gets the requested labels at every step",
    "no_grad": "whether sampling runs without gradients",
    "count_without_labels": "number of samples from generate_sample(num_samples) without labels",
    "random_labels": "whether labels are drawn from {0, ..., 9} when none are given",
    "wrong_count_refused": "whether fewer labels than samples raise an exception",
}


def sampler(code, predict, setting, name="DDPM", weight=None):
    """(spy, model): the student's model of this name, with this schedule and a network that answers with `predict`.

    `weight` is an optional parameter of `predict`.
    """
    spy = spy_network.SpyNetwork(code, predict, weight)
    return spy, getattr(code.models, name)(spy.network, code.models.VarianceScheduler(**setting))


def at(table, t):
    """table[t] for each item, shape (B, 1, 1, 1). A t outside the table is clamped to its ends."""
    return table[t.long().clamp(0, len(table) - 1)].reshape(-1, 1, 1, 1)


def step(code, rng, name):
    """Observe what `STEP` names, for a reverse step of the student's model of this name."""
    setting = inputs.schedule(rng, 6, 9)
    _, model = sampler(code, lambda x, t, label: x, setting, name)
    # Small values, so that a sampler that clamps x_0 to [-1, 1] gives the same result.
    x, noise = rng.normal("x_t", 3, 2, 5, 4, scale=0.05), rng.normal("noise", 3, 2, 5, 4, scale=0.05)
    kept, rows = x.clone(), []
    for t in inputs.timesteps(rng, setting["num_steps"], 1):
        with probes.noise_tape(0.0):
            mean = recover(model, x, noise, t)
        with probes.noise_tape(1.0):
            sample = recover(model, x, noise, t)
        mean_factors, mean_residual = probes.factors(mean.reshape(1, -1), kept.reshape(1, -1), noise.reshape(1, -1))
        sigma, rest = probes.factors((sample - mean).reshape(1, -1), probes.pattern(*x.shape).reshape(1, -1))
        rows.append((mean_factors[0], mean_residual[0], sigma[0, 0], rest[0]))
    names = ("mean_factors", "mean_residual", "sigma", "sigma_residual")
    arrays = {name: np.stack(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    return arrays | {"dtype": str(sample.dtype), "input_kept": torch.equal(x, kept)}


def rules(spy, model, labels, more):
    """Observe what `RULES` names. The sampler has used these labels; now it makes `more` samples without labels."""
    calls, cpu = list(spy.calls), torch.device("cpu")
    unlabelled = probes.tensor(model.generate_sample(more, device=cpu), "generate_sample")
    later = spy.calls[len(calls) :]
    drawn = torch.cat([torch.full((1,), -1) if call.label is None else call.label for call in later])
    try:
        model.generate_sample(more, device=cpu, labels=labels)
        refused = False
    except Exception:
        refused = True
    return {
        "whole_batch": all(len(call.x) >= len(labels) for call in calls),
        "labels_honoured": labels_in_every_step(calls, labels),
        "no_grad": not any(call.grad_enabled for call in calls),
        "count_without_labels": len(unlabelled),
        "random_labels": bool(((drawn >= 0) & (drawn < 10)).sum() >= more),
        "wrong_count_refused": refused,
    }


def labels_in_every_step(calls, labels):
    """Whether a call in every step holds the labels in order. Guidance calls twice a step, or with a doubled batch."""
    steps = {}
    for call in calls:
        windows = [] if call.label is None else call.label.reshape(-1).unfold(0, min(len(labels), len(call.label)), 1)
        honoured = any(torch.equal(window, labels) for window in windows)
        steps[int(call.timestep[0])] = steps.get(int(call.timestep[0]), False) or honoured
    return all(steps.values())
