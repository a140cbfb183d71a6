"""Part 6: the theory behind the models, in short functions.

All tensors of numbers are float64, and logarithms are natural. Timesteps count from 1, as in the papers. Each function
is a separate task; only `query` builds on another one.

References: Kingma & Welling 2014, "Auto-Encoding Variational Bayes" (VAE); Ho et al. 2020, "Denoising Diffusion
Probabilistic Models" (DDPM); Goodfellow et al. 2014, "Generative Adversarial Nets" (GAN); Bishop 2006, "Pattern
Recognition and Machine Learning" (PRML).
"""

import itertools
import math

import torch


def gaussian_kl(mu_p, var_p, mu_q, var_q):
    """Compute KL(p || q) of Gaussians with diagonal covariances. Implements VAE, appendix B, for any q.

    Args:
        mu_p, mu_q: means.
        var_p, var_q: variances, above 0. All four shapes broadcast to (..., D). The last dimension of each may be 1,
            for example for an isotropic Gaussian.

    Returns:
        The divergences, summed over the D dimensions, shape (...). Gradients flow to all four arguments.
    """
    # TODO(6.gaussian_kl): integrate log p - log q under p, in closed form
    # (about 20 minutes, medium)
    raise NotImplementedError("TODO(6.gaussian_kl)")


def log_evidence(x, W, b, s2):
    """Compute log p(x) for the model z ~ N(0, I), x | z ~ N(W z + b, s2 I). Implements PRML eq. (12.35).

    Args:
        x: observations, shape (B, D).
        W: shape (D, K), K < D.
        b: shape (D,).
        s2: variance of the noise, shape (), above 0.

    Returns:
        Log densities, shape (B,).
    """
    # TODO(6.log_evidence): x is Gaussian too: what are its mean and covariance?
    # (about 25 minutes, medium)
    raise NotImplementedError("TODO(6.log_evidence)")


def true_posterior(x, W, b, s2):
    """Compute p(z | x) of the model of `log_evidence`, which is Gaussian. Implements PRML eq. (12.42).

    Args:
        x, W, b, s2: as for `log_evidence`.

    Returns:
        (mean, covariance), shapes (B, K) and (K, K).
    """
    # TODO(6.true_posterior): add the precisions of prior and likelihood
    # (about 30 minutes, hard)
    raise NotImplementedError("TODO(6.true_posterior)")


def elbo(x, W, b, s2, m, S):
    """Compute the ELBO, E_q[log p(x | z)] - KL(q || p(z)), with q(z) = N(m, S). Implements VAE eq. (3) in closed form.

    The model is that of `log_evidence`.

    Args:
        x, W, b, s2: as for `log_evidence`.
        m: mean of q for each observation, shape (B, K).
        S: covariance of q for every observation, shape (K, K), symmetric and positive definite.

    Returns:
        Lower bounds of log p(x), shape (B,), which equal it if q is the true posterior. Gradients flow to m and S.
    """
    # TODO(6.elbo): expected log-likelihood, as z varies around m with covariance S, minus KL
    # (about 40 minutes, hard)
    raise NotImplementedError("TODO(6.elbo)")


def posterior_mean_variance(x_0, x_t, t, betas):
    """Compute mean and variance of q(x_{t-1} | x_t, x_0). Implements DDPM eq. (6) and (7).

    Args:
        x_0, x_t: vectors or images, shape (B, ...).
        t: timestep of each item, shape (B,), int64 in {1, ..., T}.
        betas: shape (T,), where beta_t is betas[t - 1].

    Returns:
        (mean, variance), shapes (B, ...) and (B,). At t = 1 alpha_bar_0 = 1: the mean is x_0 and the variance 0.
    """
    # TODO(6.posterior): beta_t, alpha_bar_t and alpha_bar_{t-1} of each item, shaped to fit x_t
    # (about 30 minutes, medium)
    raise NotImplementedError("TODO(6.posterior)")


def optimal_discriminator(p, q):
    """Compute D*(x), the best discriminator for a fixed generator. Implements GAN eq. (2).

    Args:
        p: probabilities of the data, shape (..., N); some may be 0.
        q: probabilities of the generator's images, same shape.

    Returns:
        The probability that x is real, shape (..., N); 1/2 where p and q are both 0.
    """
    # TODO(6.optimal_discriminator): maximise p log D + q log(1 - D) for each x
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(6.optimal_discriminator)")


def jensen_shannon(p, q):
    """Compute JSD(p || q), the mean of KL(p || m) and KL(q || m), where m is the mean of p and q.

    Args:
        p, q: as for `optimal_discriminator`.

    Returns:
        The divergences, shape (...), in [0, log 2]. 0 log 0 counts as 0.
    """
    # TODO(6.jensen_shannon): two divergences from the mixture; torch.xlogy handles 0 log 0
    # (about 15 minutes, medium)
    raise NotImplementedError("TODO(6.jensen_shannon)")


def game_value(p, q):
    """Compute V(D*, G) = E_p[log D*(x)] + E_q[log(1 - D*(x))] = -log 4 + 2 JSD(p || q). Implements GAN, theorem 1.

    Args:
        p, q: as for `optimal_discriminator`.

    Returns:
        The values, shape (...), in [-log 4, 0]. 0 log 0 counts as 0.
    """
    # TODO(6.game_value): add the two expectations, or use the divergence
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(6.game_value)")


def random_walk_covariance(n, s):
    """Compute the covariance of the random walk x_i = y_1 + ... + y_i with independent steps y_j ~ N(0, s^2).

    Args:
        n: number of positions x_1, ..., x_n, an int of 2 or more.
        s: standard deviation of a step, a float above 0.

    Returns:
        The covariance, shape (n, n), float64.
    """
    # TODO(6.random_walk_covariance): which steps do x_i and x_j share?
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(6.random_walk_covariance)")


def random_walk_precision(n, s):
    """Compute the inverse of `random_walk_covariance`, which is tridiagonal.

    Args:
        n, s: as for `random_walk_covariance`.

    Returns:
        The precision, shape (n, n), float64.
    """
    # TODO(6.random_walk_precision): read it off the quadratic form in -2 log p(x_1, ..., x_n)
    # (about 20 minutes, medium)
    raise NotImplementedError("TODO(6.random_walk_precision)")


def conditionally_independent(precision):
    """List the pairs of jointly Gaussian variables that are independent given all other variables.

    Args:
        precision: the inverse of the covariance, shape (n, n). Inverses are rounded, so an entry counts as 0 if its
            absolute value is at most 1e-9 of the largest absolute value.

    Returns:
        A list of pairs of ints (i, j) with i < j, counted from 0, in any order.
    """
    # TODO(6.conditionally_independent): what does a zero of the precision mean?
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(6.conditionally_independent)")


def joint_probability(parents, tables, values):
    """Compute P(all variables) of a binary Bayesian network, the product of P(variable | its parents).

    Args:
        parents: {name: tuple of the names of its parents}, in any order, without cycles.
        tables: {name: {values of its parents: P(name = True | them)}}. The values are a tuple of bools, in the order of
            parents[name].
        values: {name: bool} for every variable.

    Returns:
        The probability, a float.
    """
    # TODO(6.joint_probability): one factor for each variable
    # (about 15 minutes, easy)
    raise NotImplementedError("TODO(6.joint_probability)")


def query(parents, tables, wanted, evidence):
    """Compute P(wanted | evidence) by enumerating all other variables.

    Args:
        parents, tables: as for `joint_probability`.
        wanted: {name: bool} for at least one variable.
        evidence: {name: bool} for any number of other variables, with a probability above 0. Do not change it.

    Returns:
        The probability, a float.
    """
    # TODO(6.query): P(wanted, evidence) / P(evidence), each summed over what it leaves out
    # (about 30 minutes, medium)
    raise NotImplementedError("TODO(6.query)")


def markov_blanket(parents, node):
    """Find the Markov blanket of `node`: its parents, its children, and the children's other parents.

    Given the blanket, `node` is independent of all other variables.

    Args:
        parents: as for `joint_probability`.
        node: the name of a variable.

    Returns:
        A set of names.
    """
    # TODO(6.markov_blanket): a child is a variable that has node as a parent
    # (about 15 minutes, easy)
    raise NotImplementedError("TODO(6.markov_blanket)")
