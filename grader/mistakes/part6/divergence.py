"""Mistakes in the divergence of two Gaussians. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 6, file="theory.py")

TERMS = "terms = torch.log(var_q / var_p) + (var_p + (mu_p - mu_q) ** 2) / var_q - 1"
SUM = "return 0.5 * terms.sum(dim=-1)"
BOTH = ("gaussian_kl", "kl_gradient")

DIVERGENCE = (
    mistake(
        "kl_swapped",
        TERMS,
        "terms = torch.log(var_p / var_q) + (var_q + (mu_q - mu_p) ** 2) / var_p - 1",
        "This is KL(q || p). KL(p || q) is an expectation under p: var_q divides, and is above in the logarithm.",
        *BOTH,
    ),
    mistake(
        "kl_without_half",
        SUM,
        "return terms.sum(dim=-1)",
        "The divergence is twice too large: all its terms have a factor 1/2, as the log density of a Gaussian has.",
        *BOTH,
    ),
    mistake(
        "kl_half_of_logarithm_missing",
        SUM,
        "return 0.5 * (terms + torch.log(var_q / var_p)).sum(dim=-1)",
        "The 1/2 is missing before log(var_q / var_p): only log(sigma_q / sigma_p) has it built in.",
        *BOTH,
    ),
    mistake(
        "kl_mean_over_dimensions",
        SUM,
        "return 0.5 * terms.mean(dim=-1)",
        "The divergence is the sum over the dimensions, not their mean: log densities of independent numbers add up.",
        *BOTH,
    ),
    mistake(
        "kl_sum_over_everything",
        SUM,
        "return 0.5 * terms.sum()",
        "Sum over the last dimension only: every Gaussian of the batch has a divergence of its own.",
        "gaussian_kl",
    ),
    mistake(
        "kl_variance_taken_for_deviation",
        TERMS,
        "terms = 2 * torch.log(var_q / var_p) + (var_p**2 + (mu_p - mu_q) ** 2) / var_q**2 - 1",
        "var_p and var_q are variances already, and are squared here as if they were standard deviations.",
        *BOTH,
    ),
    mistake(
        "kl_deviation_for_variance",
        TERMS,
        "terms = torch.log(var_q / var_p) + (var_p.sqrt() + (mu_p - mu_q) ** 2) / var_q.sqrt() - 1",
        "Standard deviations stand in the quotient, where variances belong: (var_p + (mu_p - mu_q)^2) / var_q.",
        *BOTH,
    ),
    mistake(
        "kl_without_minus_one",
        TERMS,
        "terms = torch.log(var_q / var_p) + (var_p + (mu_p - mu_q) ** 2) / var_q",
        "The -1 of every dimension is missing: KL(p || p) must be 0.",
        "gaussian_kl",
    ),
    mistake(
        "kl_minus_one_once",
        SUM,
        "return 0.5 * ((terms + 1).sum(dim=-1) - 1)",
        "The -1 stands outside the sum: it belongs to every dimension, so it is -D in all. KL(p || p) must be 0.",
        "gaussian_kl",
    ),
    mistake(
        "kl_log_base_2",
        TERMS,
        "terms = torch.log2(var_q / var_p) + (var_p + (mu_p - mu_q) ** 2) / var_q - 1",
        "The logarithm is natural, not to base 2: the other terms come from the exponential function.",
        *BOTH,
    ),
    mistake(
        "kl_logarithm_upside_down",
        TERMS,
        "terms = torch.log(var_p / var_q) + (var_p + (mu_p - mu_q) ** 2) / var_q - 1",
        "The logarithm has the wrong sign: it is log(var_q / var_p), large where q is wide.",
        *BOTH,
    ),
    mistake(
        "kl_means_over_var_p",
        TERMS,
        "terms = torch.log(var_q / var_p) + var_p / var_q + (mu_p - mu_q) ** 2 / var_p - 1",
        "The squared difference of the means is divided by var_p: both quotients have var_q below.",
        *BOTH,
    ),
    mistake(
        "kl_of_standard_normal",
        TERMS,
        "terms = -torch.log(var_p) + var_p + mu_p**2 - 1 + 0 * (mu_q + var_q)",
        "This is the divergence from N(0, I), as of a VAE: here q has a mean and a variance of its own.",
        *BOTH,
    ),
    mistake(
        "kl_detached",
        SUM,
        "return 0.5 * terms.sum(dim=-1).detach()",
        "No gradient comes back: do not detach the terms, turn them into numbers, or make new tensors of them.",
        "kl_gradient",
    ),
)
