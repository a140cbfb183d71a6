"""Mistakes in the divergence of two Gaussians. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 6, file="theory.py")

TERMS = "terms = torch.log(var_q / var_p) + (var_p + (mu_p - mu_q) ** 2) / var_q - 1"
SUM = "return 0.5 * terms.sum(dim=-1)"
BOTH = ("gaussian_kl", "kl_gradient")

DIVERGENCE = (
    mistake(
        "kl_swapped",
        TERMS,
        "terms = torch.log(var_p / var_q) + (var_q + (mu_q - mu_p) ** 2) / var_p - 1",
        "Your code computes KL(q || p). KL(p || q) is an expectation under p: var_q should divide, and should be on "
        "top inside the logarithm.",
        *BOTH,
    ),
    mistake(
        "kl_without_half",
        SUM,
        "return terms.sum(dim=-1)",
        "Your divergence is twice as large as it should be. All its terms have a factor 1/2, as the log density of a "
        "Gaussian has.",
        *BOTH,
    ),
    mistake(
        "kl_half_of_logarithm_missing",
        SUM,
        "return 0.5 * (terms + torch.log(var_q / var_p)).sum(dim=-1)",
        "Your log(var_q / var_p) lacks the factor 1/2. Only log(sigma_q / sigma_p) has it built in.",
        *BOTH,
    ),
    mistake(
        "kl_mean_over_dimensions",
        SUM,
        "return 0.5 * terms.mean(dim=-1)",
        "Your divergence is the mean over the dimensions. It should be the sum: log densities of independent numbers "
        "add up.",
        *BOTH,
    ),
    mistake(
        "kl_sum_over_everything",
        SUM,
        "return 0.5 * terms.sum()",
        "Your code sums over everything. It should sum over the last dimension only: every Gaussian of the batch has "
        "its own divergence.",
        "gaussian_kl",
    ),
    mistake(
        "kl_variance_taken_for_deviation",
        TERMS,
        "terms = 2 * torch.log(var_q / var_p) + (var_p**2 + (mu_p - mu_q) ** 2) / var_q**2 - 1",
        "Your code squares var_p and var_q as if they were standard deviations. They are variances already, so leave "
        "them as they are.",
        *BOTH,
    ),
    mistake(
        "kl_deviation_for_variance",
        TERMS,
        "terms = torch.log(var_q / var_p) + (var_p.sqrt() + (mu_p - mu_q) ** 2) / var_q.sqrt() - 1",
        "Your quotient contains standard deviations. It should contain variances: (var_p + (mu_p - mu_q)^2) / var_q.",
        *BOTH,
    ),
    mistake(
        "kl_without_minus_one",
        TERMS,
        "terms = torch.log(var_q / var_p) + (var_p + (mu_p - mu_q) ** 2) / var_q",
        "Your code leaves out the -1 of every dimension. KL(p || p) should be 0.",
        "gaussian_kl",
    ),
    mistake(
        "kl_minus_one_once",
        SUM,
        "return 0.5 * ((terms + 1).sum(dim=-1) - 1)",
        "Your -1 is outside the sum. It belongs to every dimension, so it should be -D in total. KL(p || p) should be "
        "0.",
        "gaussian_kl",
    ),
    mistake(
        "kl_log_base_2",
        TERMS,
        "terms = torch.log2(var_q / var_p) + (var_p + (mu_p - mu_q) ** 2) / var_q - 1",
        "Your logarithm is to base 2. It should be natural, because the other terms come from the exponential "
        "function.",
        *BOTH,
    ),
    mistake(
        "kl_logarithm_upside_down",
        TERMS,
        "terms = torch.log(var_p / var_q) + (var_p + (mu_p - mu_q) ** 2) / var_q - 1",
        "Your logarithm has the wrong sign. It should be log(var_q / var_p), which is large when q is wide.",
        *BOTH,
    ),
    mistake(
        "kl_means_over_var_p",
        TERMS,
        "terms = torch.log(var_q / var_p) + var_p / var_q + (mu_p - mu_q) ** 2 / var_p - 1",
        "Your code divides the squared difference of the means by var_p. Both quotients should divide by var_q.",
        *BOTH,
    ),
    mistake(
        "kl_of_standard_normal",
        TERMS,
        "terms = -torch.log(var_p) + var_p + mu_p**2 - 1 + 0 * (mu_q + var_q)",
        "Your code computes the divergence from N(0, I), as in a VAE. Here q has its own mean and variance, and your "
        "code should use them.",
        *BOTH,
    ),
    mistake(
        "kl_detached",
        SUM,
        "return 0.5 * terms.sum(dim=-1).detach()",
        "Your code stops the gradient. Do not detach the terms, turn them into numbers, or make new tensors from them.",
        "kl_gradient",
    ),
)
