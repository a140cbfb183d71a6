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
    values = returned if isinstance(returned, tuple | list) else [returned]
    if len(values) != 3 or not all(isinstance(value, torch.Tensor) for value in values):
        kinds = ", ".join(type(value).__name__ for value in values)
        raise TypeError(f"forward must return the tensors (reconstruction, mean, logvar), not ({kinds})")
    return values


@torch.no_grad()
def latent_shape(model):
    """The shape of an image's latents: their rank and size are the student's choice."""
    _, mean, _ = moments(model.eval(), torch.zeros(2, 1, 32, 32), torch.zeros(2, dtype=torch.int64))
    return tuple(mean.shape[1:])


def latent_shape_if_any(prepare):
    """The same of the VAE that `prepare` gives, and that of a vector where it cannot be built or run.

    So a case that needs neither encoder nor decoder works without them.
    """
    try:
        return latent_shape(prepare())
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
