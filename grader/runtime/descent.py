"""An optimizer without surprises, and a look at where gradients arrive. Imports torch, so cases import it lazily."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Descent:
    """Gradient descent with the methods of an optimizer. The first optimizer of torch takes seconds.

    Attributes:
        steps: how many steps it has taken.
    """

    def __init__(self, network: nn.Module, lr: float):
        self.param_groups: list[dict[str, Any]] = [{"params": list(network.parameters()), "lr": lr}]
        self.steps = 0

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None

    @torch.no_grad()
    def step(self, closure: object = None) -> None:
        """Subtract the gradients."""
        self.steps += 1
        for parameter in self.param_groups[0]["params"]:
            if parameter.grad is not None:
                parameter -= self.param_groups[0]["lr"] * parameter.grad


def reaches(logits: torch.Tensor, parameter: nn.Parameter) -> bool:
    """Whether a gradient of the logits exists with respect to the parameter."""
    if not (logits.requires_grad and parameter.requires_grad):
        return False
    return torch.autograd.grad(logits.sum(), parameter, retain_graph=True, allow_unused=True)[0] is not None
