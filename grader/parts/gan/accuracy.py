"""Builds this part's networks from their checkpoints and runs them."""

import os
from dataclasses import dataclass

from grader.runtime.lazy import Lazy
from grader.runtime.sampling import weights

torch = Lazy("torch")


@dataclass(frozen=True)
class Model:
    """The settings of a model in part.toml, [accuracy.NAME.model]."""


def build(code, model):
    """Build the discriminator, and the generator if a checkpoint of it exists.

    Returns:
        (discriminator, generate). `generate(count, device)` returns images, shape (count, 3, 32, 32), float32 in
        [-1, 1]; it is None if there is no generator.
    """
    gan = code.gan_pytorch
    discriminator = gan.discriminator()
    discriminator.load_state_dict(weights(model["checkpoint"]))
    if not (model["generator"] and os.path.isfile(model["generator"])):
        return discriminator, None
    generator = gan.generator()
    generator.load_state_dict(weights(model["generator"]))

    def generate(count, device):
        noise = gan.sample_noise(count, gan.NOISE_DIM).to(device)
        with torch.no_grad():
            return generator.to(device).eval()(noise).reshape(count, 3, 32, 32).float()

    return discriminator, generate
