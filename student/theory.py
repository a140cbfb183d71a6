"""Part 6: the theory behind the models, by number.

Numbers are float64 tensors, logarithms natural. Timesteps are indexed from 1, as in the papers. Each function is a task
of its own, and only `query` builds on another.

References: Kingma & Welling 2014, "Auto-Encoding Variational Bayes" (VAE); Ho et al. 2020, "Denoising Diffusion
Probabilistic Models" (DDPM); Goodfellow et al. 2014, "Generative Adversarial Nets" (GAN); Bishop 2006, "Pattern
Recognition and Machine Learning" (PRML).
"""

import itertools
import math

import torch


def gaussian_kl(mu_p, var_p, mu_q, var_q):
    """KL(p || q) of Gaussians with diagonal covariances. Implements VAE, appendix B, for any q.

    Args:
        mu_p, mu_q: means.
        var_p, var_q: variances, above 0. All four shapes broadcast to (..., D), and the last dimension of any may
            be 1, as of an isotropic Gaussian.

    Returns:
        The divergences, summed over the D dimensions, shape (...). Gradients flow to all four.
    """
    # TODO(6.gaussian_kl): the integral of log p - log q under p, in closed form
    # (about 20 minutes, medium)
    raise NotImplementedError("TODO(6.gaussian_kl)")


def log_evidence(x, W, b, s2):  # noqa: N803  (the textbook's names)
    """log p(x) of the linear-Gaussian model z ~ N(0, I), x | z ~ N(W z + b, s2 I). Implements PRML eq. (12.35).

    Args:
        x: observations, shape (B, D).
        W: shape (D, K), K < D.
        b: shape (D,).
        s2: variance of the noise, shape (), above 0.

    Returns:
        Log densities, shape (B,).
    """
    # TODO(6.log_evidence): x is Gaussian as well: what is its mean, what its covariance?
    # (about 25 minutes, medium)
    raise NotImplementedError("TODO(6.log_evidence)")


def true_posterior(x, W, b, s2):  # noqa: N803
    """p(z | x) of the same model, which is Gaussian too. Implements PRML eq. (12.42).

    Args:
        x, W, b, s2: as of `log_evidence`.

    Returns:
        (mean, covariance): shapes (B, K) and (K, K).
    """
    # TODO(6.true_posterior): the precisions of prior and likelihood add up
    # (about 30 minutes, hard)
    raise NotImplementedError("TODO(6.true_posterior)")


def elbo(x, W, b, s2, m, S):  # noqa: N803
    """E_q[log p(x | z)] - KL(q || p(z)) of the same model with q(z) = N(m, S). Implements VAE eq. (3), in closed form.

    Args:
        x, W, b, s2: as of `log_evidence`.
        m: mean of q for each observation, shape (B, K).
        S: covariance of q, the same for all, shape (K, K), symmetric and positive definite.

    Returns:
        Lower bounds of log p(x), shape (B,): equal to it if q is the true posterior. Gradients flow to m and S.
    """
    # TODO(6.elbo): expected log-likelihood, z varying about m with covariance S, less KL
    # (about 40 minutes, hard)
    raise NotImplementedError("TODO(6.elbo)")


def posterior_mean_variance(x_0, x_t, t, betas):
    """Mean and variance of q(x_{t-1} | x_t, x_0). Implements DDPM eq. (6) and (7).

    Args:
        x_0, x_t: shape (B, ...), vectors or images.
        t: a timestep for each item, shape (B,), int64 in {1, ..., T}.
        betas: shape (T,); beta_t is betas[t - 1].

    Returns:
        (mean, variance): shapes (B, ...) and (B,). At t = 1 the mean is x_0 and the variance 0, for alpha_bar_0 = 1.
    """
    # TODO(6.posterior): beta_t, alpha_bar_t and alpha_bar_{t-1} of each item, shaped to fit x_t
    # (about 30 minutes, medium)
    raise NotImplementedError("TODO(6.posterior)")


def optimal_discriminator(p, q):
    """D*(x), the best discriminator of a fixed generator. Implements GAN eq. (2).

    Args:
        p: probabilities of the data, shape (..., N); some may be 0.
        q: probabilities of what the generator makes, of the same shape.

    Returns:
        The probability that an x is real, for each of the N, shape (..., N): 1/2 where p and q are both 0.
    """
    # TODO(6.optimal_discriminator): maximise p log D + q log(1 - D) for each x
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(6.optimal_discriminator)")


def jensen_shannon(p, q):
    """JSD(p || q), the mean of KL(p || m) and KL(q || m), where m is the mean of p and q.

    Args:
        p, q: as of `optimal_discriminator`.

    Returns:
        The divergences, shape (...), in [0, log 2]: 0 log 0 counts as 0.
    """
    # TODO(6.jensen_shannon): two divergences from the mixture; torch.xlogy knows 0 log 0
    # (about 15 minutes, medium)
    raise NotImplementedError("TODO(6.jensen_shannon)")


def game_value(p, q):
    """V(D*, G) = E_p[log D*(x)] + E_q[log(1 - D*(x))] = -log 4 + 2 JSD(p || q). Implements GAN, theorem 1.

    Args:
        p, q: as of `optimal_discriminator`.

    Returns:
        The values, shape (...), in [-log 4, 0]: 0 log 0 counts as 0.
    """
    # TODO(6.game_value): the two expectations, or the divergence
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(6.game_value)")


def random_walk_covariance(n, s):
    """Covariance of the random walk x_i = y_1 + ... + y_i with independent steps y_j ~ N(0, s^2).

    Args:
        n: number of positions x_1, ..., x_n, an int of 2 or more.
        s: standard deviation of a step, a float above 0.

    Returns:
        Shape (n, n), float64.
    """
    # TODO(6.random_walk_covariance): which steps do x_i and x_j share?
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(6.random_walk_covariance)")


def random_walk_precision(n, s):
    """The inverse of `random_walk_covariance`, which is tridiagonal.

    Args:
        n, s: as of `random_walk_covariance`.

    Returns:
        Shape (n, n), float64.
    """
    # TODO(6.random_walk_precision): the quadratic form of -2 log p(x_1, ..., x_n) tells it
    # (about 20 minutes, medium)
    raise NotImplementedError("TODO(6.random_walk_precision)")


def conditionally_independent(precision):
    """Which pairs of jointly Gaussian variables are independent given all the others: not adjacent in the graph.

    Args:
        precision: the inverse of the covariance, shape (n, n). Inverses are rounded: an entry counts as 0 if it is at
            most 1e-9 of the largest, both taken as absolute values.

    Returns:
        A list of pairs (i, j) of int with i < j, indexed from 0, in any order.
    """
    # TODO(6.conditionally_independent): what does a zero of the precision mean?
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(6.conditionally_independent)")


def joint_probability(parents, tables, values):
    """P(all variables) of a Bayesian network of binary variables: the product of P(variable | its parents).

    Args:
        parents: {name: tuple of the names of its parents}, in any order, without cycles.
        tables: {name: {values of its parents, a tuple of bool in the order of parents[name]: P(name = True | them)}}.
        values: {name: bool}, for every variable.

    Returns:
        A float.
    """
    # TODO(6.joint_probability): one factor for each variable
    # (about 15 minutes, easy)
    raise NotImplementedError("TODO(6.joint_probability)")


def query(parents, tables, wanted, evidence):
    """P(wanted | evidence) by enumeration of all other variables.

    Args:
        parents, tables: as of `joint_probability`.
        wanted: {name: bool}, one variable or more.
        evidence: {name: bool}, none or more, none of them wanted; of a probability above 0. It stays as it is.

    Returns:
        A float.
    """
    # TODO(6.query): P(wanted, evidence) / P(evidence), each summed over what it does not name
    # (about 30 minutes, medium)
    raise NotImplementedError("TODO(6.query)")


def markov_blanket(parents, node):
    """The variables given which `node` is independent of all others: parents, children, and the children's parents.

    Args:
        parents: as of `joint_probability`.
        node: a name.

    Returns:
        A set of names.
    """
    # TODO(6.markov_blanket): children are the variables of which node is a parent
    # (about 15 minutes, easy)
    raise NotImplementedError("TODO(6.markov_blanket)")
