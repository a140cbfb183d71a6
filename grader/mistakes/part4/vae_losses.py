"""Mistakes in the losses of the VAE. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 4)

ERRORS = "return (pred - target).abs().flatten(1).sum(dim=1).mean()"
DIVERGENCE = "divergence = 0.5 * (mean.square() + logvar.exp() - 1 - logvar)"
DIVERGENCE_MEAN = "return divergence.flatten(1).sum(dim=1).mean()"

LOSSES = (
    mistake(
        "reconstruction_detached",
        ERRORS,
        "return (pred.detach() - target).abs().flatten(1).sum(dim=1).mean()",
        "The loss is cut off from the reconstruction (detach, .data or no_grad), so nothing learns.",
        "vae_reconstruction",
    ),
    mistake(
        "reconstruction_of_sums",
        ERRORS,
        "return (pred.flatten(1).sum(dim=1) - target.flatten(1).sum(dim=1)).abs().mean()",
        "The images are summed before they are compared: compare pixel by pixel, then sum.",
        "vae_reconstruction",
    ),
    mistake(
        "reconstruction_without_magnitude",
        ERRORS,
        "return (pred - target).flatten(1).sum(dim=1).mean()",
        "Errors of opposite sign cancel: sum their squares or absolute values.",
        "vae_reconstruction",
    ),
    mistake(
        "reconstruction_root",
        ERRORS,
        "return (pred - target).square().flatten(1).sum(dim=1).sqrt().mean()",
        "The loss is the root of the squared errors of each image: leave the root out.",
        "vae_reconstruction",
    ),
    mistake(
        "reconstruction_not_reduced",
        ERRORS,
        "return (pred - target).abs().flatten(1).sum(dim=1)",
        "The reconstruction loss has one value for each item: reduce it to a scalar.",
        "vae_reconstruction",
    ),
    mistake(
        "divergence_negative",
        DIVERGENCE,
        "divergence = -0.5 * (mean.square() + logvar.exp() - 1 - logvar)",
        "The divergence has the wrong sign, and training pushes the posterior away from the prior.",
        "vae_kl",
    ),
    mistake(
        "divergence_of_log_sigma",
        DIVERGENCE,
        "divergence = 0.5 * (mean.square() + (2 * logvar).exp() - 1 - 2 * logvar)",
        "logvar is taken for log sigma: it is log sigma^2, so that sigma^2 is exp(logvar).",
        "vae_kl",
    ),
    mistake(
        "divergence_with_std_for_variance",
        DIVERGENCE,
        "divergence = 0.5 * (mean.square() + (0.5 * logvar).exp() - 1 - logvar)",
        "exp(logvar / 2) is the standard deviation: the divergence holds the variance, exp(logvar).",
        "vae_kl",
    ),
    mistake(
        "divergence_without_mean",
        DIVERGENCE,
        "divergence = 0.5 * (logvar.exp() - 1 - logvar)",
        "The divergence lacks its term mean^2.",
        "vae_kl",
    ),
    mistake(
        "divergence_with_unsquared_mean",
        DIVERGENCE,
        "divergence = 0.5 * (mean + logvar.exp() - 1 - logvar)",
        "The mean is not squared in the divergence.",
        "vae_kl",
    ),
    mistake(
        "divergence_without_one",
        DIVERGENCE,
        "divergence = 0.5 * (mean.square() + logvar.exp() - logvar)",
        "The divergence lacks its term -1: it is not zero where the posterior is the prior.",
        "vae_kl",
    ),
    mistake(
        "divergence_without_logvar",
        DIVERGENCE,
        "divergence = 0.5 * (mean.square() + logvar.exp() - 1)",
        "The divergence lacks its term -logvar, so nothing keeps the variance from vanishing.",
        "vae_kl",
    ),
    mistake(
        "divergence_without_half",
        DIVERGENCE,
        "divergence = mean.square() + logvar.exp() - 1 - logvar",
        "The divergence lacks its factor 1/2.",
        "vae_kl",
    ),
    mistake(
        "divergence_turned_round",
        DIVERGENCE,
        "divergence = 0.5 * ((1 + mean.square()) / logvar.exp() - 1 + logvar)",
        "This is KL(N(0, I) || q): the divergence of the posterior from the prior is KL(q || N(0, I)).",
        "vae_kl",
    ),
    mistake(
        "divergence_summed_over_the_batch",
        DIVERGENCE_MEAN,
        "return divergence.sum()",
        "One loss is summed over the batch and the other averaged: their balance then depends on the batch size.",
        "vae_kl",
    ),
    mistake(
        "divergence_detached",
        DIVERGENCE_MEAN,
        "return divergence.detach().flatten(1).sum(dim=1).mean()",
        "The divergence is cut off from mean and logvar (detach, .data or no_grad): a constant teaches nothing.",
        "vae_kl",
    ),
)
