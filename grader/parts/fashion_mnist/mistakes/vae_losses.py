"""Mistakes in the losses of the VAE. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 4)

ERRORS = "return (pred - target).abs().flatten(1).sum(dim=1).mean()"
DIVERGENCE = "divergence = 0.5 * (mean.square() + logvar.exp() - 1 - logvar)"
DIVERGENCE_MEAN = "return divergence.flatten(1).sum(dim=1).mean()"

LOSSES = (
    mistake(
        "reconstruction_detached",
        ERRORS,
        "return (pred.detach() - target).abs().flatten(1).sum(dim=1).mean()",
        "Your loss is cut off from the reconstruction (by detach, .data or no_grad), so nothing learns. Keep the "
        "reconstruction in the graph.",
        "vae_reconstruction",
    ),
    mistake(
        "reconstruction_of_sums",
        ERRORS,
        "return (pred.flatten(1).sum(dim=1) - target.flatten(1).sum(dim=1)).abs().mean()",
        "Your loss sums the images before it compares them. It should compare pixel by pixel, then sum.",
        "vae_reconstruction",
    ),
    mistake(
        "reconstruction_without_magnitude",
        ERRORS,
        "return (pred - target).flatten(1).sum(dim=1).mean()",
        "Your loss lets errors of opposite sign cancel. It should sum their squares or absolute values.",
        "vae_reconstruction",
    ),
    mistake(
        "reconstruction_root",
        ERRORS,
        "return (pred - target).square().flatten(1).sum(dim=1).sqrt().mean()",
        "Your loss takes the square root of each image's squared errors. It should leave the root out.",
        "vae_reconstruction",
    ),
    mistake(
        "reconstruction_not_reduced",
        ERRORS,
        "return (pred - target).abs().flatten(1).sum(dim=1)",
        "Your reconstruction loss has one value for each item. It should be a single number.",
        "vae_reconstruction",
    ),
    mistake(
        "divergence_negative",
        DIVERGENCE,
        "divergence = -0.5 * (mean.square() + logvar.exp() - 1 - logvar)",
        "Your divergence has the wrong sign, so training pushes the posterior away from the prior. Change its sign.",
        "vae_kl",
    ),
    mistake(
        "divergence_of_log_sigma",
        DIVERGENCE,
        "divergence = 0.5 * (mean.square() + (2 * logvar).exp() - 1 - 2 * logvar)",
        "Your code treats logvar as log sigma. It is log sigma^2, so sigma^2 should be exp(logvar).",
        "vae_kl",
    ),
    mistake(
        "divergence_with_std_for_variance",
        DIVERGENCE,
        "divergence = 0.5 * (mean.square() + (0.5 * logvar).exp() - 1 - logvar)",
        "Your divergence uses the standard deviation, exp(logvar / 2). It should use the variance, exp(logvar).",
        "vae_kl",
    ),
    mistake(
        "divergence_without_mean",
        DIVERGENCE,
        "divergence = 0.5 * (logvar.exp() - 1 - logvar)",
        "Your divergence lacks a term. It should contain mean^2.",
        "vae_kl",
    ),
    mistake(
        "divergence_with_unsquared_mean",
        DIVERGENCE,
        "divergence = 0.5 * (mean + logvar.exp() - 1 - logvar)",
        "Your divergence contains the mean. It should contain its square, mean^2.",
        "vae_kl",
    ),
    mistake(
        "divergence_without_one",
        DIVERGENCE,
        "divergence = 0.5 * (mean.square() + logvar.exp() - logvar)",
        "Your divergence lacks the term -1, so it is not zero when the posterior equals the prior. Add the term for "
        "every latent.",
        "vae_kl",
    ),
    mistake(
        "divergence_without_logvar",
        DIVERGENCE,
        "divergence = 0.5 * (mean.square() + logvar.exp() - 1)",
        "Your divergence lacks the term -logvar, so nothing keeps the variance from vanishing. Add the term for every "
        "latent.",
        "vae_kl",
    ),
    mistake(
        "divergence_without_half",
        DIVERGENCE,
        "divergence = mean.square() + logvar.exp() - 1 - logvar",
        "Your divergence is twice as large as it should be. It should have the factor 1/2.",
        "vae_kl",
    ),
    mistake(
        "divergence_turned_round",
        DIVERGENCE,
        "divergence = 0.5 * ((1 + mean.square()) / logvar.exp() - 1 + logvar)",
        "Your code computes KL(N(0, I) || q). The divergence of the posterior from the prior should be KL(q || N(0, "
        "I)).",
        "vae_kl",
    ),
    mistake(
        "divergence_summed_over_the_batch",
        DIVERGENCE_MEAN,
        "return divergence.sum()",
        "Your code sums one loss over the batch and averages the other, so their balance depends on the batch size. "
        "Treat both alike.",
        "vae_kl",
    ),
    mistake(
        "divergence_detached",
        DIVERGENCE_MEAN,
        "return divergence.detach().flatten(1).sum(dim=1).mean()",
        "Your divergence is cut off from mean and logvar (by detach, .data or no_grad), so it teaches nothing. Keep "
        "both in the graph.",
        "vae_kl",
    ),
)
