"""Mistakes in the evidence lower bound. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

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
        "Your code adds the divergence, so the bound lies above log p(x). The ELBO should be E_q[log p(x | z)] - KL(q "
        "|| p(z)).",
        *BOUNDS,
    ),
    mistake(
        "elbo_negative",
        ELBO,
        "return kl - log_likelihood",
        "Your code returns the negative bound, which is a loss. It should return the ELBO itself, E_q[log p(x | z)] - "
        "KL(q || p(z)).",
        *BOUNDS,
    ),
    mistake(
        "elbo_entropy_sign",
        KL,
        "kl = 0.5 * (torch.trace(S) + (m**2).sum(dim=-1) - K + torch.logdet(S))",
        "Your log det S has the wrong sign. The bound adds the entropy of q, so it should contain +1/2 log det S.",
        *BOUNDS,
    ),
    mistake(
        "elbo_without_trace",
        ERROR,
        "squared_error = ((x - b - m @ W.T) ** 2).sum(dim=-1)",
        "Your code takes the likelihood at m alone, so the bound can lie above log p(x). z varies around m, so the "
        "expected squared error should also contain tr(W S W^T).",
        *BOUNDS,
    ),
    mistake(
        "elbo_trace_of_s",
        ERROR,
        "squared_error = ((x - b - m @ W.T) ** 2).sum(dim=-1) + torch.trace(S)",
        "Your expected squared error contains tr(S). It is W z that varies, so it should contain tr(W S W^T).",
        *BOUNDS,
    ),
    mistake(
        "elbo_trace_not_over_noise",
        LIKELIHOOD,
        "log_likelihood = -0.5 * (D * torch.log(2 * math.pi * s2) + squared_error / s2)\n"
        "    log_likelihood = log_likelihood + 0.5 * torch.trace(W @ S @ W.T) * (1 / s2 - 1)",
        "Your code does not divide tr(W S W^T) by s2. It should, because the trace is part of the expected squared "
        "error, and all of that is divided by s2.",
        *BOUNDS,
    ),
    mistake(
        "elbo_without_normaliser",
        LIKELIHOOD,
        "log_likelihood = -0.5 * squared_error / s2",
        "Your log p(x | z) lacks its normaliser, -D/2 log(2 pi s2). Without it, this is neither a log density nor a "
        "bound.",
        "elbo",
    ),
    mistake(
        "elbo_squared_error_only",
        LIKELIHOOD,
        "log_likelihood = -squared_error",
        "Your code uses a squared error in place of log p(x | z). It should use -1/2 (D log(2 pi s2) + squared error "
        "/ s2).",
        *BOUNDS,
    ),
    mistake(
        "elbo_without_kl",
        ELBO,
        "return log_likelihood",
        "Your code leaves out KL(q || p(z)). The expected log-likelihood alone can lie above log p(x), so subtract "
        "the divergence.",
        *BOUNDS,
    ),
    mistake(
        "elbo_kl_without_half",
        ELBO,
        "return log_likelihood - 2 * kl",
        "Your KL(q || p(z)) is twice as large as it should be. It should be 1/2 (tr S + m^T m - K - log det S).",
        *BOUNDS,
    ),
    mistake(
        "elbo_kl_of_diagonal",
        KL,
        "kl = 0.5 * (torch.trace(S) + (m**2).sum(dim=-1) - K - torch.log(torch.diagonal(S)).sum())",
        "Your divergence treats S as diagonal. It should contain log det S, not the sum of the logarithms of S's "
        "diagonal.",
        *BOUNDS,
    ),
    mistake(
        "elbo_mean_over_batch",
        ELBO,
        "return (log_likelihood - kl).mean()",
        "Your code returns the mean over the observations. Each observation has its own bound, so the shape should be "
        "(B,).",
        *BOUNDS,
    ),
)
