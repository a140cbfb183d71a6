"""What the cases of the multi-label DDPM should observe, by Bayes' rule in float64."""

import numpy as np

from grader.authoring.closed_forms import reverse_step
from grader.course.assignment import Oracle
from grader.parts.iclevr.cases import diffusion, diffusion_sampling, inputs
from grader.runtime.inputs import gpu_and_count
from grader.runtime.rng import normal_pattern


def cosine_betas(steps, s=0.008):
    """Compute beta_t step by step, from the share of the picture's variance that is left before and after it."""
    left = [np.cos((t / steps + s) / (1 + s) * np.pi / 2) ** 2 for t in range(steps + 1)]
    return np.array([min((left[t] - left[t + 1]) / left[t], 0.999) for t in range(steps)])


def schedule(steps):
    """The model's (betas, alpha_bars)."""
    betas = cosine_betas(steps)
    return betas, np.exp(np.cumsum(np.log1p(-betas)))


def _cosine(rng):
    count, s = rng.integer("steps", 20, 60), rng.number("s", 0.02, 0.1)
    betas = cosine_betas(count)
    return {
        "length": np.array(count),
        "betas": betas[:-2],
        "last": betas[-2:],
        "other_offset": np.array(cosine_betas(count, s)[0]),
    }


def _multi_label(rng):
    count = rng.integer("count", 3, 6)
    return {
        "shape": np.array([count, 3, 16, 16]),
        "image_matters": np.array(inputs.some_items(rng, "images", count)),
        "time_matters": np.array(inputs.some_items(rng, "times", count)),
        "condition_matters": np.array(inputs.some_items(rng, "conditions", count)),
        "labels_that_matter": np.array(inputs.CONDITIONS),
        "labels_apart": np.array(True),
        "unreached": np.array(""),
    }


def _label_dropout(rng):
    yes = {name: np.array(True) for name in ("whole", "fresh", "input_kept")}
    shares = {"dropped": inputs.dropout_rates(rng), "never": 0.0, "always": 1.0}
    return {name: np.array(share) for name, share in shares.items()} | yes


def _ddpm_loss(rng):
    direction = rng.normal("direction", *diffusion.LOSS_SHAPE).astype(float) - 1
    error = rng.number("weight", 0.4, 1.2) * direction - normal_pattern(*diffusion.LOSS_SHAPE)
    return {
        "loss": np.array(np.mean(error**2)),
        "shape": np.zeros(0),
        "gradient": np.array(2 * np.mean(error * direction)),
    }


def _ddpm_training(rng):
    bars = schedule(inputs.training_steps(rng))[1]
    names = ("in_range", "t_per_item", "t_uniform", "labels", "own_labels", "dropped")
    return {
        "factors": np.stack([np.sqrt(bars), np.sqrt(1 - bars)], axis=1),
        "residual": np.array(0.0),
        **{name: np.array(True) for name in names},
    }


def _guidance(rng):
    count, w, of_labels = rng.integer("count", 3, 6), inputs.weight(rng), inputs.of_labels(rng).astype(float)
    added = np.array([of_labels[objects].sum() for objects in inputs.conditions(rng, "labels", count)])
    return {"estimate": 0.5 + (1 + w) * added, "without": 0.5 + added, "conditions": np.array(True)}


def posterior(x, noise, betas, bars, t):
    """Return (mean, sigma) of x_{t-1}, given x_t and the clamped x_0 that the noise implies; precisions add up."""
    x_0 = np.clip((x - np.sqrt(1 - bars[t]) * noise) / np.sqrt(bars[t]), -1, 1)
    if t == 0:
        return x_0, 0.0
    forward, prior = (1 - betas[t]) / betas[t], 1 / (1 - bars[t - 1])
    mean = (forward * x / np.sqrt(1 - betas[t]) + prior * np.sqrt(bars[t - 1]) * x_0) / (forward + prior)
    return mean, np.sqrt(1 / (forward + prior))


def _ddpm_step(rng):
    count = inputs.steps(rng)
    betas, bars = schedule(count)
    steps = [reverse_step(betas, bars, t, posterior=True) for t in inputs.step_timesteps(rng, count)]
    far, noise = (rng.normal(name, 2, 3, 2, 2).astype(float) for name in ("far x_t", "far noise"))
    return {
        "mean_factors": np.stack([mean for mean, _ in steps]),
        "mean_residual": np.zeros(4),
        "sigma": np.array([sigma for _, sigma in steps]),
        "sigma_residual": np.zeros(4),
        "clamped": posterior(far, noise, betas, bars, count - 1)[0].ravel(),
        "input_kept": np.array(True),
    }


def _ddpm_sample(rng):
    steps, count, w, scale = diffusion_sampling.sampling(rng)
    betas, bars = schedule(steps)
    slope, offset = (table.astype(float) for table in inputs.linear_network(rng, steps))
    of_labels = inputs.of_labels(rng).astype(float)
    added = np.array([of_labels[objects].sum() for objects in inputs.conditions(rng, "labels", count)])
    z = scale * normal_pattern(count, 3, 64, 64).astype(float)  # the tape returns the same noise at every step
    x = z
    for t in reversed(range(steps)):
        noise = slope[t] * x + offset[t] + (1 + w) * added[:, None, None, None]
        mean, sigma = posterior(x, noise, betas, bars, t)
        x = mean + sigma * z
    return {
        "sample": x[:, :, 3:5, 10:13],
        "shape": np.array([count, 3, 64, 64]),
        "timesteps": np.arange(steps)[::-1],
        "whole_batch": np.array(True),
        "predictions": np.array(2.0),
        "no_grad": np.array(True),
    }


def _strip(rng):
    steps, count = rng.choice("steps", diffusion_sampling.STRIP_STEPS, 1)[0], rng.integer("count", 1, 4)
    betas, bars = schedule(steps)
    slope, scale = rng.number("slope", 0.3, 0.9), rng.number("noise", 0.5, 1.0)
    z = scale * normal_pattern(count, 3, 64, 64)[0, 0, 7, 9]
    states = [z]
    for t in reversed(range(steps)):
        mean, sigma = posterior(states[-1], slope * states[-1], betas, bars, t)
        states.append(mean + sigma * z)
    return {
        "shape": np.array([count, 13, 3, 64, 64]),
        "states": np.array([states[round(part * steps / 12)] for part in range(13)]),
        "last_is_the_picture": np.array(True),
    }


def _ddpm_device(rng):
    gpu, count = gpu_and_count(rng)
    return {"computed_on": np.array(gpu), "count": np.array(count)}


def _prepare_cddpm(rng):
    yes = {name: np.array(True) for name in ("class", "loss_is_finite", "takes_gradients", "trainable")}
    return {"reloaded": np.full(2, rng.number("weight", -1, 1)), **yes}


ORACLES = (
    Oracle("5.cosine", _cosine),
    Oracle("5.multi_label", _multi_label),
    Oracle("5.label_dropout", _label_dropout),
    Oracle("5.ddpm_loss", _ddpm_loss),
    Oracle("5.ddpm_training", _ddpm_training),
    Oracle("5.guidance", _guidance),
    Oracle("5.ddpm_step", _ddpm_step),
    Oracle("5.ddpm_sample", _ddpm_sample),
    Oracle("5.strip", _strip),
    Oracle("5.ddpm_device", _ddpm_device),
    Oracle("5.prepare_cddpm", _prepare_cddpm),
)
