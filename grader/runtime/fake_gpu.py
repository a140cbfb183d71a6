"""A GPU that does not exist: on any machine it shows that code leaves a tensor on the wrong device.

The CPU computes everything. But within `FakeGPU` a tensor claims to be on the device where it was made or moved to, and
what torch refuses on a real GPU raises `WrongDeviceError`: operations that mix devices, a tensor on the CPU that is
indexed with one on the GPU, and `numpy()` of a tensor on the GPU. `.item()` and `if t > 0` work as always.

What it proves: code that raises `WrongDeviceError` raises on a real GPU as well. It counts only operations that are
known to refuse other devices (ONE_DEVICE), and only tensors whose device is known: not those that existed before, nor
what a scripted function or an `autograd.Function` returns.

What it cannot prove: that other code runs on a GPU. It does not see generators or gradients on the wrong device,
kernels that a GPU lacks, or too little memory.

It runs only in workers, and imports torch. Torch's own FakeTensorMode knows more operations, but it is private, stops
at the first `.item()`, and spends seconds on imports.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

CPU = torch.device("cpu")
_ONE_DEVICE = """
    add sub rsub mul div rdiv floor_divide pow rpow remainder maximum minimum eq ne lt le gt ge logical_and logical_or
    where masked_fill lerp addcmul addcdiv cat concat stack matmul mm bmm addmm baddbmm einsum gather index_select
    linear conv1d conv2d conv_transpose2d embedding group_norm batch_norm layer_norm scaled_dot_product_attention
    mse_loss l1_loss smooth_l1_loss huber_loss cross_entropy binary_cross_entropy binary_cross_entropy_with_logits
"""
ONE_DEVICE = frozenset(_ONE_DEVICE.split())  # their tensors must be on one device; numbers on the CPU may be with any
_NOT_MOVING = ("device", "parse_to")  # functions that take a device, and only talk about it
_CLAIM = "fake_device"  # attribute of a tensor

Function = Callable[..., Any]
Arguments = tuple[Any, ...]
Keywords = dict[str, Any]


class WrongDeviceError(RuntimeError):
    """The code does what a real GPU refuses."""


class FakeGPU(TorchFunctionMode):
    """Within this context tensors claim the device that the code asks for, whether or not this machine has it.

    Attributes:
        computed_on: the devices on which operations of ONE_DEVICE have run.
    """

    def __init__(self) -> None:
        super().__init__()
        self.computed_on: set[torch.device] = set()
        self._certain = True  # until the code asks for the device of a tensor whose device is unknown

    def __torch_function__(
        self, func: Function, types: Iterable[type], args: Arguments = (), kwargs: Keywords | None = None
    ) -> Any:
        kwargs, what = dict(kwargs or {}), _name(func)
        if what == "get device":
            return self._device_of(args[0])
        if what == "get is_cuda":
            return self._device_of(args[0]).type == "cuda"
        tensors = list(_tensors((args, kwargs)))
        self._refuse(what, args, tensors)
        asked, func, args, kwargs = _on_the_cpu(what, func, args, kwargs)
        result = func(*args, **kwargs)
        if what == "set data":
            _claim(args[0], _place(args[1]))
        return _placed(result, tensors, asked, asked or _common(what, tensors))

    def _device_of(self, tensor: torch.Tensor) -> torch.device:
        self._certain = self._certain and _place(tensor) is not None
        return _place(tensor) or tensor.device

    def _refuse(self, what: str, args: Arguments, tensors: Sequence[torch.Tensor]) -> None:
        """Raise where torch does, as far as that is certain."""
        if not self._certain or not tensors:
            return
        own, places = _place(tensors[0]), _known_places(tensors)
        if what in ONE_DEVICE:
            if len(places) > 1:
                raise WrongDeviceError(f"all tensors must be on the same device, but {what} got {_listed(places)}")
            self.computed_on |= places
        elif what in ("getitem", "setitem") and own:
            wrong = {_place(t) for t in _tensors(args[1]) if t.dim() > 0} - {CPU, own, None}
            if wrong:
                raise WrongDeviceError(f"a tensor on {own} is indexed with one on {_listed(wrong)}")
        elif what in ("numpy", "array") and own not in (None, CPU):
            raise WrongDeviceError(f"a tensor on {own} is turned into an array without .cpu()")


def _name(func: Function) -> str:
    """'add' for add, add_ and __add__; 'get device' and 'set data' for properties."""
    name: str = getattr(func, "__name__", "").strip("_")
    if name in ("get", "set"):
        return f"{name} {func.__self__.__name__}"  # type: ignore[attr-defined]  # bound to the property that it is of
    return name


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """All tensors in nested arguments or results."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _place(tensor: torch.Tensor) -> torch.device | None:
    """The device that a tensor claims; None if it is not known."""
    return getattr(tensor, _CLAIM, None)


def _known_places(tensors: Iterable[torch.Tensor]) -> set[torch.device]:
    """The devices that tensors claim, except numbers on the CPU."""
    return {place for t in tensors if not _is_number(t) and (place := _place(t)) is not None}


def _claim(tensor: torch.Tensor, device: torch.device | None) -> torch.Tensor:
    setattr(tensor, _CLAIM, device)
    return tensor


def _is_number(tensor: torch.Tensor) -> bool:
    """Whether torch lets it mix with any device."""
    return tensor.dim() == 0 and _place(tensor) == CPU


def _common(what: str, tensors: Iterable[torch.Tensor]) -> torch.device | None:
    """The device of what is computed from these tensors; None if it is not known."""
    places = {_place(t) for t in tensors if not _is_number(t)} or {CPU}
    if what in ONE_DEVICE and len(places) > 1:
        places -= {None}
    return places.pop() if len(places) == 1 else None


def _listed(places: Iterable[torch.device | None]) -> str:
    return " and ".join(sorted(map(str, places)))


def _device(value: torch.device | str | int) -> torch.device:
    """A device as torch reads it: 'cuda' is the first one, and so is 0."""
    device = torch.device("cuda", value) if isinstance(value, int) else torch.device(value)
    return CPU if device.type == "cpu" else torch.device(device.type, device.index or 0)


def _on_the_cpu(
    what: str, func: Function, args: Arguments, kwargs: Keywords
) -> tuple[torch.device | None, Function, Arguments, Keywords]:
    """Make a call ask for the CPU. Returns the device that it asked for (None if none), and the call."""
    if what in _NOT_MOVING:
        return None, func, args, kwargs
    if what == "cpu":
        return CPU, func, args, kwargs
    if what == "cuda":
        device = args[1] if len(args) > 1 else kwargs.get("device")
        return _device(device or 0), torch.Tensor.to, (args[0], CPU), {}
    if what in ("to", "type_as") and len(args) > 1 and isinstance(args[1], torch.Tensor):
        return _place(args[1]), func, args, kwargs
    asked = None
    if kwargs.get("device") is not None:
        asked, kwargs["device"] = _device(kwargs["device"]), CPU
    for i, argument in enumerate(args):
        if isinstance(argument, torch.device) or (what == "to" and i == 1 and isinstance(argument, str | int)):
            asked, args = _device(argument), (*args[:i], CPU, *args[i + 1 :])
    return asked, func, args, kwargs


def _placed(
    result: Any, tensors: Sequence[torch.Tensor], asked: torch.device | None, place: torch.device | None
) -> Any:
    """The result with its claim. A tensor that is moved becomes another one; one that is changed stays where it is."""
    if asked and any(result is t for t in tensors) and _place(result) != asked:
        result = result.clone()
    for tensor in _tensors(result):
        if not any(tensor is t for t in tensors):
            _claim(tensor, place)
    return result


@contextlib.contextmanager
def _hidden_sources() -> Iterator[None]:
    """Let tensors claim a device where they are made out of sight of every mode."""
    from_numpy, new = torch.from_numpy, nn.Parameter.__new__

    def parameter(cls: type, data: torch.Tensor | None = None, requires_grad: bool = True) -> torch.Tensor:
        return _claim(new(cls, data, requires_grad), CPU if data is None else _place(data))

    def claimed(array: np.ndarray) -> torch.Tensor:
        return _claim(from_numpy(array), CPU)

    with mock.patch("torch.from_numpy", claimed), mock.patch.object(nn.Parameter, "__new__", parameter):
        yield


def computes_on(gpu: str, run: Callable[[torch.device], object]) -> str:
    """Try code on a fake GPU.

    Args:
        gpu: a device that no code names by itself, such as "cuda:7".
        run: called as run(device). It makes everything that it needs there, because tensors that were made before
            prove nothing.

    Returns:
        `gpu`, if anything was computed there; otherwise where it was computed instead.

    Raises:
        WrongDeviceError: the code does what a real GPU refuses.
        Exception: what the code raises on the CPU as well. Any other exception proves nothing.
    """
    try:
        with _hidden_sources(), FakeGPU() as mode:
            run(torch.device(gpu))
    except WrongDeviceError:
        raise
    except Exception:
        run(CPU)
        return gpu
    return gpu if torch.device(gpu) in mode.computed_on else _listed(mode.computed_on) or "nothing"
