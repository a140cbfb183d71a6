"""Part 4: sampling of the conditional DDPM. Timesteps are indexed from 0."""

import numpy as np

from grader.case import FLOAT32, case
from grader.cases.part4 import inputs
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")


def _recover(model, x, noise, t):
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


@case(
    "4.ddpm_step",
    points=1,
    equation="x_{t-1} = (x_t - beta_t / sqrt(1 - alpha_bar_t) eps) / sqrt(alpha_t) + sigma_t z, z_0 = 0 (algorithm 2)",
    shows={
        "mean_factors": "the factors of x_t and the estimated noise in the mean, for t = 0, 1, one in between, T - 1",
        "mean_residual": "what the mean holds besides x_t and the estimated noise, for each t",
        "sigma": "the factor of the fresh noise z, for each t",
        "sigma_residual": "what the sample holds besides its mean and sigma z, for each t",
        "dtype": "dtype of x_{t-1}, for a float32 x_t",
        "input_kept": "whether x_t is left as it was",
    },
    **FLOAT32,
    needs=("4.schedule",),
)
def ddpm_step(code, rng):
    """Reverse step: mean and variance of x_{t-1} given x_t"""
    setting = inputs.schedule(rng, 6, 9)
    network = probes.SpyNetwork(code, lambda x, t, label: x).network
    model = code.models.DDPM(network, code.models.VarianceScheduler(**setting))
    # Small values, so that a sampler that also keeps x_0 within [-1, 1] does the same.
    x, noise = rng.normal("x_t", 3, 2, 5, 4, scale=0.05), rng.normal("noise", 3, 2, 5, 4, scale=0.05)
    kept, rows = x.clone(), []
    for t in inputs.timesteps(rng, setting["num_steps"], 1):
        with probes.noise_tape(0.0):
            mean = _recover(model, x, noise, t)
        with probes.noise_tape(1.0):
            sample = _recover(model, x, noise, t)
        mean_factors, mean_residual = probes.factors(mean.reshape(1, -1), kept.reshape(1, -1), noise.reshape(1, -1))
        sigma, rest = probes.factors((sample - mean).reshape(1, -1), probes.pattern(*x.shape).reshape(1, -1))
        rows.append((mean_factors[0], mean_residual[0], sigma[0, 0], rest[0]))
    names = ("mean_factors", "mean_residual", "sigma", "sigma_residual")
    arrays = {name: np.stack(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    return arrays | {"dtype": str(sample.dtype), "input_kept": torch.equal(x, kept)}


def _sampler(code, predict, setting):
    spy = probes.SpyNetwork(code, predict)
    return spy, code.models.DDPM(spy.network, code.models.VarianceScheduler(**setting))


@case(
    "4.ddpm_sample",
    points=1,
    equation="x_{T-1} ~ N(0, I); for t = T - 1, ..., 0: x = recover_sample(x, eps_theta(x, t, label), t) (algorithm 2)",
    shows={
        "sample": "some pixels of the samples, for a linear network and known noise",
        "shape": "shape of the samples",
        "dtype": "dtype of the samples",
    },
    **FLOAT32,
    needs=("4.ddpm_step",),
)
def ddpm_sample(code, rng):
    """Sampling: the whole loop, with a network and noise that are known"""
    setting, count = inputs.schedule(rng, 5, 8), rng.integer("count", 3, 7)
    slope, offset = inputs.linear_network(rng, setting["num_steps"])
    _, model = _sampler(code, lambda x, t, label: _of(slope, t) * x + _of(offset, t), setting)
    with probes.noise_tape(inputs.SAMPLING_NOISE):
        labels = rng.integers("labels", 0, 10, count)
        sample = model.generate_sample(count, device=torch.device("cpu"), labels=labels)
        probes.tensor(sample, "generate_sample")
    return {"sample": sample[:, :, 3:6, 10:14], "shape": sample.shape, "dtype": str(sample.dtype)}


def _of(table, t):
    """table[t] for each item, shape (B, 1, 1, 1), also where t is outside the table."""
    return table[t.long().clamp(0, len(table) - 1)].reshape(-1, 1, 1, 1)


@case(
    "4.ddpm_sampling_rules",
    points=0.25,
    equation="algorithm 2 on the whole batch: every t from T - 1 to 0 once, with the labels asked for",
    shows={
        "timesteps": "the timesteps that the network sees, in order",
        "whole_batch": "whether every call of the network holds all samples",
        "labels_honoured": "whether the network sees the labels asked for, at every step",
        "no_grad": "whether sampling runs without gradients",
        "count_without_labels": "number of samples that generate_sample(num_samples) gives without labels",
        "random_labels": "whether labels are drawn in {0, ..., 9} when none are given",
        "wrong_count_refused": "whether fewer labels than samples are refused with an exception",
    },
    needs=("4.ddpm_sample",),
)
def ddpm_sampling_rules(code, rng):
    """Sampling: every step once, all samples in one batch, labels honoured, no gradients"""
    cpu, labels = torch.device("cpu"), torch.tensor(rng.choice("labels", range(10), rng.integer("labelled", 3, 6)))
    spy, model = _sampler(code, lambda x, t, label: 0.1 * x, inputs.schedule(rng, 4, 15))
    model.generate_sample(len(labels), device=cpu, labels=labels)
    seen = [int(call.timestep[0]) for call in spy.calls]
    calls, free = list(spy.calls), len(spy.calls)
    more = rng.integer("more", 6, 26)
    unlabelled = probes.tensor(model.generate_sample(more, device=cpu), "generate_sample")
    drawn = torch.cat([torch.full((1,), -1) if call.label is None else call.label for call in spy.calls[free:]])
    try:
        model.generate_sample(more, device=cpu, labels=labels)
        refused = False
    except Exception:
        refused = True
    return {
        "timesteps": [t for i, t in enumerate(seen) if i == 0 or t != seen[i - 1]],
        "whole_batch": all(len(call.x) >= len(labels) for call in calls),
        "labels_honoured": _labels_in_every_step(calls, labels),
        "no_grad": not any(call.grad_enabled for call in calls),
        "count_without_labels": len(unlabelled),
        "random_labels": bool(((drawn >= 0) & (drawn < 10)).sum() >= more),
        "wrong_count_refused": refused,
    }


def _labels_in_every_step(calls, labels):
    """Guidance calls the network twice a step, or with two batches in one: some call must hold the labels in order."""
    steps = {}
    for call in calls:
        windows = [] if call.label is None else call.label.reshape(-1).unfold(0, min(len(labels), len(call.label)), 1)
        honoured = any(torch.equal(window, labels) for window in windows)
        steps[int(call.timestep[0])] = steps.get(int(call.timestep[0]), False) or honoured
    return all(steps.values())
