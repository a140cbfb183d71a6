"""Derives Gaussians by numerical integration, conditioning, finite differences and Bayes' rule, not by the solution."""

import numpy as np

from grader.authoring.closed_forms import reverse_step
from grader.course.assignment import Oracle
from grader.parts.theory.cases import inputs

NODES = 40  # of the Gauss-Hermite rule, which is exact for the quadratic functions here


def _log_normal(x, mean, variance):
    return -0.5 * (np.log(2 * np.pi * variance) + (x - mean) ** 2 / variance)


def integrated_kl(mu_p, var_p, mu_q, var_q):
    """KL(p || q) of diagonal Gaussians by numerical integration of log p - log q under p, dimension by dimension."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    mu_p, var_p, mu_q, var_q = (a[..., None] for a in np.broadcast_arrays(mu_p, var_p, mu_q, var_q))
    x = mu_p + np.sqrt(var_p) * nodes
    differences = _log_normal(x, mu_p, var_p) - _log_normal(x, mu_q, var_q)
    return (differences @ weights / np.sqrt(2 * np.pi)).sum(axis=-1)


def _gaussian_kl(rng):
    shape = rng.integer("count", 3, 6), rng.integer("size", 6, 9)
    return {
        "same_shapes": integrated_kl(*inputs.gaussians(rng, *[shape] * 4)),
        "pairwise": integrated_kl(*inputs.gaussians(rng, *inputs.pairwise(rng))),
    }


def gradient(function, at, step=1e-5):
    """Derivatives of a scalar function of an array, by central differences."""
    derivatives = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        shift = np.zeros_like(at)
        shift[index] = step
        derivatives[index] = (function(at + shift) - function(at - shift)) / (2 * step)
    return derivatives


def _kl_gradient(rng):
    mu_p, var_p, mu_q, var_q = inputs.gaussians(rng, *inputs.pairwise(rng))
    return {
        "mu_p": gradient(lambda a: integrated_kl(a, var_p, mu_q, var_q).sum(), mu_p),
        "var_p": gradient(lambda a: integrated_kl(mu_p, a, mu_q, var_q).sum(), var_p),
    }


def conditioned(model):
    """log p(x), and the mean and covariance of p(z | x), from conditioning the joint Gaussian of (z, x) on x."""
    D, K = model.W.shape
    generate = np.block([[np.eye(K), np.zeros((K, D))], [model.W, np.sqrt(model.s2) * np.eye(D)]])
    joint = generate @ generate.T  # (z, x) = generate (z, noise) + (0, b)
    of_x, between = joint[K:, K:], joint[:K, K:]
    root = np.linalg.cholesky(of_x)
    whitened = np.linalg.solve(root, (model.x - model.b).T)
    log_density = _log_normal(whitened, 0.0, 1.0).sum(axis=0) - np.log(np.diag(root)).sum()
    gain = np.linalg.solve(of_x, between.T).T
    return log_density, (gain @ (model.x - model.b).T).T, joint[:K, :K] - gain @ between.T


def bound(model, m, S):
    """The ELBO as log p(x) - KL(q || p(z | x)), by the eigenvalues of S relative to the posterior's covariance."""
    log_density, mean, covariance = conditioned(model)
    eigenvalues = np.linalg.eigvals(np.linalg.solve(covariance, S)).real
    apart = np.einsum("bi,bi->b", m - mean, np.linalg.solve(covariance, (m - mean).T).T)
    return log_density - 0.5 * ((eigenvalues - 1 - np.log(eigenvalues)).sum() + apart)


def _log_evidence(rng):
    return {"log_evidence": conditioned(inputs.linear_gaussian(rng))[0]}


def _true_posterior(rng):
    _, mean, covariance = conditioned(inputs.linear_gaussian(rng))
    return {"mean": mean, "covariance": covariance}


def _elbo(rng):
    model = inputs.linear_gaussian(rng)
    return {"elbo": bound(model, *inputs.approximation(rng, model))}


def _elbo_gradient(rng):
    model = inputs.linear_gaussian(rng)
    m, S = inputs.approximation(rng, model)
    of_S = gradient(lambda a: bound(model, m, (a + a.T) / 2).sum(), S)
    return {"m": gradient(lambda a: bound(model, a, S).sum(), m), "S": of_S}


def _posterior(rng):
    betas, t = inputs.diffusion(rng)
    bars = np.cumprod(1 - betas)
    factors, variances = np.zeros((len(t), 2)), np.zeros(len(t))
    for row, step in enumerate(sorted(t - 1)):  # from 0, as reverse_step counts
        (of_x, of_noise), sigma = reverse_step(betas, bars, step, posterior=True)
        # eps = (x_t - sqrt(bar) x_0) / sqrt(1 - bar)
        per_noise = of_noise / np.sqrt(1 - bars[step])
        factors[row], variances[row] = (-np.sqrt(bars[step]) * per_noise, of_x + per_noise), sigma**2
    kinds = ("image", "vector")
    return {
        **{f"{kind}_factors": factors for kind in kinds},
        **{f"{kind}_residual": np.array(0.0) for kind in kinds},
        **{f"{kind}_variance": variances for kind in kinds},
    }


ORACLES = (
    Oracle("6.gaussian_kl", _gaussian_kl),
    Oracle("6.kl_gradient", _kl_gradient),
    Oracle("6.log_evidence", _log_evidence),
    Oracle("6.true_posterior", _true_posterior),
    Oracle("6.elbo", _elbo),
    Oracle("6.elbo_gradient", _elbo_gradient),
    Oracle("6.posterior", _posterior),
)
