"""What the cases of the DDIM should observe."""

import numpy as np

from grader.authoring.closed_forms import drawn_variances
from grader.course.assignment import Oracle
from grader.parts.fashion_mnist.cases import inputs
from grader.parts.fashion_mnist.oracles.ddpm import device, draws, gradient, loss, prepared, rules
from grader.runtime.rng import normal_pattern


def _ddim_step(rng):
    _, _, bars = drawn_variances(rng, 6, 9)
    rows = []
    for t in inputs.timesteps(rng, len(bars), 1):
        before = bars[t - 1] if t else 1.0
        # x_t and x_{t-1} are both linear in x_0 and eps, so the factors of x_t and eps in x_{t-1} solve two equations.
        of_x0_and_eps = np.array([[np.sqrt(bars[t]), np.sqrt(1 - bars[t])], [0.0, 1.0]])
        rows.append(np.linalg.solve(of_x0_and_eps.T, [np.sqrt(before), np.sqrt(1 - before)]))
    return {
        "mean_factors": np.stack(rows),
        "mean_residual": np.zeros(4),
        "sigma": np.zeros(4),
        "sigma_residual": np.zeros(4),
        "dtype": np.array("torch.float32"),
        "input_kept": np.array(True),
    }


def _ddim_sample(rng):
    pattern = normal_pattern(rng.integer("count", 3, 7), 1, 32, 32).astype(float)
    _, scale = inputs.constant_noise(rng)
    return {
        "start": scale * pattern[:, :, 3:6, 10:14],
        "astray": np.array(0.0),
        "last_step_moves": np.array(True),
        "dtype": np.array("torch.float32"),
    }


def _ddim_sampling_rules(rng):
    pixels = inputs.known_image(rng)[:, :, 3:6, 10:14]
    return {
        "timesteps_fall": np.array(True),
        "sample": np.repeat(pixels, rng.integer("labelled", 3, 6), axis=0),
        "last_step_moves": np.array(True),
        "later_noise": np.array(0.0),
    } | rules(rng)


def _ddim_loss(rng, power=2):
    return loss(rng, power) | gradient(rng, power) | draws(rng) | {"sees_noised": np.array(True)}


ORACLES = (
    Oracle("4.ddim_step", _ddim_step),
    Oracle("4.ddim_sample", _ddim_sample),
    Oracle("4.ddim_sampling_rules", _ddim_sampling_rules),
    Oracle("4.ddim_loss", _ddim_loss),
    Oracle("4.ddim_loss", lambda rng: _ddim_loss(rng, power=1), variant="4.l1_loss"),
    Oracle("4.ddim_device", device),
    Oracle("4.prepare_ddim", prepared),
)
