"""How the samplers of part 4 are tried: what the cases of several models share. Timesteps are indexed from 0."""

import numpy as np

from grader.cases.part4 import inputs
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")

STEP = {
    "mean_factors": "the factors of x_t and the estimated noise in the mean, for t = 0, 1, one in between, T - 1",
    "mean_residual": "what the mean holds besides x_t and the estimated noise, for each t",
    "sigma": "the factor of the fresh noise z, for each t",
    "sigma_residual": "what the sample holds besides its mean and sigma z, for each t",
    "dtype": "dtype of x_{t-1}, for a float32 x_t",
    "input_kept": "whether x_t is left as it was",
}
RULES = {
    "whole_batch": "whether every call of the network holds all samples",
    "labels_honoured": "whether the network sees the labels asked for, at every step",
    "no_grad": "whether sampling runs without gradients",
    "count_without_labels": "number of samples that generate_sample(num_samples) gives without labels",
    "random_labels": "whether labels are drawn in {0, ..., 9} when none are given",
    "wrong_count_refused": "whether fewer labels than samples are refused with an exception",
}


def sampler(code, predict, setting, name="DDPM", weight=None):
    """(spy, model): the student's model of this name, with a network that answers with `predict`, and this schedule.

    `weight` is an optional parameter of `predict`.
    """
    spy = probes.SpyNetwork(code, predict, weight)
    return spy, getattr(code.models, name)(spy.network, code.models.VarianceScheduler(**setting))


def at(table, t):
    """table[t] for each item, shape (B, 1, 1, 1), also where t is outside the table."""
    return table[t.long().clamp(0, len(table) - 1)].reshape(-1, 1, 1, 1)


def recover(model, x, noise, t):
    """Call recover_sample as it is documented, with t of shape (B,); else with one t, as many write it."""
    error = None
    for timestep in (torch.full((len(x),), t), torch.tensor(t), t):
        try:
            return probes.tensor(model.recover_sample(x, noise, timestep), "recover_sample", x.shape)
        except NotImplementedError:
            raise
        except Exception as raised:
            error = error or raised  # the documented call's is the one to tell
    raise error


def step(code, rng, name):
    """What `STEP` names, of a reverse step of the student's model of this name."""
    setting = inputs.schedule(rng, 6, 9)
    _, model = sampler(code, lambda x, t, label: x, setting, name)
    # Small values, so that a sampler that also keeps x_0 within [-1, 1] does the same.
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


def seen_timesteps(calls):
    """The timesteps that the network sees, in order; calls in a row with the same t are one step, as with guidance."""
    seen = [int(call.timestep[0]) for call in calls]
    return [t for i, t in enumerate(seen) if i == 0 or t != seen[i - 1]]


def rules(spy, model, labels, more):
    """What `RULES` names, of a sampler that was asked for these labels; it is now asked for `more` samples without."""
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
    """Guidance calls the network twice a step, or with two batches in one: some call must hold the labels in order."""
    steps = {}
    for call in calls:
        windows = [] if call.label is None else call.label.reshape(-1).unfold(0, min(len(labels), len(call.label)), 1)
        honoured = any(torch.equal(window, labels) for window in windows)
        steps[int(call.timestep[0])] = steps.get(int(call.timestep[0]), False) or honoured
    return all(steps.values())
