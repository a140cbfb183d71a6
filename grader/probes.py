"""Instruments for experiments: a noise tape, a network that records its inputs, and small system identification.

Runs only in workers, and imports torch.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from unittest import mock

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from grader.rng import normal_pattern, uniform_pattern

_STANDARD_NORMAL = {torch.randn, torch.randn_like}
_NORMAL = {torch.normal, torch.Tensor.normal_}
_UNIFORM = {torch.rand, torch.rand_like}


class _Tape(TorchFunctionMode):
    """Replaces what the random functions of torch return, however they were imported."""

    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func in _STANDARD_NORMAL | _NORMAL | _UNIFORM:
            self._play(result.detach(), func, args, kwargs)  # sampling has no gradient
        return result

    @torch.no_grad()
    def _play(self, result, func, args, kwargs):
        """Write the tape's values into what a random function has returned."""
        if func in _STANDARD_NORMAL:
            result.copy_(self._noise(result.shape))
        elif func in _NORMAL:
            positional = args[1:] if func is torch.Tensor.normal_ else args
            given = dict(zip(("mean", "std"), positional, strict=False)) | kwargs
            result.copy_(given.get("mean", 0.0) + given.get("std", 1.0) * self._noise(result.shape))
        else:
            result.copy_(torch.from_numpy(uniform_pattern(*result.shape)))

    def _noise(self, shape):
        return self.scale * torch.from_numpy(normal_pattern(*shape))


@contextlib.contextmanager
def noise_tape(scale=1.0):
    """Within this context every normal draw of a given size gives the same known values.

    Draws from a standard normal give `scale * normal_pattern(*shape)`: with scale 0 a sampler shows its mean, with
    scale 1 its mean plus sigma times the pattern. Uniform draws give `uniform_pattern`. Integers stay random.
    The context is the tape, and its `scale` may be changed while it plays.
    """
    tape = _Tape(scale)

    def draw(*shape):
        return tape.scale * normal_pattern(*shape).astype(np.float64)

    def normal(loc=0.0, scale=1.0, size=None):
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

    def __init__(self, predict, weight=None):
        super().__init__()
        self.calls = []
        self._predict = predict
        if weight is not None:
            self.register_parameter("spied_weight", weight)

    def forward(self, x, timestep, label=None):
        """Record, and answer."""
        timestep = torch.as_tensor(timestep).reshape(-1).expand(len(x))  # a single t stands for the whole batch
        recorded = None if label is None else torch.as_tensor(label).detach().clone()
        self.calls.append(
            Call(x.detach().clone(), timestep.detach().clone(), recorded, torch.is_grad_enabled(), self.training)
        )
        return self._predict(x, timestep, label)


class _Bare(nn.Module):
    """Stands in where the student's U-Net cannot be built, so that its fault is counted once."""

    def __init__(self, in_channels, num_classes):
        super().__init__()
        self.in_channels = in_channels
        self.num_classes = num_classes
        self.parameter = nn.Parameter(torch.zeros(1))


class SpyNetwork:
    """The student's U-Net of part 4 with its forward pass replaced by a `Spy`.

    A student's DDPM may use attributes of the student's U-Net, so that is what it gets.

    Args:
        code: the student's modules.
        predict, weight: as of `Spy`.
    """

    def __init__(self, code, predict, weight=None, in_channels=1, num_classes=10):
        try:
            self.network = code.models.UNet(in_channels=in_channels, num_classes=num_classes)
        except Exception:
            self.network = _Bare(in_channels, num_classes)
        self.calls = spy_on(self.network, predict, weight)


def spy_on(network, predict, weight=None):
    """Replace the forward pass of a network by a `Spy`'s. Returns the list of its calls.

    Args:
        network: keeps its attributes, and gets `weight` as one more parameter.
        predict, weight: as of `Spy`.
    """
    if weight is not None:
        network.register_parameter("spied_weight", weight)
    spy = Spy(predict)
    network.forward = spy.forward
    return spy.calls


def factors(target, *terms):
    """The numbers c_i for which target = sum_i c_i * terms_i, for each item of a batch, by least squares.

    Args:
        target, terms: shape (B, ...) each; tensors or arrays.

    Returns:
        (factors, residual): shapes (B, len(terms)) and (B,), float64; the residual is the largest absolute error. Both
        are NaN for an item that is not finite.
    """
    flat = [np.asarray(torch.as_tensor(t).detach(), dtype=np.float64).reshape(len(t), -1) for t in (target, *terms)]
    y, columns = flat[0], np.stack(flat[1:], axis=-1)
    found = np.stack([_least_squares(a, b) for a, b in zip(columns, y, strict=True)])
    residual = np.abs(np.einsum("bnk,bk->bn", columns, found) - y).max(axis=1)
    return found, residual


def _least_squares(columns, y):
    if not (np.isfinite(columns).all() and np.isfinite(y).all()):
        return np.full(columns.shape[1], np.nan)
    return np.linalg.lstsq(columns, y, rcond=None)[0]


@torch.no_grad()
def perturb(network):
    """Shift every parameter a little: a layer initialised to zero is good practice, but hides what lies behind it."""
    for parameter in network.parameters():
        parameter.add_(0.03 * torch.randn_like(parameter))


def unreached(output, network):
    """The names of the parameters that a gradient of the output does not reach, in one text; frozen ones are left out.

    Args:
        output: a tensor; its gradient is taken in a random direction.
        network: whose parameters are meant.
    """
    named = {name: p for name, p in network.named_parameters() if p.requires_grad}
    if not output.requires_grad:
        return ", ".join(named)
    # Of a scalar: with grad_outputs torch first imports sympy, which takes seconds in every child.
    scalar = (output * torch.randn_like(output)).sum()
    gradients = torch.autograd.grad(scalar, list(named.values()), allow_unused=True)
    return ", ".join(name for name, g in zip(named, gradients, strict=True) if g is None or not g.any())


@torch.no_grad()
def changed_items(function, arguments, images, place, others, replaced):
    """Of which items the images function(*arguments) change when some items of one argument are replaced.

    Args:
        function: gives images (B, C, H, W).
        arguments: tensors of shape (B, ...).
        images: what they give.
        place: which argument is meant.
        others: its replacement, of the same shape.
        replaced: which items are replaced, a list of B bool.
    """
    old = arguments[place]
    new = torch.where(torch.tensor(replaced).reshape(-1, *[1] * (old.dim() - 1)), others, old)
    after = function(*arguments[:place], new, *arguments[place + 1 :])
    return (after - images).abs().flatten(1).amax(dim=1) > 1e-5 * images.abs().max()


def pattern(*shape):
    """What the noise tape plays at scale 1 for a draw of this shape, as a tensor."""
    return torch.from_numpy(normal_pattern(*shape))


def tensor(value, function, shape=None):
    """The value, if it is a tensor (of a shape, if one is given): a forgotten return is told as such."""
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{function} must return a tensor, not {type(value).__name__}")
    if shape is not None and value.shape != shape:
        raise ValueError(f"{function} must return shape {tuple(shape)}, not {tuple(value.shape)}")
    return value


def pair(value, function):
    """The value, if it is a pair of tensors."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{function} must return a pair of tensors, not {type(value).__name__}")
    return [tensor(item, f"each item that {function} returns") for item in value]
