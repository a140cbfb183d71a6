"""Part 4: the variational autoencoder. Its architecture and the rank of its latents may be anything."""

import math

from grader.parts.fashion_mnist.cases import inputs
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
autoencoders = Lazy("grader.parts.fashion_mnist.cases.autoencoders")

STATISTIC = 20_000  # draws at least, which puts the bounds below at least five standard errors away


@case(
    "4.vae",
    points=0.75,
    equation="mean, logvar = encoder(x, label); z ~ N(mean, exp(logvar)); x' = decoder(z, label) (VAE, sec. 2.4)",
    look="Go through forward line by line: what encode returns, what you draw from it, what goes into decode, and the "
    "order of the return values.",
    term="Do you decode z or the mean, and with whose label? Both moments should keep their gradients.",
    shows={
        "shape": "shape of the reconstruction",
        "moments": "whether mean and logvar have the same shape, with the batch first",
        "decoded": "which of mean and logvar forward decodes, with the label, when every random number is 0",
        "sample_decoded": "whether the reconstruction is decode(reparameterize(mean, logvar), label) for known noise",
        "noise_matters": "whether the reconstruction depends on the noise in training",
        "image_matters": "items whose reconstruction changes when some images are replaced (in eval mode)",
        "label_matters": "items whose reconstruction changes when some labels are replaced (in eval mode)",
        "unreached": "parameters that get no gradient from the reconstruction",
        "moments_learn": "whether gradients flow through the returned mean and logvar",
    },
    seconds=30.0,
    needs=("4.vae_reparameterize",),
)
def vae(code, rng):
    """VAE: forward encodes, draws latents and decodes them, item by item, and every parameter learns"""
    model, (x, labels) = autoencoders.prepared(code), inputs.autoencoder_batch(rng)
    return _evaluated(rng, model, x, labels) | _trained(model, x[:2], labels[:2])


def _evaluated(rng, model, x, labels):
    """Observe evaluation mode, where the items of a batch are independent."""

    def reconstruct(x, labels):
        return autoencoders.moments(model, x, labels)[0]

    def changed(name, place, others):
        replaced = inputs.some_items(rng, name, len(x))
        return probes.changed_items(reconstruct, (x, labels), of_mean, place, others, replaced)

    with torch.no_grad(), probes.noise_tape(1.0):
        of_sample, mean, logvar = autoencoders.moments(model, x, labels)
        z = model.reparameterize(mean, logvar)
    with torch.no_grad(), probes.noise_tape(0.0):  # shows whether the decoder draws noise too
        of_mean = reconstruct(x, labels)
        image, others = model.decode(z, labels), model.decode(mean.flip(0), labels)
        images = {"mean": model.decode(mean, labels), "logvar": model.decode(logvar, labels)}
        return {
            "shape": of_mean.shape,
            "moments": mean.shape == logvar.shape and len(mean) == len(x),
            "decoded": ", ".join(n for n, i in images.items() if autoencoders.same_images(of_mean, i, others)),
            "sample_decoded": autoencoders.same_images(of_sample, image, others),
            "image_matters": changed("replaced images", 0, rng.uniform("others", *x.shape, low=-1.0)),
            "label_matters": changed("replaced labels", 1, (labels + 3) % 10),
        }


def _trained(model, x, labels):
    """Observe training mode, because some VAEs decode the mean in evaluation mode."""
    model.train().requires_grad_(True)  # 4.prepare_vae checks whether it requires gradients
    with torch.no_grad(), probes.noise_tape(0.0):
        without_noise = autoencoders.moments(model, x, labels)[0]
    with probes.noise_tape(1.0):
        with_noise, *moments = autoencoders.moments(model, x, labels)
    return {
        "noise_matters": (with_noise - without_noise).abs().max() > 1e-5 * with_noise.abs().max(),
        "unreached": probes.unreached(with_noise, model),
        "moments_learn": all(moment.requires_grad for moment in moments),
    }


@case(
    "4.vae_reparameterize",
    points=0.75,
    equation="z = mu + sigma eps, sigma = exp(log sigma^2 / 2), eps ~ N(0, I) (VAE, sec. 2.4)",
    look="Check what multiplies the noise for logvar = 0 and for logvar = 2. Then check how you draw the noise, and "
    "in which shape.",
    term="exp(log sigma^2 / 2) and eps: check the exp, the division by 2 and the distribution. Can gradients reach mu "
    "and sigma past the draw?",
    shows={
        "mean_factor": "factor of mean in z when every random number is 0",
        "mean_residual": "part of z that is not the mean, when every random number is 0",
        "sigma": "factor of the noise in z for three values of logvar",
        "sigma_residual": "part of z that is neither mean nor sigma eps, for each logvar",
        "mean_gradient": "derivative of z with respect to mean",
        "logvar_gradient": "derivative of z with respect to logvar, divided by eps, for each logvar (nan: none)",
        "standard_normal": "whether eps has mean 0, variance 1 and the fourth moment of a normal distribution",
        "fresh": "whether every item and every call draws its own noise",
    },
    **FLOAT32,
    seconds=30.0,
)
def vae_reparameterize(code, rng):
    """Reparameterisation: z is normal with the given moments, and gradients reach both"""
    model, levels = code.assignment.prepare_vae(), inputs.logvar_levels(rng)
    latents = autoencoders.latent_shape_if_any(lambda: model)
    shape = (rng.integer("count", 3, 7), *latents)
    model.train()
    level = torch.arange(math.prod(shape)).reshape(shape) % 3
    mean, logvar = rng.normal("mean", *shape).requires_grad_(), levels[level].requires_grad_()
    with torch.no_grad(), probes.noise_tape(0.0):
        of_mean = probes.tensor(model.reparameterize(mean, logvar), "reparameterize", mean.shape)
    with probes.noise_tape(1.0):
        z = model.reparameterize(mean, logvar)
    direction, noise = rng.uniform("direction", *shape, low=0.5), probes.pattern(*shape)
    gradients = _gradients((z * direction).sum(), (mean, logvar))
    mean_factor, mean_residual = _factors(of_mean, mean)
    sigma, sigma_residual = zip(*(_factors((z - mean)[level == i], noise[level == i]) for i in range(3)), strict=True)
    return {
        "mean_factor": mean_factor,
        "mean_residual": mean_residual,
        "sigma": sigma,
        "sigma_residual": sigma_residual,
        "mean_gradient": _factors(gradients[0], direction)[0],
        "logvar_gradient": [_factors(gradients[1][level == i], (direction * noise)[level == i])[0] for i in range(3)],
        **_drawn_noise(model, latents),
    }


def _gradients(value, inputs):
    """The gradients of a scalar, nan where there is no gradient."""
    gradients = torch.autograd.grad(value, inputs, allow_unused=True) if value.requires_grad else [None] * len(inputs)
    return [torch.full_like(x, torch.nan) if g is None else g for g, x in zip(gradients, inputs, strict=True)]


def _factors(target, term):
    """The factor of `term` in `target`, and the largest error, over all elements."""
    factors, residual = probes.factors(target.reshape(1, -1), term.reshape(1, -1))
    return factors[0, 0], residual[0]


def _drawn_noise(model, latents):
    """Observe the noise in many draws from a standard normal posterior."""
    mean = torch.zeros(math.ceil(STATISTIC / math.prod(latents)), *latents)
    with torch.no_grad():
        first, second = (model.reparameterize(mean, torch.zeros_like(mean)).double() for _ in range(2))
    moments = torch.stack([first.mean(), first.square().mean() - 1, first.pow(4).mean() - 3]).abs()
    items = torch.cat([first, second]).flatten(1)
    return {
        "standard_normal": (moments < torch.tensor([0.04, 0.06, 0.4])).all(),
        "fresh": len(items.unique(dim=0)) == len(items),
    }
