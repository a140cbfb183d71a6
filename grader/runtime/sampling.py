"""The experiments behind accuracy: they load a submission's checkpoint and let its model generate images.

They run where student code runs. `model["build"]` names the function of the part's accuracy.py that builds the model:
build(code, model) -> (network with its weights, generate(labels, device) -> images).
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.runtime.experiment import Code, find
from grader.runtime.lazy import Lazy

if TYPE_CHECKING:
    import torch
    from torch import nn

    from grader.runtime.rng import TensorStreams
else:
    torch = Lazy("torch")

Model = Mapping[str, Any]  # what the policy says of a model: see `sample`


class CheckpointError(Exception):
    """A checkpoint is not what the part asks for; the message says what it lacks and how to mend it."""


def weights(checkpoint: str | Path) -> dict[str, torch.Tensor]:
    """Load the state dict from a file that was handed in."""
    state: dict[str, torch.Tensor] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    return state


def use(code: Code, rng: TensorStreams, *, device: str) -> dict[str, torch.Tensor]:
    """Compute something on the device, without the student's code."""
    return {"zero": torch.zeros(1, device=device)}


def load(code: Code, rng: TensorStreams, *, model: Model) -> dict[str, int]:
    """Build the model and load its checkpoint strictly. Observes the number of parameters."""
    _choose("cpu")
    network, _ = _build(code, model)
    return {"parameters": sum(p.numel() for p in network.parameters())}


def tell_apart(
    code: Code,
    rng: TensorStreams,
    *,
    model: Model,
    images: str,
    image_shape: Sequence[int],
    compared: int,
    device: str,
    threads: int,
) -> dict[str, Any]:
    """Build a discriminator, load its checkpoint, and ask it about images; let its generator make some.

    Args:
        code, rng, model, device, threads: as of `sample`.
        images: levels of N images, bytes in base64.
        image_shape: [C, H, W] of each.
        compared: number of images M of the generator.

    Returns:
        shape: of what the discriminator returned.
        logits: what it returned, (N,) as float32; only if there is one for each image.
        images: of the generator, (M, C, H, W) as float32; only if its checkpoint was handed in.
    """
    torch.set_num_threads(threads)
    _choose(device)
    levels = torch.frombuffer(bytearray(base64.b64decode(images)), dtype=torch.uint8).reshape(-1, *image_shape)
    discriminator, generate = _build(code, model)
    discriminator.to(device).eval()
    with torch.no_grad():
        logits = torch.cat(
            [discriminator((batch.float() / 127.5 - 1).to(device)) for batch in torch.split(levels, 500)]
        )
    observed = {"shape": logits.shape} | ({"logits": logits.float().flatten()} if logits.numel() == len(levels) else {})
    return observed | ({"images": generate(compared, device)} if generate else {})


def sample(
    code: Code,
    rng: TensorStreams,
    *,
    model: Model,
    labels: Sequence[Any],
    image_shape: Sequence[int],
    device: str,
    threads: int,
) -> dict[str, Any]:
    """Build the model, load its checkpoint, and generate an image for each label.

    Args:
        code: the student's modules.
        rng: unused, because sampling draws from torch's seeded generator.
        model: what the policy says of it: build, checkpoint (its file, relative to the submission), classes, and the
            fields of the part's `accuracy.Model`.
        labels: classes, a list of N ints; or N lists of K floats, 1 for what is asked for and 0 for all else.
        image_shape: [C, H, W] that each image must have.
        device: where to sample.
        threads: of the CPU; unit cases have one.

    Returns:
        shape: of what the student's method returned.
        images: what it returned, as float32; only if the shape is right.
    """
    torch.set_num_threads(threads)
    _choose(device)
    _, generate = _build(code, model)
    images = generate(torch.tensor(labels), torch.device(device))
    right = list(images.shape) == [len(labels), *image_shape]
    return {"shape": images.shape} | ({"images": images.float()} if right else {})


def _build(code: Code, model: Model) -> tuple[nn.Module, Any]:
    """What the part's function builds: a network, and a function that generates images, or None."""
    built: tuple[nn.Module, Any] = find(model["build"])(code, model)
    return built


def _choose(device: str) -> None:
    """Make "cuda if available" in a student's code mean this device."""
    if device.startswith("cuda"):
        torch.cuda.set_device(torch.device(device).index or 0)
    else:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
