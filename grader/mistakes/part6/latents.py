"""Mistakes in the linear-Gaussian model. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 6, file="theory.py")

COVARIANCE = "covariance = W @ W.T + s2 * torch.eye(D, dtype=W.dtype)"
LOG_DENSITY = "return -0.5 * (D * math.log(2 * math.pi) + torch.logdet(covariance) + distance)"
PRECISION = "precision = torch.eye(W.shape[1], dtype=W.dtype) + W.T @ W / s2"
POSTERIOR_MEAN = "mean = (x - b) @ W @ covariance / s2"
POSTERIOR_PAIR = "return mean, covariance"

EVIDENCE = (
    mistake(
        "evidence_of_the_noise_alone",
        COVARIANCE,
        "covariance = s2 * torch.eye(D, dtype=W.dtype)",
        "This is p(x | z = 0). Integrated over z, x varies by W z as well: its covariance is W W^T + s2 I.",
        "log_evidence",
    ),
    mistake(
        "evidence_noise_squared",
        COVARIANCE,
        "covariance = W @ W.T + s2**2 * torch.eye(D, dtype=W.dtype)",
        "s2 is a variance already, and is squared here: the covariance of x is W W^T + s2 I.",
        "log_evidence",
    ),
    mistake(
        "evidence_without_b",
        "difference = x - b",
        "difference = x",
        "The mean of x is b, for that of z is 0: compare x - b.",
        "log_evidence",
    ),
    mistake(
        "evidence_determinant_sign",
        LOG_DENSITY,
        "return -0.5 * (D * math.log(2 * math.pi) - torch.logdet(covariance) + distance)",
        "The log determinant has the wrong sign: the wider the density, the lower it is.",
        "log_evidence",
    ),
    mistake(
        "evidence_one_dimension_of_pi",
        LOG_DENSITY,
        "return -0.5 * (math.log(2 * math.pi) + torch.logdet(covariance) + distance)",
        "The normaliser has log(2 pi) once: each of the D dimensions of x brings one, so D log(2 pi).",
        "log_evidence",
    ),
    mistake(
        "evidence_determinant_without_half",
        LOG_DENSITY,
        "return -0.5 * (D * math.log(2 * math.pi) + 2 * torch.logdet(covariance) + distance)",
        "log det of the covariance counts half, as all terms of a Gaussian's log density do.",
        "log_evidence",
    ),
)

POSTERIOR = (
    mistake(
        "posterior_without_prior",
        PRECISION,
        "precision = W.T @ W / s2",
        "This is the least-squares estimate: the prior z ~ N(0, I) adds I to the precision W^T W / s2.",
        "true_posterior",
    ),
    mistake(
        "posterior_precision_for_covariance",
        POSTERIOR_PAIR,
        "return mean, precision",
        "The precision is returned where the covariance is asked for: its inverse.",
        "true_posterior",
    ),
    mistake(
        "posterior_without_b",
        POSTERIOR_MEAN,
        "mean = x @ W @ covariance / s2",
        "The mean is of x, where x - b belongs: what z must explain is the deviation from b.",
        "true_posterior",
    ),
    mistake(
        "posterior_mean_not_over_noise",
        POSTERIOR_MEAN,
        "mean = (x - b) @ W @ covariance",
        "The mean lacks 1 / s2: it is C W^T (x - b) / s2, with C the covariance.",
        "true_posterior",
    ),
    mistake(
        "posterior_noise_squared",
        PRECISION,
        "s2 = s2**2\n    precision = torch.eye(W.shape[1], dtype=W.dtype) + W.T @ W / s2",
        "s2 is a variance already, and is squared here: the precision is I + W^T W / s2.",
        "true_posterior",
    ),
    mistake(
        "posterior_covariance_unscaled",
        PRECISION,
        "precision = s2 * torch.eye(W.shape[1], dtype=W.dtype) + W.T @ W",
        "This is M = W^T W + s2 I of PRML, whose inverse is s2 times too small: the covariance is s2 M^-1.",
        "true_posterior",
    ),
)
