"""How the cases of several parts try diffusion models. Timesteps are indexed from 0."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.runtime.lazy import Lazy

if TYPE_CHECKING:
    import torch
    from torch import nn

    from grader.runtime import fake_gpu, probes
else:
    torch = Lazy("torch")
    probes = Lazy("grader.runtime.probes")
    fake_gpu = Lazy("grader.runtime.fake_gpu")


def recover(model: Any, x: torch.Tensor, noise: torch.Tensor, t: int) -> torch.Tensor:
    """Call recover_sample as its documentation says, with t of shape (B,), or with a single t, as many write it.

    Args:
        model: a student's, with a method recover_sample(x, noise, t).
        x, noise: shape (B, ...).
        t: the timestep of all items.

    Raises:
        Exception: what the documented call raises, if every other call fails too.
    """
    errors = []
    for timestep in (torch.full((len(x),), t), torch.tensor(t), t):
        try:
            return probes.tensor(model.recover_sample(x, noise, timestep), "recover_sample", x.shape)
        except NotImplementedError:
            raise
        except Exception as raised:
            errors.append(raised)
    raise errors[0]  # that of the documented call


def seen_timesteps(calls: Iterable[probes.Call]) -> list[int]:
    """The timesteps that the network sees, in order. Calls in a row with the same t are one step, as with guidance."""
    seen = [int(call.timestep[0]) for call in calls]
    return [t for i, t in enumerate(seen) if i == 0 or t != seen[i - 1]]


def reloaded(prepare: Callable[[], nn.Module], model: nn.Module, value: float) -> list[float]:
    """The smallest and largest parameter of a second model that loads this one's weights, all set to `value`."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)
    again = prepare()
    again.load_state_dict(model.state_dict())
    extremes = [e.item() for p in again.parameters() for e in (p.min(), p.max())]
    return [min(extremes, default=np.nan), max(extremes, default=np.nan)]


@contextlib.contextmanager
def device_errors_say(when: str) -> Iterator[None]:
    """Add to a WrongDeviceError when it was raised: in training and in sampling it has different causes."""
    try:
        yield
    except fake_gpu.WrongDeviceError as error:
        error.args = (f"{when}, {error}",)  # the same exception, because it knows the student's line
        raise
