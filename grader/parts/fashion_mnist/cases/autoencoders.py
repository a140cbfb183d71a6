"""Probes a student's VAE without knowing its architecture. Runs only in workers, because it imports torch."""

from dataclasses import dataclass

import torch

from grader.runtime import probes


def prepared(code):
    """Build the VAE with prepare_vae, in evaluation mode and with no layer left at zero."""
    model = code.assignment.prepare_vae()
    probes.perturb(model)
    return model.eval()


def moments(model, x, labels):
    """Call forward, and check that it returns three tensors: (reconstruction, mean, logvar)."""
    returned = model(x, labels)
    values = returned if isinstance(returned, tuple | list) else [returned]
    if len(values) != 3 or not all(isinstance(value, torch.Tensor) for value in values):
        kinds = ", ".join(type(value).__name__ for value in values)
        raise TypeError(f"forward must return the tensors (reconstruction, mean, logvar), not ({kinds})")
    return values


@torch.no_grad()
def latent_shape(model):
    """The shape of one image's latents. Students choose its rank and size."""
    _, mean, _ = moments(model.eval(), torch.zeros(2, 1, 32, 32), torch.zeros(2, dtype=torch.int64))
    return tuple(mean.shape[1:])


def latent_shape_if_any(prepare):
    """The latent shape of the VAE that `prepare` builds, or the shape of a vector if that VAE cannot be built or run.

    This lets a case that needs neither encoder nor decoder work without them.
    """
    try:
        return latent_shape(prepare())
    except Exception:
        return (16,)


def same_images(images, expected, others):
    """Whether images equal the expected ones: they are much closer to them than images of other latents are."""
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
    """Make the model's decode record its calls, and return the list of them. Sampling may work without decode."""
    calls, decode = [], model.decode

    def recorded(*args, **kwargs):
        sample, labels = (*args, *kwargs.values())[:2]
        calls.append(Decoding(sample.detach().clone(), labels.detach().clone(), torch.is_grad_enabled()))
        return decode(*args, **kwargs)

    model.decode = recorded
    return calls


def factor_of_noise(calls, shape):
    """The factor of the tape's noise in the decoded latents; nan if the latents contain anything else.

    Without calls the factor is 1: then only the images show what was decoded.

    Args:
        calls: the list from `record_decode`.
        shape: shape (B, ...) of all latents together.
    """
    if not calls:
        return 1.0
    latents, noise = torch.cat([call.sample for call in calls]).reshape(1, -1), probes.pattern(*shape).reshape(1, -1)
    if latents.shape != noise.shape:
        return float("nan")
    factors, residual = probes.factors(latents, noise)
    return factors[0, 0] if residual[0] < 1e-4 else float("nan")
