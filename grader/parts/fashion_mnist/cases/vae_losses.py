"""Part 4: the two losses of the VAE. Students may sum or average them, so the cases compare ratios."""

import math

from grader.parts.fashion_mnist.cases import inputs
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
autoencoders = Lazy("grader.parts.fashion_mnist.cases.autoencoders")


def _derivative(loss, x, direction):
    """The derivative of a loss in a direction, relative to the loss; nan if there is no gradient."""
    if not loss.requires_grad:
        return torch.tensor(torch.nan)
    (gradient,) = torch.autograd.grad(loss.sum(), x, retain_graph=True, allow_unused=True)
    return torch.tensor(torch.nan) if gradient is None else (gradient * direction).sum() / loss.detach()


@case(
    "4.vae_reconstruction",
    points=0.5,
    equation="L = sum (x - x')^2 over all pixels, or of |x - x'|, or the mean",
    look="Try two images whose errors are +1 and -1, then two equal images. In which order do you subtract, square "
    "and sum?",
    term="(x - x')^2 or |x - x'|, 'over all pixels': compare pixel by pixel, then sum. Is one number left at the end?",
    shows={
        "at_equal": "loss of perfectly reconstructed images",
        "ratios": "losses of two reconstructions, each divided by the loss of a third",
        "derivative": "derivative of the loss with respect to the reconstruction, divided by the loss (nan: none)",
        "shape": "shape of the loss",
    },
    **FLOAT32,
)
def vae_reconstruction(code, rng):
    """Reconstruction loss: squared or absolute errors of all pixels"""
    loss_of, errors = code.models.VAE.reconstruction_loss, inputs.errors(rng)
    target = rng.uniform("target", *errors[0].shape, low=-1.0)
    predictions = [(target + error).requires_grad_() for error in errors]
    losses = [probes.tensor(loss_of(prediction, target), "reconstruction_loss") for prediction in predictions]
    direction = errors[0] * inputs.error_weights(rng, target.shape)
    return {
        "at_equal": loss_of(target, target),
        "ratios": torch.stack([loss / losses[0] for loss in losses[1:]]),
        "derivative": _derivative(losses[0], predictions[0], direction),
        "shape": losses[0].shape,
    }


@case(
    "4.vae_kl",
    points=0.75,
    equation="KL(q(z | x) || N(0, I)) = 1/2 sum (mu^2 + sigma^2 - 1 - log sigma^2) (VAE, appendix B)",
    look="Compute it at mean = 0 and logvar = 0, where you know its value. Are its derivatives 0 there too?",
    term="mu^2, sigma^2, -1, -log sigma^2 and the 1/2: which terms use logvar, and which its exponential? Do you "
    "average as in reconstruction_loss?",
    shows={
        "at_prior": "loss of a posterior that equals the prior (mean 0, logvar 0)",
        "ratios": "losses of three batches of posteriors, each divided by the loss of a fourth",
        "positive": "whether all four losses are positive",
        "factor_half": "whether the loss has its factor 1/2",
        "mean_derivative": "derivative of the loss with respect to mean, divided by the loss (nan: none)",
        "logvar_derivative": "derivative of the loss with respect to logvar, divided by the loss (nan: none)",
        "scales_alike": "whether kl_loss and reconstruction_loss grow alike when the batch is repeated",
        "shape": "shape of the loss",
    },
    **FLOAT32,
    seconds=30.0,
    needs=("4.vae_reconstruction",),
)
def vae_kl(code, rng):
    """Divergence: the closed form, on the scale of the reconstruction loss"""
    model, (means, logvars) = code.models.VAE, inputs.posteriors(rng)
    shape = (means.shape[1], *autoencoders.latent_shape_if_any(lambda: code.assignment.prepare_vae()))
    # The latents of an item differ only in the sign of their mean, so that their number cancels in the ratios.
    signs = (1.0 - 2.0 * (torch.arange(math.prod(shape[1:])) % 2)).reshape(shape[1:])

    def spread(values):
        return values.reshape(-1, *[1] * (len(shape) - 1)).expand(shape)

    posteriors = [(spread(m) * signs, spread(v).clone()) for m, v in zip(means, logvars, strict=True)]
    for moment in posteriors[0]:
        moment.requires_grad_()
    mean, logvar = posteriors[0]
    losses = [probes.tensor(model.kl_loss(*posterior), "kl_loss") for posterior in posteriors]
    return {
        "at_prior": model.kl_loss(torch.zeros(shape), torch.zeros(shape)),
        "ratios": torch.stack([loss / losses[0] for loss in losses[1:]]),
        "positive": all((loss > 0).all() for loss in losses),
        "factor_half": _has_half(model.kl_loss(torch.full(shape, 2**0.5), torch.zeros(shape)), shape),
        "mean_derivative": _derivative(losses[0], mean, mean.detach()),
        "logvar_derivative": _derivative(losses[0], logvar, torch.ones(shape)),
        "scales_alike": _scale_alike(model, mean.detach(), logvar.detach(), inputs.errors(rng)[0]),
        "shape": losses[0].shape,
    }


def _has_half(loss, shape):
    """Whether the loss is not twice the right one, for latents with divergence 1 each, summed or averaged."""
    batch, latents = shape[0], math.prod(shape[1:])
    sizes = (1, batch, latents, batch * latents)

    def near(factor):
        return any(math.isclose(loss.abs().max(), factor * size, rel_tol=1e-3) for size in sizes)

    return near(1) or not near(2)


def _scale_alike(model, mean, logvar, images):
    """Whether both losses stay the same, or both double, when every item appears twice."""
    pairs = ((model.kl_loss, (mean, logvar)), (model.reconstruction_loss, (images, torch.zeros_like(images))))
    growths = [loss_of(*(torch.cat([x, x]) for x in arguments)) / loss_of(*arguments) for loss_of, arguments in pairs]
    return math.isclose(growths[0].max(), growths[1].max(), rel_tol=1e-3)
