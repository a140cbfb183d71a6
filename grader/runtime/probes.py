"""Instruments for experiments: a noise tape, a network that records its inputs, and small system identification.

They run only in workers, and import torch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from grader.runtime.rng import normal_pattern, uniform_pattern

_STANDARD_NORMAL = {torch.randn, torch.randn_like}
_NORMAL = {torch.normal, torch.Tensor.normal_}
_UNIFORM = {torch.rand, torch.rand_like}

Predict = Callable[..., Any]  # predict(x, timestep, label) -> what the network answers


class _Tape(TorchFunctionMode):
    """Replaces what the random functions of torch return, however the code has imported them."""

    def __init__(self, scale: float):
        super().__init__()
        self.scale = scale

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func in _STANDARD_NORMAL | _NORMAL | _UNIFORM:
            self._play(result.detach(), func, args, kwargs)  # sampling has no gradient
        return result

    @torch.no_grad()
    def _play(
        self, result: torch.Tensor, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Write the tape's values into what a random function has returned."""
        if func in _STANDARD_NORMAL:
            result.copy_(self._noise(result.shape))
        elif func in _NORMAL:
            positional = args[1:] if func is torch.Tensor.normal_ else args
            given = dict(zip(("mean", "std"), positional, strict=False)) | kwargs
            result.copy_(given.get("mean", 0.0) + given.get("std", 1.0) * self._noise(result.shape))
        else:
            result.copy_(torch.from_numpy(uniform_pattern(*result.shape)))

    def _noise(self, shape: Iterable[int]) -> torch.Tensor:
        return self.scale * torch.from_numpy(normal_pattern(*shape))


@contextlib.contextmanager
def noise_tape(scale: float = 1.0) -> Iterator[_Tape]:
    """Within this context every normal draw of a given size gives the same known values.

    Draws from a standard normal give `scale * normal_pattern(*shape)`: with scale 0 a sampler shows its mean, with
    scale 1 its mean plus sigma times the pattern. Uniform draws give `uniform_pattern`. Integers stay random.
    The context is the tape, and its `scale` may be changed while it plays.
    """
    tape = _Tape(scale)

    def draw(*shape: int) -> np.ndarray:
        return tape.scale * normal_pattern(*shape).astype(np.float64)

    def normal(loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        shape = np.broadcast_shapes(np.shape(loc), np.shape(scale)) if size is None else np.atleast_1d(size)
        return loc + scale * draw(*(int(n) for n in shape))

    with (
        tape,
        mock.patch("numpy.random.randn", draw),
        mock.patch("numpy.random.normal", normal),
        mock.patch("numpy.random.standard_normal", lambda size=None: normal(size=size)),
    ):
        yield tape


@dataclass(frozen=True)
class Call:
    """One call of a spied network."""

    x: torch.Tensor  # (B, ...)
    timestep: torch.Tensor  # (B,)
    label: torch.Tensor | None  # (B,) or (B, ...): the condition, however the part encodes it
    grad_enabled: bool
    training: bool  # whether the network is in training mode


class Spy(nn.Module):
    """A network that answers with `predict` and records every call.

    Args:
        predict: called as predict(x, timestep, label) with tensors of shape (B, ...), (B,), and what the caller gave.
        weight: an optional `nn.Parameter` of predict, registered on the network.
    """

    def __init__(self, predict: Predict, weight: nn.Parameter | None = None):
        super().__init__()
        self.calls: list[Call] = []
        self._predict = predict
        if weight is not None:
            self.register_parameter("spied_weight", weight)

    def forward(self, x: torch.Tensor, timestep: Any, label: Any = None) -> Any:
        """Record the call, and answer."""
        timestep = torch.as_tensor(timestep).reshape(-1).expand(len(x))  # a single t stands for the whole batch
        recorded = None if label is None else torch.as_tensor(label).detach().clone()
        self.calls.append(
            Call(x.detach().clone(), timestep.detach().clone(), recorded, torch.is_grad_enabled(), self.training)
        )
        return self._predict(x, timestep, label)


def spy_on(network: nn.Module, predict: Predict, weight: nn.Parameter | None = None) -> list[Call]:
    """Replace the forward pass of a network by a `Spy`'s. Returns the list of its calls, which grows with each one.

    Args:
        network: keeps its attributes, and gets `weight` as one more parameter.
        predict, weight: as of `Spy`.
    """
    if weight is not None:
        network.register_parameter("spied_weight", weight)
    spy = Spy(predict)
    network.forward = spy.forward
    return spy.calls


def factors(target: Any, *terms: Any) -> tuple[np.ndarray, np.ndarray]:
    """The numbers c_i for which target = sum_i c_i * terms_i, for each item of a batch, by least squares.

    Args:
        target, terms: shape (B, ...) each; tensors or arrays.

    Returns:
        (factors, residual): shapes (B, len(terms)) and (B,), float64; the residual is the largest absolute error. Both
        are NaN for an item that is not finite.
    """
    flat = [np.asarray(torch.as_tensor(t).detach(), dtype=np.float64).reshape(len(t), -1) for t in (target, *terms)]
    y, columns = flat[0], np.stack(flat[1:], axis=-1)
    solution = np.stack([_least_squares(a, b) for a, b in zip(columns, y, strict=True)])
    residual = np.abs(np.einsum("bnk,bk->bn", columns, solution) - y).max(axis=1)
    return solution, residual


def _least_squares(columns: np.ndarray, y: np.ndarray) -> np.ndarray:
    if not (np.isfinite(columns).all() and np.isfinite(y).all()):
        return np.full(columns.shape[1], np.nan)
    solution: np.ndarray = np.linalg.lstsq(columns, y, rcond=None)[0]
    return solution


@torch.no_grad()
def perturb(network: nn.Module) -> None:
    """Shift every parameter a little, because a layer initialised to zero (good practice) hides what lies behind it."""
    for parameter in network.parameters():
        parameter.add_(0.03 * torch.randn_like(parameter))


def unreached(output: torch.Tensor, network: nn.Module) -> str:
    """Name the parameters that a gradient of the output does not reach, in one text; frozen ones do not count.

    Args:
        output: a tensor; its gradient is taken in a random direction.
        network: has the parameters.
    """
    named = {name: p for name, p in network.named_parameters() if p.requires_grad}
    if not output.requires_grad:
        return ", ".join(named)
    # Of a scalar: with grad_outputs torch first imports sympy, which takes seconds in every child.
    scalar = (output * torch.randn_like(output)).sum()
    gradients = torch.autograd.grad(scalar, list(named.values()), allow_unused=True)
    return ", ".join(name for name, g in zip(named, gradients, strict=True) if g is None or not g.any())


@torch.no_grad()
def changed_items(
    function: Callable[..., torch.Tensor],
    arguments: Sequence[torch.Tensor],
    images: torch.Tensor,
    place: int,
    others: torch.Tensor,
    replaced: Sequence[bool],
) -> torch.Tensor:
    """Which of the images function(*arguments) change when some items of one argument are replaced: B bool.

    Args:
        function: gives images (B, C, H, W).
        arguments: tensors of shape (B, ...).
        images: what they give.
        place: index of the argument to replace, from 0.
        others: its replacement, of the same shape.
        replaced: which items are replaced, a list of B bool.
    """
    old = arguments[place]
    new = torch.where(torch.tensor(replaced).reshape(-1, *[1] * (old.dim() - 1)), others, old)
    after = function(*arguments[:place], new, *arguments[place + 1 :])
    return (after - images).abs().flatten(1).amax(dim=1) > 1e-5 * images.abs().max()


def pattern(*shape: int) -> torch.Tensor:
    """What the noise tape plays at scale 1 for a draw of this shape, as a tensor."""
    return torch.from_numpy(normal_pattern(*shape))


def tensor(value: Any, function: str, shape: Sequence[int] | None = None) -> torch.Tensor:
    """Return the value if it is a tensor, so that a student who forgot `return` reads so.

    Args:
        value: what a student's function returned.
        function: its name.
        shape: that the tensor must have; any if None.

    Raises:
        TypeError: it is no tensor.
        ValueError: it has another shape.
    """
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{function} must return a tensor, not {type(value).__name__}")
    if shape is not None and value.shape != shape:
        raise ValueError(f"{function} must return shape {tuple(shape)}, not {tuple(value.shape)}")
    return value


def pair(value: Any, function: str) -> list[torch.Tensor]:
    """Return the value if it is a pair of tensors.

    Args:
        value: what a student's function returned.
        function: its name.

    Raises:
        TypeError: it is no pair of tensors.
    """
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{function} must return a pair of tensors, not {type(value).__name__}")
    return [tensor(item, f"each item that {function} returns") for item in value]
