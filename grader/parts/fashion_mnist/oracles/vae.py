"""What the cases of the VAE should observe."""

import numpy as np

from grader.course.assignment import Oracle
from grader.parts.fashion_mnist.cases import inputs
from grader.parts.fashion_mnist.oracles.ddpm import device, prepared


def _yes(*names):
    return {name: np.array(True) for name in names}


def _chosen(rng, name, count):
    return np.array(inputs.some_items(rng, name, count))


def _vae(rng):
    count = len(inputs.autoencoder_batch(rng)[1])
    return {
        "shape": np.array([count, 1, 32, 32]),
        "image_matters": _chosen(rng, "replaced images", count),
        "label_matters": _chosen(rng, "replaced labels", count),
        "decoded": np.array("mean"),
        "unreached": np.array(""),
        **_yes("moments", "sample_decoded", "noise_matters", "moments_learn"),
    }


def _vae_reparameterize(rng):
    sigma = np.sqrt(np.exp(inputs.logvar_levels(rng).astype(float)))
    return {
        "mean_factor": np.array(1.0),
        "mean_residual": np.array(0.0),
        "sigma": sigma,
        "sigma_residual": np.zeros(3),
        "mean_gradient": np.array(1.0),
        "logvar_gradient": sigma / 2,  # the derivative of exp(v / 2)
        **_yes("standard_normal", "fresh"),
    }


def _vae_reconstruction(rng, power=1):
    first, *others = (error.astype(float) for error in inputs.errors(rng))
    weights = inputs.error_weights(rng, first.shape).astype(float)
    sizes = np.abs(first) ** power
    # The derivative of |e|^p in the direction w e is p w |e|^p.
    return {
        "at_equal": np.array(0.0),
        "ratios": np.array([(np.abs(error) ** power).sum() / sizes.sum() for error in others]),
        "derivative": np.array(power * (weights * sizes).sum() / sizes.sum()),
        "shape": np.zeros(0),
    }


def _divergence(means, logvars):
    """KL(N(m, s^2) || N(0, 1)) as the difference of cross entropy and entropy, for each element of the arrays."""
    variances = np.exp(logvars)
    cross_entropy = (np.log(2 * np.pi) + variances + means**2) / 2
    entropy = np.log(2 * np.pi * np.e * variances) / 2
    return cross_entropy - entropy


def _vae_kl(rng):
    means, logvars = (moment.astype(float) for moment in inputs.posteriors(rng))
    sums = _divergence(means, logvars).sum(axis=1)
    return {
        "at_prior": np.array(0.0),
        "ratios": sums[1:] / sums[0],
        "mean_derivative": np.array((means[0] ** 2).sum() / sums[0]),
        "logvar_derivative": np.array(((np.exp(logvars[0]) - 1) / 2).sum() / sums[0]),
        "shape": np.zeros(0),
        **_yes("positive", "factor_half", "scales_alike"),
    }


def _vae_decode(rng):
    count = len(inputs.autoencoder_batch(rng)[1])
    return {
        "shape": np.array([count, 1, 32, 32]),
        "latents_matter": _chosen(rng, "replaced latents", count),
        "label_matters": _chosen(rng, "replaced labels", count),
        **_yes("repeatable"),
    }


def _vae_sample(rng):
    count = len(inputs.autoencoder_batch(rng)[1])
    return {
        "shape": np.array([count, 1, 32, 32]),
        "latent_factor": np.array(1.0),
        "labels_honoured": _chosen(rng, "replaced labels", count),
        "count_without_labels": np.array(count + rng.integer("more", 3, 12)),
        **_yes("both_signs", "decoded", "fresh", "whole_batch", "no_grad", "random_labels", "wrong_count_refused"),
    }


ORACLES = (
    Oracle("4.vae_reparameterize", _vae_reparameterize),
    Oracle("4.vae_reconstruction", _vae_reconstruction),
    Oracle("4.vae_reconstruction", lambda rng: _vae_reconstruction(rng, power=2), variant="4.vae_squared_errors"),
    Oracle("4.vae_kl", _vae_kl),
    Oracle("4.vae", _vae),
    Oracle("4.vae_decode", _vae_decode),
    Oracle("4.vae_sample", _vae_sample),
    Oracle("4.vae_device", device),
    Oracle("4.prepare_vae", prepared),
)
