"""What the cases of the latent DDPM should observe, whatever its VAE is."""

import numpy as np

from grader.authoring.closed_forms import drawn_variances
from grader.course.assignment import Oracle
from grader.parts.fashion_mnist.oracles.ddpm import device


def _lddpm_loss(rng, power=2):
    error, weight = rng.uniform("error", 6, low=0.4, high=1.6).astype(float), rng.number("weight", 0.4, 1.2)
    return {
        "loss": np.array(np.mean((weight * error) ** power)),
        "shape": np.zeros(0),
        "gradient": np.array(np.mean(power * weight ** (power - 1) * error**power)),
        "timesteps": np.arange(3),
        "t_per_item": np.array(True),
        "own_label": np.array(True),
    }


def _lddpm_frozen(rng):
    bars = drawn_variances(rng, 3, 3)[2]
    return {
        "factors": np.stack([np.sqrt(bars), np.sqrt(1 - bars)], axis=1),
        "residual": np.array(0.0),
        "gradient_of_network": np.array(True),
        "gradient_of_vae": np.array(False),
        "vae_kept": np.array(True),
        "same_latents": np.array(True),
    }


def _lddpm_sample(rng):
    count = rng.integer("count", 5, 7)
    return {
        "reconstructs": np.array(rng.choice("order", range(count), count)),
        "decoded": np.tile([1.0, 0.0], (count, 1)),
        "moves": np.array(True),
    }


def _lddpm_sampling_rules(rng):
    yes = ("descending", "whole_batch", "labels_honoured", "no_grad", "random_labels", "wrong_count_refused")
    return {
        "count": np.array(rng.integer("labelled", 3, 8)),
        "count_without_labels": np.array(rng.integer("more", 8, 28)),
        **{name: np.array(True) for name in yes},
    }


def _prepare_lddpm(rng):
    yes = ("class", "loss_is_finite", "takes_gradients", "trainable")
    return {"reloaded": np.full(2, rng.number("weight", -1, 1)), **{name: np.array(True) for name in yes}}


ORACLES = (
    Oracle("4.lddpm_loss", _lddpm_loss),
    Oracle("4.lddpm_loss", lambda rng: _lddpm_loss(rng, power=1), variant="4.l1_loss"),
    Oracle("4.lddpm_frozen", _lddpm_frozen),
    Oracle("4.lddpm_sample", _lddpm_sample),
    Oracle("4.lddpm_sampling_rules", _lddpm_sampling_rules),
    Oracle("4.lddpm_device", device),
    Oracle("4.prepare_lddpm", _prepare_lddpm),
)
