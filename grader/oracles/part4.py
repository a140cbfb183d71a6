"""What part 4's cases must observe, derived without the solution: closed forms and Bayes' rule in float64."""

import numpy as np

from grader.assignment import Oracle
from grader.rng import normal_pattern


def variances(start, end, steps, quadratic=False):
    """(betas, alphas, alpha_bars), computed one step at a time."""
    power = 2 if quadratic else 1
    a, b = start ** (1 / power), end ** (1 / power)
    betas = np.array([(a + (b - a) * i / (steps - 1)) ** power for i in range(steps)])
    bars = [1.0]
    for beta in betas:
        bars.append(bars[-1] * (1 - beta))
    return betas, 1 - betas, np.array(bars[1:])


def reverse_step(betas, bars, t, posterior):
    """Factors of x_t and eps in the mean of x_{t-1}, and sigma, by Bayes' rule.

    q(x_{t-1} | x_t, x_0) is proportional to N(x_t; sqrt(alpha) x_{t-1}, beta) N(x_{t-1}; sqrt(bar') x_0, 1 - bar'): add
    the precisions, and put in the x_0 that eps implies. At t = 0 the second factor is a point at x_0.
    """
    before = bars[t - 1] if t else 1.0
    # x_0 = from_x x_t + from_eps eps
    from_x, from_eps = 1 / np.sqrt(bars[t]), -np.sqrt(1 - bars[t]) / np.sqrt(bars[t])
    if t == 0:
        return np.array([from_x, from_eps]), 0.0
    precision = (1 - betas[t]) / betas[t] + 1 / (1 - before)
    weight_x = np.sqrt(1 - betas[t]) / betas[t] / precision
    weight_x0 = np.sqrt(before) / (1 - before) / precision
    sigma = np.sqrt(1 / precision if posterior else betas[t])
    return np.array([weight_x + weight_x0 * from_x, weight_x0 * from_eps]), sigma


def _embedding(rng):
    return {
        "shape": np.array([6, 24]),
        "mean_square": np.full(6, 0.5),
        "at_zero": np.repeat([0.0, 1.0], 12),
        "unit_frequency": np.array(0.0),
        "shift_dependence": np.array(0.0),
        "distinct": np.array(True),
    }


def _unet(rng):
    yes = ("image_matters", "time_matters", "label_matters", "items_independent")
    return {
        "shape": np.array([3, 1, 32, 32]),
        "shape_channels": np.array([2, 2, 32, 32]),
        "unreached": np.array(""),
        **{name: np.array(True) for name in yes},
    }


def _schedule(rng, quadratic=False):
    steps = rng.integer("steps", 11, 19)
    start, end = rng.number("beta_start", 0.01, 0.03), rng.number("beta_end", 0.2, 0.4)
    names = ("betas", "alphas", "alpha_bars")
    default = [table[[0, 1, 500, 999]] for table in variances(1e-4, 0.02, 1000, quadratic)]
    return {
        "length": np.array([steps, steps, steps, 1000]),
        **dict(zip(names, variances(start, end, steps, quadratic), strict=True)),
        **dict(zip([f"default_{n}" for n in names], default, strict=True)),
    }


def _add_noise(rng):
    bars = variances(0.02, 0.35, 11)[2][[0, 1, 4, 10, 6]]
    factors = np.stack([np.sqrt(bars), np.sqrt(1 - bars)], axis=1)
    return {
        "image_factors": factors,
        "image_residual": np.zeros(5),
        "vector_factors": factors,
        "vector_residual": np.zeros(5),
        "dtypes": np.array("torch.float32 torch.float32"),
        "input_kept": np.array(True),
    }


def _noise(rng):
    # |correlation| of n = 1056 independent normal pairs has mean sqrt(2 / (pi n)).
    return {
        "mean": np.array(0.0),
        "std": np.array(1.0),
        "kurtosis": np.array(3.0),
        "between_items": np.array(np.sqrt(2 / (np.pi * 1056))),
        "between_calls": np.array(0.0),
    }


def _ddpm_loss(rng, power=2):
    error = rng.normal("prediction", 3, 1, 6, 5).astype(float) - normal_pattern(3, 1, 6, 5)
    return {"loss": np.array(np.mean(np.abs(error) ** power)), "shape": np.zeros(0)}


def _ddpm_gradient(rng, power=2):
    direction, weight = rng.normal("direction", 3, 1, 6, 5).astype(float), np.float64(np.float32(0.7))
    error = weight * direction - normal_pattern(3, 1, 6, 5)
    slope = 2 * error if power == 2 else np.sign(error)
    return {"gradient": np.array(np.mean(slope * direction))}


def _ddpm_training(rng):
    bars = variances(0.05, 0.4, 4)[2]
    yes = ("in_range", "t_per_item", "t_uniform", "own_label")
    return {
        "factors": np.stack([np.sqrt(bars), np.sqrt(1 - bars)], axis=1),
        "residual": np.array(0.0),
        **{name: np.array(True) for name in yes},
    }


def _ddpm_step(rng, posterior=False):
    betas, _, bars = variances(0.05, 0.3, 7)
    steps = [reverse_step(betas, bars, t, posterior) for t in (0, 1, 3, 6)]
    return {
        "mean_factors": np.stack([mean for mean, _ in steps]),
        "mean_residual": np.zeros(4),
        "sigma": np.array([sigma for _, sigma in steps]),
        "sigma_residual": np.zeros(4),
        "dtype": np.array("torch.float32"),
        "input_kept": np.array(True),
    }


def _ddpm_sample(rng, posterior=False):
    betas, _, bars = variances(0.05, 0.3, 6)
    slope, offset = rng.uniform("slope", 6, low=0.2, high=0.9), rng.uniform("offset", 6, low=-0.1, high=0.1)
    z = 0.1 * normal_pattern(5, 1, 32, 32).astype(float)  # the tape plays the same noise at every step
    x = z
    for t in reversed(range(6)):
        factors, sigma = reverse_step(betas, bars, t, posterior)
        x = factors[0] * x + factors[1] * (slope[t] * x + offset[t]) + sigma * z
    return {"sample": x[:, :, 3:6, 10:14], "shape": np.array([5, 1, 32, 32]), "dtype": np.array("torch.float32")}


def _ddpm_sampling_rules(rng):
    yes = ("whole_batch", "labels_honoured", "no_grad", "random_labels", "wrong_count_refused")
    return {
        "timesteps": np.arange(5)[::-1],
        "count_without_labels": np.array(4),
        **{name: np.array(True) for name in yes},
    }


def _prepare_ddpm(rng):
    return {name: np.array(True) for name in ("loss_is_finite", "takes_gradients", "trainable")}


ORACLES = (
    Oracle("4.embedding", _embedding),
    Oracle("4.unet", _unet),
    Oracle("4.schedule", _schedule),
    Oracle("4.schedule_quadratic", lambda rng: _schedule(rng, quadratic=True)),
    Oracle("4.schedule_refusal", lambda rng: {"refused": np.array([True, True])}),
    Oracle("4.add_noise", _add_noise),
    Oracle("4.noise", _noise),
    Oracle("4.ddpm_loss", _ddpm_loss),
    Oracle("4.ddpm_loss", lambda rng: _ddpm_loss(rng, power=1), variant="4.l1_loss"),
    Oracle("4.ddpm_gradient", _ddpm_gradient),
    Oracle("4.ddpm_gradient", lambda rng: _ddpm_gradient(rng, power=1), variant="4.l1_loss"),
    Oracle("4.ddpm_training", _ddpm_training),
    Oracle("4.ddpm_step", _ddpm_step),
    Oracle("4.ddpm_step", lambda rng: _ddpm_step(rng, posterior=True), variant="4.posterior_variance"),
    Oracle("4.ddpm_sample", _ddpm_sample),
    Oracle("4.ddpm_sample", lambda rng: _ddpm_sample(rng, posterior=True), variant="4.posterior_variance"),
    Oracle("4.ddpm_sampling_rules", _ddpm_sampling_rules),
    Oracle("4.prepare_ddpm", _prepare_ddpm),
)
