"""Mistakes in the evidence lower bound. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 6, file="theory.py")

ERROR = "squared_error = ((x - b - m @ W.T) ** 2).sum(dim=-1) + torch.trace(W @ S @ W.T)"
LIKELIHOOD = "log_likelihood = -0.5 * (D * torch.log(2 * math.pi * s2) + squared_error / s2)"
KL = "kl = 0.5 * (torch.trace(S) + (m**2).sum(dim=-1) - K - torch.logdet(S))"
ELBO = "return log_likelihood - kl"
BOUNDS = ("elbo", "elbo_gradient")

BOUND = (
    mistake(
        "elbo_kl_added",
        ELBO,
        "return log_likelihood + kl",
        "The divergence is added, so the bound lies above log p(x): ELBO = E_q[log p(x | z)] - KL(q || p(z)).",
        *BOUNDS,
    ),
    mistake(
        "elbo_negative",
        ELBO,
        "return kl - log_likelihood",
        "This is the negative bound, a loss: the ELBO itself is E_q[log p(x | z)] - KL(q || p(z)).",
        *BOUNDS,
    ),
    mistake(
        "elbo_entropy_sign",
        KL,
        "kl = 0.5 * (torch.trace(S) + (m**2).sum(dim=-1) - K + torch.logdet(S))",
        "log det S has the wrong sign: the entropy of q, which holds +1/2 log det S, is added to the bound.",
        *BOUNDS,
    ),
    mistake(
        "elbo_without_trace",
        ERROR,
        "squared_error = ((x - b - m @ W.T) ** 2).sum(dim=-1)",
        "The likelihood is taken at m alone, so the bound can lie above log p(x): as z varies about m, the expected "
        "squared error holds tr(W S W^T) as well.",
        *BOUNDS,
    ),
    mistake(
        "elbo_trace_of_s",
        ERROR,
        "squared_error = ((x - b - m @ W.T) ** 2).sum(dim=-1) + torch.trace(S)",
        "The expected squared error holds tr(S), where tr(W S W^T) belongs: it is W z that varies.",
        *BOUNDS,
    ),
    mistake(
        "elbo_trace_not_over_noise",
        LIKELIHOOD,
        "log_likelihood = -0.5 * (D * torch.log(2 * math.pi * s2) + squared_error / s2)\n"
        "    log_likelihood = log_likelihood + 0.5 * torch.trace(W @ S @ W.T) * (1 / s2 - 1)",
        "tr(W S W^T) is not divided by s2: it is part of the expected squared error, all of which is.",
        *BOUNDS,
    ),
    mistake(
        "elbo_without_normaliser",
        LIKELIHOOD,
        "log_likelihood = -0.5 * squared_error / s2",
        "log p(x | z) lacks its normaliser -D/2 log(2 pi s2): without it, it is no log density, and no bound.",
        "elbo",
    ),
    mistake(
        "elbo_squared_error_only",
        LIKELIHOOD,
        "log_likelihood = -squared_error",
        "A squared error stands for log p(x | z), which is -1/2 (D log(2 pi s2) + squared error / s2).",
        *BOUNDS,
    ),
    mistake(
        "elbo_without_kl",
        ELBO,
        "return log_likelihood",
        "KL(q || p(z)) is missing: this is the expected log-likelihood alone, which can lie above log p(x).",
        *BOUNDS,
    ),
    mistake(
        "elbo_kl_without_half",
        ELBO,
        "return log_likelihood - 2 * kl",
        "KL(q || p(z)) is twice too large: 1/2 (tr S + m^T m - K - log det S).",
        *BOUNDS,
    ),
    mistake(
        "elbo_kl_of_diagonal",
        KL,
        "kl = 0.5 * (torch.trace(S) + (m**2).sum(dim=-1) - K - torch.log(torch.diagonal(S)).sum())",
        "The divergence takes S for diagonal: it holds log det S, not the sum of the logarithms of S's diagonal.",
        *BOUNDS,
    ),
    mistake(
        "elbo_mean_over_batch",
        ELBO,
        "return (log_likelihood - kl).mean()",
        "This is the mean over the observations: each has a bound of its own, shape (B,).",
        *BOUNDS,
    ),
)
