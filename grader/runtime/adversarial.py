"""How the cases of several parts try the networks, losses and optimizers of GANs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from grader.runtime import inputs
from grader.runtime.lazy import Lazy

if TYPE_CHECKING:
    import torch
    from torch import nn

    from grader.runtime import probes
    from grader.runtime.rng import TensorStreams
else:
    torch = Lazy("torch")
    probes = Lazy("grader.runtime.probes")

STIRRINGS = 6  # of a network's weights, to see which values it can put out at all


def stirred(network: nn.Module, *x: torch.Tensor) -> list[torch.Tensor]:
    """All values that the network puts out for x while its weights are drawn at random several times.

    Args:
        network: returns a tensor, or a tuple or list of tensors.
        x: its inputs.

    Returns:
        A flat tensor for each output.
    """
    outputs, kept = [], [p.clone() for p in network.parameters()]
    for _ in range(STIRRINGS):
        for parameter, before in zip(network.parameters(), kept, strict=True):
            parameter.copy_(before + (0.1 + 2 * before.std(correction=0)) * torch.randn_like(before))
        output = network(*x)
        outputs.append([value.flatten() for value in (output if isinstance(output, tuple | list) else [output])])
    for parameter, before in zip(network.parameters(), kept, strict=True):
        parameter.copy_(before)
    return [torch.cat(values) for values in zip(*outputs, strict=True)]


def both_signs(values: torch.Tensor) -> torch.Tensor:
    """Whether there are negative and positive values."""
    return (values < 0).any() & (values > 0).any()


def value_of(loss: Callable[..., Any], *logits: torch.Tensor) -> torch.Tensor:
    """The loss of these logits, which must be a tensor."""
    return probes.tensor(loss(*logits), "the loss")


def with_gradients(loss: Callable[..., Any], *logits: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The loss, and its derivatives with respect to the logits.

    Returns:
        The loss, and for each of the logits its derivative times their number; NaN where there is none.
    """
    variables = [x.clone().requires_grad_() for x in logits]
    value = value_of(loss, *variables)
    if not value.requires_grad:
        return value, [torch.full_like(x, float("nan")) for x in variables]
    gradients = torch.autograd.grad(value.sum(), variables, allow_unused=True)
    return value, [torch.zeros_like(x) if g is None else len(x) * g for x, g in zip(variables, gradients, strict=True)]


def _record(optimizer: torch.optim.Optimizer, params: Iterable[Any], defaults: dict[str, Any]) -> None:
    """Replaces Optimizer.__init__: the first real one of a process takes seconds to import torch's compiler."""
    groups = list(params)
    groups = groups if groups and isinstance(groups[0], dict) else [{"params": groups}]
    optimizer.param_groups = [defaults | group | {"params": list(group["params"])} for group in groups]


OPTIMIZER = {
    "kind": "name of the optimizer's class",
    "learning_rate": "its learning rate",
    "betas": "its two betas",
    "parameters": "how many numbers it trains, of a model with three layers",
}


def described(get_optimizer: Callable[[nn.Module], Any], name: str, rng: TensorStreams) -> dict[str, Any]:
    """Describe the optimizer that a student's function makes for a model of three layers.

    Args:
        get_optimizer: called as get_optimizer(model).
        name: by which students know it.
        rng: draws the sizes of the layers.

    Returns:
        A value for each name in OPTIMIZER.

    Raises:
        TypeError: the function returns no optimizer.
    """
    model = torch.nn.Sequential(*(torch.nn.Linear(*sizes) for sizes in inputs.layer_sizes(rng)))
    with mock.patch.object(torch.optim.Optimizer, "__init__", _record):
        optimizer = get_optimizer(model)
    groups = getattr(optimizer, "param_groups", None)
    if not isinstance(optimizer, torch.optim.Optimizer) or not groups:
        raise TypeError(f"{name} must return an optimizer, not {type(optimizer).__name__}")
    return {
        "kind": type(optimizer).__name__,
        "learning_rate": groups[0]["lr"],
        "betas": groups[0].get("betas", (np.nan, np.nan)),
        "parameters": sum(p.numel() for group in groups for p in group["params"]),
    }
