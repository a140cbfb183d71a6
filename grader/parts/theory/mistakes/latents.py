"""Mistakes in the linear-Gaussian model. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

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
        "Your code computes p(x | z = 0). Integrated over z, x varies by W z as well, so its covariance should be W "
        "W^T + s2 I.",
        "log_evidence",
    ),
    mistake(
        "evidence_noise_squared",
        COVARIANCE,
        "covariance = W @ W.T + s2**2 * torch.eye(D, dtype=W.dtype)",
        "Your code squares s2, which is a variance already. The covariance of x should be W W^T + s2 I.",
        "log_evidence",
    ),
    mistake(
        "evidence_without_b",
        "difference = x - b",
        "difference = x",
        "Your code leaves out b. The mean of z is 0, so the mean of x is b, and your code should use x - b.",
        "log_evidence",
    ),
    mistake(
        "evidence_determinant_sign",
        LOG_DENSITY,
        "return -0.5 * (D * math.log(2 * math.pi) - torch.logdet(covariance) + distance)",
        "Your log determinant has the wrong sign. The wider a density is, the lower it should be.",
        "log_evidence",
    ),
    mistake(
        "evidence_one_dimension_of_pi",
        LOG_DENSITY,
        "return -0.5 * (math.log(2 * math.pi) + torch.logdet(covariance) + distance)",
        "Your normaliser contains log(2 pi) once. It should contain D log(2 pi), one for each dimension of x.",
        "log_evidence",
    ),
    mistake(
        "evidence_determinant_without_half",
        LOG_DENSITY,
        "return -0.5 * (D * math.log(2 * math.pi) + 2 * torch.logdet(covariance) + distance)",
        "Your code counts the log determinant of the covariance in full. It should count half, like every term of a "
        "Gaussian's log density.",
        "log_evidence",
    ),
)

POSTERIOR = (
    mistake(
        "posterior_without_prior",
        PRECISION,
        "precision = W.T @ W / s2",
        "Your code computes the least-squares estimate. The prior z ~ N(0, I) should add I to the precision W^T W / "
        "s2.",
        "true_posterior",
    ),
    mistake(
        "posterior_precision_for_covariance",
        POSTERIOR_PAIR,
        "return mean, precision",
        "Your code returns the precision. It should return the covariance, which is the inverse.",
        "true_posterior",
    ),
    mistake(
        "posterior_without_b",
        POSTERIOR_MEAN,
        "mean = x @ W @ covariance / s2",
        "Your mean uses x. It should use x - b, because z only has to explain the deviation from b.",
        "true_posterior",
    ),
    mistake(
        "posterior_mean_not_over_noise",
        POSTERIOR_MEAN,
        "mean = (x - b) @ W @ covariance",
        "Your mean lacks the factor 1 / s2. It should be C W^T (x - b) / s2, where C is the covariance.",
        "true_posterior",
    ),
    mistake(
        "posterior_noise_squared",
        PRECISION,
        "s2 = s2**2\n    precision = torch.eye(W.shape[1], dtype=W.dtype) + W.T @ W / s2",
        "Your code squares s2, which is a variance already. The precision should be I + W^T W / s2.",
        "true_posterior",
    ),
    mistake(
        "posterior_covariance_unscaled",
        PRECISION,
        "precision = s2 * torch.eye(W.shape[1], dtype=W.dtype) + W.T @ W",
        "Your code uses PRML's M = W^T W + s2 I, whose inverse lacks a factor s2. The covariance should be s2 M^-1.",
        "true_posterior",
    ),
)
