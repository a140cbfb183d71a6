"""A student's VAE, as far as it can be known without its architecture. Runs only in workers, and imports torch."""

from dataclasses import dataclass

import torch

from grader import probes


def prepared(code):
    """The VAE that prepare_vae builds, in evaluation mode, with no layer left at zero."""
    model = code.assignment.prepare_vae()
    probes.perturb(model)
    return model.eval()


def moments(model, x, labels):
    """What forward returns, if it is three tensors: (reconstruction, mean, logvar)."""
    returned = model(x, labels)
    if not isinstance(returned, tuple | list) or len(returned) != 3:
        raise TypeError(f"forward must return (reconstruction, mean, logvar), not {type(returned).__name__}")
    return [probes.tensor(value, "each item that forward returns") for value in returned]


@torch.no_grad()
def latent_shape(model):
    """The shape of an image's latents: their rank and size are the student's choice.

    Where the forward pass fails, it is that of a vector, so that the fault is counted once.
    """
    try:
        return tuple(moments(model.eval(), torch.zeros(1, 1, 32, 32), torch.zeros(1, dtype=torch.int64))[1].shape[1:])
    except Exception:
        return (16,)


def latent_shape_of(code):
    """The same for the VAE that prepare_vae builds, if it does."""
    try:
        return latent_shape(code.assignment.prepare_vae())
    except Exception:
        return (16,)


def same_images(images, expected, others):
    """Whether images are as expected: nearer by far than the images of other latents."""
    if images.shape != expected.shape:
        return False
    return (images - expected).abs().max() < 0.01 * (others - expected).abs().max()


@dataclass(frozen=True)
class Decoding:
    """One call of decode."""

    sample: torch.Tensor  # (B, ...)
    labels: torch.Tensor  # (B,)
    grad_enabled: bool


def record_decode(model):
    """Let the model's decode record its calls in the list that is returned; sampling need not call it."""
    calls, decode = [], model.decode

    def recorded(*args, **kwargs):
        sample, labels = (*args, *kwargs.values())[:2]
        calls.append(Decoding(sample.detach().clone(), labels.detach().clone(), torch.is_grad_enabled()))
        return decode(*args, **kwargs)

    model.decode = recorded
    return calls


def factor_of_noise(calls, shape):
    """The factor of the tape's noise in the latents that were decoded in these calls; nan where they hold other things.

    Without calls it is 1: the images alone then tell what was decoded.

    Args:
        calls: of `record_decode`.
        shape: (B, ...) of all latents together.
    """
    if not calls:
        return 1.0
    latents, noise = torch.cat([call.sample for call in calls]).reshape(1, -1), probes.pattern(*shape).reshape(1, -1)
    if latents.shape != noise.shape:
        return float("nan")
    found, residual = probes.factors(latents, noise)
    return found[0, 0] if residual[0] < 1e-4 else float("nan")
