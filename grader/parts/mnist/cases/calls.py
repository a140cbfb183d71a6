"""Builds and calls the student's part 3: as documented, or else as students of the real course wrote it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from unittest import mock

from grader.parts.mnist.cases import inputs
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")


def _no_network(*args, **options):
    return torch.nn.Module()


def _module(code):
    """The student's DDPM.py, even if their ResUNet.py cannot be imported: 3.network counts that fault."""
    try:
        code.ResUNet  # noqa: B018  (this imports it)
    except Exception:
        sys.modules["ResUNet"] = ModuleType("ResUNet")
        sys.modules["ResUNet"].ConditionalUnet = _no_network
        try:
            return code.DDPM
        finally:
            del sys.modules["ResUNet"]
    return code.DDPM


def ddpm(code, setting, predict, weight=None):
    """Build the student's ConditionalDDPM around a `probes.Spy`, without their own network.

    Args:
        code: the student's modules.
        setting: arguments of the DMConfig.
        predict, weight: arguments of the spy.

    Returns:
        (model, spy).
    """
    module, spy = _module(code), probes.Spy(predict, weight)
    with mock.patch.object(module, "ConditionalUnet", _no_network, create=True):
        model = module.ConditionalDDPM(code.utils.DMConfig(num_feat=8, **setting))
    model.network = spy
    return model, spy


def _attempts(call, arguments):
    """The first call(argument) that does not raise. If all raise, raises the first error: the documented call's."""
    error = None
    for argument in arguments:
        try:
            return call(argument)
        except NotImplementedError:
            raise
        except Exception as raised:
            error = error or raised
    raise error


def schedule(model, t, names):
    """The named entries of scheduler(t_s) for one timestep, a list of float."""
    forms = [torch.tensor(t).reshape(shape) for shape in ((1, 1), (1,), (), (1, 1, 1, 1))]

    def call(t_s):
        entries = model.scheduler(t_s)
        if not isinstance(entries, Mapping):
            raise TypeError(f"scheduler must return a dictionary, not {type(entries).__name__}")
        if missing := [name for name in names if name not in entries]:
            raise ValueError(f"scheduler must return a dictionary with {', '.join(missing)}")
        return [torch.as_tensor(entries[name]).double().reshape(()).item() for name in names]

    return _attempts(call, [*forms, *(form.float() for form in forms), t])


@dataclass(frozen=True)
class Sampled:
    """The result of one call of sample."""

    images: object  # (B, 1, 28, 28)
    calls: list  # of the network
    conditions_kept: bool  # whether the caller's tensor is unchanged


def sample(model, spy, labels, omega):
    """Call sample with one-hot labels, as the given utils do, or with labels if only those work."""
    one_hot = torch.nn.functional.one_hot(labels, inputs.CLASSES)
    counts = (len(labels), 2 * len(labels))

    def call(conditions):
        spy.calls.clear()
        given = conditions.clone()
        images = probes.tensor(model.sample(given, omega), "sample", (len(labels), *inputs.IMAGE))
        return Sampled(images, list(spy.calls), torch.equal(given, conditions))

    def understood(sampled):
        return all(rows(call).shape[1] == inputs.CLASSES and len(rows(call)) in counts for call in sampled.calls)

    first = _attempts(call, [one_hot, labels])
    if understood(first):
        return first
    try:  # applying one_hot twice does not raise here, only in a real network
        second = call(labels.clone())
    except Exception:
        return first
    return second if understood(second) else first


def rows(call):
    """The conditions of a call of the network, one row each, float32; without columns if there are none."""
    if call.label is None:
        return torch.zeros(len(call.x), 0)
    return call.label.float().reshape(len(call.label), -1)


def step(t, last):
    """The timesteps in {1, ..., last} behind the network's t / last, shape (B,)."""
    return (t * last).round().long().clamp(1, last)
