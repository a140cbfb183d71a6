"""Expected values of part 3's cases, derived without the solution: closed forms and Bayes' rule in float64.

The tables from `closed_forms` start with the entry of t = 1.
"""

import numpy as np

from grader.authoring.closed_forms import reverse_step, variances
from grader.course.assignment import Oracle
from grader.parts.mnist.cases import guidance, inputs, network, sampling, training
from grader.runtime.rng import normal_pattern


def tables(setting):
    """(betas, alphas, alpha_bars) for t = 1, ..., T."""
    return variances(setting["beta_1"], setting["beta_T"], setting["T"])


def _network(rng):
    count, few, channels, _ = network.sizes(rng)
    return {"shape": np.array([count, 1, 28, 28]), "shape_others": np.array([few, channels, 28, 28])}


def _network_inputs(rng):
    count = rng.integer("count", 5, 9)
    replaced = {"image": "images", "time": "times", "condition": "conditions", "null": "nulls"}
    matters = {f"{what}_matters": np.array(inputs.some_items(rng, name, count)) for what, name in replaced.items()}
    return matters | {"like_null": np.array("")}


def _network_gradient(rng):
    return {
        "reached": np.array(inputs.some_items(rng, "items", rng.integer("count", 5, 9))),
        "unreached": np.array(""),
    }


def _entries(betas, bars):
    alphas = 1 - betas
    return {
        "beta_t": betas,
        "sqrt_beta_t": betas**0.5,
        "alpha_t": alphas,
        "oneover_sqrt_alpha": alphas**-0.5,
        "alpha_t_bar": bars,
        "sqrt_alpha_bar": bars**0.5,
        "sqrt_oneminus_alpha_bar": (1 - bars) ** 0.5,
    }


def _schedule(rng, *names):
    setting = inputs.schedule(rng, 11, 30)
    times = inputs.timesteps(rng, setting["T"], rng.integer("number between", 2, 6))
    betas, _, bars = (table[np.array(times) - 1] for table in tables(setting))
    default_betas, _, default_bars = (table[76] for table in variances(1e-4, 0.02, 400))
    drawn, default = _entries(betas, bars), _entries(default_betas, default_bars)
    return {"default": np.array([default[name] for name in names]), **{name: drawn[name] for name in names}}


def _training(rng):
    bars = tables(inputs.schedule(rng, 3, 6))[2]
    return {
        "times": np.arange(1, len(bars) + 1) / len(bars),
        "factors": np.stack([np.sqrt(bars), np.sqrt(1 - bars)], axis=1),
        "spread": np.array(0.0),
        "residual": np.array(0.0),
        "t_per_item": np.array(True),
        "t_uniform": np.array(True),
    }


def independent_items():
    """Expected |correlation| of two images of n independent normal pixels: sqrt(2 / (pi n))."""
    return np.array(np.sqrt(2 / (np.pi * np.prod(inputs.IMAGE))))


def _noise(rng):
    return {
        "shape": np.array([training.many_images(rng), *inputs.IMAGE]),
        "mean": np.array(0.0),
        "kurtosis": np.array(3.0),
        "between_items": independent_items(),
        "between_calls": np.array(0.0),
    }


def _loss(rng):
    shape = training.loss_shape(rng)
    error = rng.normal("prediction", *shape).astype(float) - 1 - normal_pattern(*shape)
    return {"loss": np.array(np.mean(error**2)), "shape": np.zeros(0)}


def _gradient(rng):
    shape = training.loss_shape(rng)
    direction = rng.normal("direction", *shape).astype(float) - 1
    error = rng.number("weight", 0.4, 1.2) * direction - normal_pattern(*shape)
    return {"gradient": np.array(np.mean(2 * error * direction))}


def _dropout(rng):
    return {
        "shape": np.array([training.labelled(rng)[0], inputs.CLASSES]),
        "per_item": np.array(True),
        "rate": np.array(0.0),
        "null_values": np.full(2, float(inputs.NULL)),
        "own_label": np.array(True),
        "neither": np.array(0.0),
    }


def sampled(rng):
    """x_0 of 3.sample, shape (B, 1, 28, 28)."""
    betas, _, bars = tables(inputs.schedule(rng, 5, 8))
    slope, offset = inputs.linear_network(rng, len(betas))
    # The tape gives the same noise at every step.
    z = inputs.SAMPLING_NOISE * normal_pattern(sampling.count(rng), *inputs.IMAGE).astype(float)
    x = z
    for i in reversed(range(len(betas))):
        factors, sigma = reverse_step(betas, bars, i, posterior=False)
        x = factors[0] * x + factors[1] * (slope[i] * x + offset[i]) + sigma * z
    return x


def _sample(rng):
    pixels = sampled(rng) * 0.3081 + 0.1307
    return {"sample": pixels[:, :, 3:6, 10:14], "shape": np.array(pixels.shape)}


def _sampling_rules(rng):
    steps, count = sampling.sampled_times(rng)
    return {
        "times": np.arange(steps, 0, -1) / steps,
        "shape": np.array([count, *inputs.IMAGE]),
        "limits": np.array([0.0, 1.0]),
        "whole_batch": np.array(True),
        "no_grad": np.array(True),
    }


def gaussian_samples(betas, bars, mean, std):
    """Mean and variance of the samples of CFG's algorithm 2 with the exact E[eps | x_t] of data N(mean, std^2 I).

    The estimate is linear in x_t, so every x_t is normal. Follow its mean and variance from step to step.
    """
    mu, variance = 0.0, 1.0
    for i in reversed(range(len(betas))):
        factors, sigma = reverse_step(betas, bars, i, posterior=False)
        # Cov(eps, x_t) / Var(x_t), and E[x_t]
        gain, centre = np.sqrt(1 - bars[i]) / (bars[i] * std**2 + 1 - bars[i]), np.sqrt(bars[i]) * mean
        mu = factors[0] * mu + factors[1] * gain * (mu - centre)
        variance = (factors[0] + factors[1] * gain) ** 2 * variance + sigma**2
    return mu, variance


def _gaussian(rng):
    betas, _, bars = tables(inputs.long_schedule(rng))
    mean, variance = gaussian_samples(betas, bars, *inputs.data(rng))
    return {
        "mean": np.array(mean),
        "std": np.array(np.sqrt(variance)),
        "between_items": independent_items(),
        "shape": np.array([sampling.many(rng), *inputs.IMAGE]),
    }


def _guidance(rng):
    weights = inputs.levels(rng).astype(float)
    labels = rng.integers("labels", 0, inputs.CLASSES, rng.integer("count", 4, 9))
    conditional = inputs.REFERENCE + weights[labels]
    unconditional = np.full(len(labels), inputs.REFERENCE + inputs.NULL * weights.sum())
    names = ("omega_0", "omega_minus_1", "omega_small", "omega_large")
    guided = [conditional + omega * (conditional - unconditional) for omega in inputs.omegas(rng)]
    return dict(zip(names, guided, strict=True))


def _null_condition(rng):
    steps = np.array(guidance.steps_and_labels(rng)[0])
    return {
        "steps_with_labels": steps,
        "steps_with_null": steps,
        "null_values": np.full(2, float(inputs.NULL)),
        "conditions_kept": np.array(True),
    }


ORACLES = (
    Oracle("3.network", _network),
    Oracle("3.network_inputs", _network_inputs),
    Oracle("3.network_gradient", _network_gradient),
    Oracle("3.schedule", lambda rng: _schedule(rng, "beta_t", "sqrt_beta_t", "alpha_t", "oneover_sqrt_alpha")),
    Oracle("3.alpha_bars", lambda rng: _schedule(rng, "alpha_t_bar", "sqrt_alpha_bar", "sqrt_oneminus_alpha_bar")),
    Oracle("3.training", _training),
    Oracle("3.noise", _noise),
    Oracle("3.loss", _loss),
    Oracle("3.gradient", _gradient),
    Oracle("3.dropout", _dropout),
    Oracle("3.sample", _sample),
    Oracle("3.sampling_rules", _sampling_rules),
    Oracle("3.gaussian", _gaussian),
    Oracle("3.guidance", _guidance),
    Oracle("3.null_condition", _null_condition),
)
