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
    # BEGIN ANSWER(6.gaussian_kl) [20 min, medium] integrate log p - log q under p, in closed form
    terms = torch.log(var_q / var_p) + (var_p + (mu_p - mu_q) ** 2) / var_q - 1
    return 0.5 * terms.sum(dim=-1)
    # END ANSWER


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
    # BEGIN ANSWER(6.log_evidence) [25 min, medium] x is Gaussian too: what are its mean and covariance?
    D = len(b)
    covariance = W @ W.T + s2 * torch.eye(D, dtype=W.dtype)
    difference = x - b
    distance = (difference @ torch.linalg.inv(covariance) * difference).sum(dim=-1)
    return -0.5 * (D * math.log(2 * math.pi) + torch.logdet(covariance) + distance)
    # END ANSWER


def true_posterior(x, W, b, s2):
    """Compute p(z | x) of the model of `log_evidence`, which is Gaussian. Implements PRML eq. (12.42).

    Args:
        x, W, b, s2: as for `log_evidence`.

    Returns:
        (mean, covariance), shapes (B, K) and (K, K).
    """
    # BEGIN ANSWER(6.true_posterior) [30 min, hard] add the precisions of prior and likelihood
    precision = torch.eye(W.shape[1], dtype=W.dtype) + W.T @ W / s2
    covariance = torch.linalg.inv(precision)
    mean = (x - b) @ W @ covariance / s2
    return mean, covariance
    # END ANSWER


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
    # BEGIN ANSWER(6.elbo) [40 min, hard] expected log-likelihood, as z varies around m with covariance S, minus KL
    D, K = W.shape
    squared_error = ((x - b - m @ W.T) ** 2).sum(dim=-1) + torch.trace(W @ S @ W.T)
    log_likelihood = -0.5 * (D * torch.log(2 * math.pi * s2) + squared_error / s2)
    kl = 0.5 * (torch.trace(S) + (m**2).sum(dim=-1) - K - torch.logdet(S))
    return log_likelihood - kl
    # END ANSWER


def posterior_mean_variance(x_0, x_t, t, betas):
    """Compute mean and variance of q(x_{t-1} | x_t, x_0). Implements DDPM eq. (6) and (7).

    Args:
        x_0, x_t: vectors or images, shape (B, ...).
        t: timestep of each item, shape (B,), int64 in {1, ..., T}.
        betas: shape (T,), where beta_t is betas[t - 1].

    Returns:
        (mean, variance), shapes (B, ...) and (B,). At t = 1 alpha_bar_0 = 1: the mean is x_0 and the variance 0.
    """
    # BEGIN ANSWER(6.posterior) [30 min, medium] beta_t, alpha_bar_t and alpha_bar_{t-1} of each item, shaped to fit x_t
    alpha_bars = torch.cumprod(1 - betas, dim=0)
    alpha_bars_before = torch.cat([torch.ones_like(betas[:1]), alpha_bars[:-1]])
    shape = (-1, *[1] * (x_t.dim() - 1))
    beta, bar, before = (table[t - 1].reshape(shape) for table in (betas, alpha_bars, alpha_bars_before))
    factor_0 = before.sqrt() * beta / (1 - bar)
    factor_t = (1 - beta).sqrt() * (1 - before) / (1 - bar)
    variance = (1 - before) / (1 - bar) * beta
    return factor_0 * x_0 + factor_t * x_t, variance.flatten()
    # END ANSWER


def optimal_discriminator(p, q):
    """Compute D*(x), the best discriminator for a fixed generator. Implements GAN eq. (2).

    Args:
        p: probabilities of the data, shape (..., N); some may be 0.
        q: probabilities of the generator's images, same shape.

    Returns:
        The probability that x is real, shape (..., N); 1/2 where p and q are both 0.
    """
    # BEGIN ANSWER(6.optimal_discriminator) [10 min, easy] maximise p log D + q log(1 - D) for each x
    total = p + q
    return torch.where(total > 0, p / total, 0.5)
    # END ANSWER


def jensen_shannon(p, q):
    """Compute JSD(p || q), the mean of KL(p || m) and KL(q || m), where m is the mean of p and q.

    Args:
        p, q: as for `optimal_discriminator`.

    Returns:
        The divergences, shape (...), in [0, log 2]. 0 log 0 counts as 0.
    """
    # BEGIN ANSWER(6.jensen_shannon) [15 min, medium] two divergences from the mixture; torch.xlogy handles 0 log 0
    m = (p + q) / 2
    kl_p = (torch.xlogy(p, p) - torch.xlogy(p, m)).sum(dim=-1)
    kl_q = (torch.xlogy(q, q) - torch.xlogy(q, m)).sum(dim=-1)
    return (kl_p + kl_q) / 2
    # END ANSWER


def game_value(p, q):
    """Compute V(D*, G) = E_p[log D*(x)] + E_q[log(1 - D*(x))] = -log 4 + 2 JSD(p || q). Implements GAN, theorem 1.

    Args:
        p, q: as for `optimal_discriminator`.

    Returns:
        The values, shape (...), in [-log 4, 0]. 0 log 0 counts as 0.
    """
    # BEGIN ANSWER(6.game_value) [10 min, easy] add the two expectations, or use the divergence
    real = torch.xlogy(p, p) - torch.xlogy(p, p + q)
    fake = torch.xlogy(q, q) - torch.xlogy(q, p + q)
    return (real + fake).sum(dim=-1)
    # END ANSWER


def random_walk_covariance(n, s):
    """Compute the covariance of the random walk x_i = y_1 + ... + y_i with independent steps y_j ~ N(0, s^2).

    Args:
        n: number of positions x_1, ..., x_n, an int of 2 or more.
        s: standard deviation of a step, a float above 0.

    Returns:
        The covariance, shape (n, n), float64.
    """
    # BEGIN ANSWER(6.random_walk_covariance) [10 min, easy] which steps do x_i and x_j share?
    i = torch.arange(1, n + 1, dtype=torch.float64)
    return s**2 * torch.minimum(i[:, None], i)
    # END ANSWER


def random_walk_precision(n, s):
    """Compute the inverse of `random_walk_covariance`, which is tridiagonal.

    Args:
        n, s: as for `random_walk_covariance`.

    Returns:
        The precision, shape (n, n), float64.
    """
    # BEGIN ANSWER(6.random_walk_precision) [20 min, medium] read it off the quadratic form in -2 log p(x_1, ..., x_n)
    diagonal = torch.full((n,), 2.0, dtype=torch.float64)
    diagonal[-1] = 1
    beside = -torch.ones(n - 1, dtype=torch.float64)
    return (torch.diag(diagonal) + torch.diag(beside, 1) + torch.diag(beside, -1)) / s**2
    # END ANSWER


def conditionally_independent(precision):
    """List the pairs of jointly Gaussian variables that are independent given all other variables.

    Args:
        precision: the inverse of the covariance, shape (n, n). Inverses are rounded, so an entry counts as 0 if its
            absolute value is at most 1e-9 of the largest absolute value.

    Returns:
        A list of pairs of ints (i, j) with i < j, counted from 0, in any order.
    """
    # BEGIN ANSWER(6.conditionally_independent) [10 min, easy] what does a zero of the precision mean?
    zero = precision.abs() <= 1e-9 * precision.abs().max()
    return [(i, j) for i, j in itertools.combinations(range(len(precision)), 2) if zero[i, j]]
    # END ANSWER


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
    # BEGIN ANSWER(6.joint_probability) [15 min, easy] one factor for each variable
    product = 1.0
    for name, its_parents in parents.items():
        true = tables[name][tuple(values[parent] for parent in its_parents)]
        product *= true if values[name] else 1 - true
    return product
    # END ANSWER


def query(parents, tables, wanted, evidence):
    """Compute P(wanted | evidence) by enumerating all other variables.

    Args:
        parents, tables: as for `joint_probability`.
        wanted: {name: bool} for at least one variable.
        evidence: {name: bool} for any number of other variables, with a probability above 0. Do not change it.

    Returns:
        The probability, a float.
    """
    # BEGIN ANSWER(6.query) [30 min, medium] P(wanted, evidence) / P(evidence), each summed over what it leaves out
    hidden = [name for name in parents if name not in evidence]
    both = given = 0.0
    for case in itertools.product((True, False), repeat=len(hidden)):
        values = evidence | dict(zip(hidden, case, strict=True))
        probability = joint_probability(parents, tables, values)
        given += probability
        if all(values[name] == value for name, value in wanted.items()):
            both += probability
    return both / given
    # END ANSWER


def markov_blanket(parents, node):
    """Find the Markov blanket of `node`: its parents, its children, and the children's other parents.

    Given the blanket, `node` is independent of all other variables.

    Args:
        parents: as for `joint_probability`.
        node: the name of a variable.

    Returns:
        A set of names.
    """
    # BEGIN ANSWER(6.markov_blanket) [15 min, easy] a child is a variable that has node as a parent
    children = {name for name in parents if node in parents[name]}
    co_parents = {parent for child in children for parent in parents[child]}
    return (set(parents[node]) | children | co_parents) - {node}
    # END ANSWER
