"""Expected values of part 2's cases, derived without the solution: closed forms and Bayes' rule in float64."""

import numpy as np

from grader.authoring.closed_forms import drawn_variances, reverse_step, variances
from grader.course.assignment import Oracle
from grader.parts.cifar10.cases import inputs
from grader.parts.cifar10.cases.sampling import CONDITION_DIM, COUNT
from grader.parts.cifar10.cases.training import LOSS_SHAPE
from grader.runtime.rng import normal_pattern

DEFAULT = (1e-4, 0.02)  # beta_start and beta_end


def _schedule(rng):
    tables = drawn_variances(rng, 11, 18)
    ends = {steps: variances(*DEFAULT, steps) for steps in (100, 50)}
    return {
        "length": np.repeat([100, 50, len(tables[0])], 3),
        "dtype": np.array(" ".join(["torch.float32"] * 3)),
        **dict(zip(("betas", "alphas", "alpha_bars"), tables, strict=True)),
        **{f"ends_{steps}": np.array([alphas[0], bars[-1]]) for steps, (_, alphas, bars) in ends.items()},
    }


def _add_noise(rng):
    bars = drawn_variances(rng, 9, 14)[2]
    bars = bars[inputs.timesteps(rng, len(bars), 2)]
    factors = np.stack([np.sqrt(bars), np.sqrt(1 - bars)], axis=1)
    return {
        **{f"factors_{rank}d": factors for rank in (2, 3, 4)},
        "residual": np.zeros(3),
        "dtype": np.array("torch.float32"),
        "inputs_kept": np.array(True),
    }


def _denoise_step(rng):
    betas, _, bars = drawn_variances(rng, 6, 9)
    steps = [reverse_step(betas, bars, t, posterior=False) for t in inputs.timesteps(rng, len(betas), 1)]
    return {
        "mean_factors": np.stack([mean for mean, _ in steps]),
        "mean_residual": np.zeros(4),
        "sigma": np.array([sigma for _, sigma in steps]),
        "sigma_residual": np.zeros(4),
        "dtype": np.array("torch.float32"),
        "inputs_kept": np.array(True),
    }


def clamped_mean(betas, bars, t, x, noise):
    """The mean of x_{t-1} with a clamped estimate of x_0, by Bayes' rule: the precisions of x_t and x_0 add up."""
    x_0 = np.clip((x - np.sqrt(1 - bars[t]) * noise) / np.sqrt(bars[t]), -1, 1)
    if t == 0:
        return x_0
    of_x, of_x0 = (1 - betas[t]) / betas[t], 1 / (1 - bars[t - 1])
    return (of_x * x / np.sqrt(1 - betas[t]) + of_x0 * np.sqrt(bars[t - 1]) * x_0) / (of_x + of_x0)


def _threshold(rng):
    betas, _, bars = drawn_variances(rng, 6, 9)
    sizes = (3, *inputs.shape(rng, "shape", 2))
    x, noise = rng.normal("x_t", *sizes).astype(float), rng.normal("prediction", *sizes).astype(float)
    steps = inputs.timesteps(rng, len(betas), 1)
    return {
        "mean": np.stack([clamped_mean(betas, bars, t, x, noise) for t in steps]),
        "sigma": np.array([np.sqrt(betas[t]) if t else 0.0 for t in steps]),
        "sigma_residual": np.zeros(4),
        "inputs_kept": np.array(True),
    }


def _loss(rng):
    error = rng.normal("prediction", *LOSS_SHAPE).astype(float) - 1 - normal_pattern(*LOSS_SHAPE)
    return {"loss": np.array(np.mean(error**2)), "shape": np.zeros(0)}


def _gradient(rng):
    direction, weight = rng.normal("direction", *LOSS_SHAPE).astype(float) - 1, rng.number("weight", 0.4, 1.2)
    return {
        "gradient": np.array(np.mean(2 * (weight * direction - normal_pattern(*LOSS_SHAPE)) * direction)),
        "trained_predicts": np.array(True),
    }


def _training(rng):
    bars = drawn_variances(rng, 3, 6)[2]
    yes = ("in_range", "t_per_item", "t_uniform", "own_condition")
    return {
        "factors": np.stack([np.sqrt(bars), np.sqrt(1 - bars)], axis=1),
        "residual": np.array(0.0),
        **{name: np.array(True) for name in yes},
    }


def _guidance_dropout(rng):
    return {
        "rate": np.array([0.0, *inputs.dropout(rng), 1.0]),
        **{name: np.array(True) for name in ("whole_batch", "null_is_zero", "condition_kept")},
    }


def _sampled(rng, weight, threshold=False):
    """Samples of the linear network that `cases.sampling` draws, for the known noise of the tape."""
    betas, _, bars = drawn_variances(rng, 5, 8)
    slope, offset = inputs.linear_network(rng, len(betas))
    bias = rng.uniform("bias", CONDITION_DIM, low=-0.5, high=0.5).astype(float)
    conditional = (rng.uniform("cond", COUNT, CONDITION_DIM, low=0.2, high=1.2).astype(float) @ bias)[:, None, None]
    z = normal_pattern(COUNT, *inputs.shape(rng, "shape", 2)).astype(float)  # the same at every step
    x = z
    for t in reversed(range(len(betas))):
        noise = slope[t] * x + offset[t] + (1 + weight) * conditional  # the unconditional estimate lacks the last term
        (of_x, of_noise), sigma = reverse_step(betas, bars, t, posterior=False)
        mean = clamped_mean(betas, bars, t, x, noise) if threshold else of_x * x + of_noise * noise
        x = mean + sigma * z
    return x


def _sample(rng):
    x = _sampled(rng, 0.0)
    return {"sample": x, "shape": np.array(x.shape), "dtype": np.array("torch.float32")}


def _guidance(rng):
    return {
        "unconditional": _sampled(rng, -1.0),
        "guided": _sampled(rng, rng.number("w", 0.5, 3.0)),
        **{name: np.array(True) for name in ("null_is_zero", "condition_seen", "condition_kept")},
    }


def _threshold_sample(rng):
    return {"sample": _sampled(rng, rng.number("w", 0.5, 2.0), threshold=True), "passed_on": np.array(True)}


def _gaussian(rng):
    """Mean and variance follow a recursion because each step is linear: x' = a x + b + sigma z."""
    setting, (m, s) = inputs.gaussian(rng)
    betas, _, bars = variances(setting["beta_start"], setting["beta_end"], setting["num_steps"])
    mean, variance = 0.0, 1.0
    for t in reversed(range(len(betas))):
        (of_x, of_noise), sigma = reverse_step(betas, bars, t, posterior=False)
        gain = np.sqrt(1 - bars[t]) / (bars[t] * s**2 + 1 - bars[t])
        slope = of_x + of_noise * gain
        mean = slope * mean - of_noise * gain * np.sqrt(bars[t]) * m
        variance = slope**2 * variance + sigma**2
    return {"mean": np.array(mean), "std": np.sqrt(variance)}


def _sampling_rules(rng):
    yes = ("average_used", "whole_batch", "no_grad", "eval_mode")
    return {
        "timesteps": np.arange(inputs.schedule(rng, 10, 90)["num_steps"])[::-1],
        **{name: np.array(True) for name in yes},
    }


def _seeds(rng):
    given = inputs.seeds(rng)
    return {name: np.array([given.index(seed) for seed in given]) for name in ("loss", "step", "sample")}


def _image_generator(rng):
    return {
        "input_shape": np.array([3, 32, 32]),
        "condition_dim": np.array(4),
        "images": np.array(True),
        "denoising_steps": np.array(rng.integer("steps", 20, 400)),
        "p_uncond": np.array(rng.number("p_uncond", 0.05, 0.5)),
    }


ORACLES = (
    Oracle("2.schedule", _schedule),
    Oracle("2.add_noise", _add_noise),
    Oracle("2.denoise_step", _denoise_step),
    Oracle("2.threshold", _threshold),
    Oracle("2.loss", _loss),
    Oracle("2.gradient", _gradient),
    Oracle("2.training", _training),
    Oracle("2.guidance_dropout", _guidance_dropout),
    Oracle("2.sample", _sample),
    Oracle("2.guidance", _guidance),
    Oracle("2.threshold_sample", _threshold_sample),
    Oracle("2.gaussian", _gaussian),
    Oracle("2.sampling_rules", _sampling_rules),
    Oracle("2.seeds", _seeds),
    Oracle("2.image_generator", _image_generator),
)
