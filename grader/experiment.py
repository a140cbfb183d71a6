"""Runs one experiment next to a student's code, in the process that is meant for it.

Called by the worker's children, and by `pytest grader/ --in-process` for a debugger.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.random

from grader import legacy
from grader.case import Ended, Observation
from grader.rng import TensorStreams

ARRAY_BYTES = 64 * 2**20  # an observation of one array beyond this is reported, not sent


class Code:
    """The student's modules as attributes, each imported when a case first asks for it.

    A syntax error in one file therefore costs only the cases that need that file.
    """

    def __init__(self, folder: Path):
        self._folder = folder

    def __getattr__(self, name) -> ModuleType:
        if not (self._folder / f"{name}.py").is_file():
            raise ModuleNotFoundError(f"the submission has no file {name}.py")
        return importlib.import_module(name)


def find(reference: str) -> Callable:
    """The experiment at 'module:function'; a `Case` stands for its observe function."""
    module, name = reference.split(":")
    found = getattr(importlib.import_module(module), name)
    return getattr(found, "observe", found)


def called(code, rng, *, reference):
    """An experiment around another one: observes which functions of the submission that one calls.

    Args:
        code, rng: of the other experiment.
        reference: where that is, 'module:function'.

    Returns:
        functions: 'file:line', the line on which a function begins, its decorators included; sorted.
    """
    folder, found = os.getcwd(), set()

    def note(frame, event, argument):  # returns None: calls are traced, lines are not
        if os.path.dirname(frame.f_code.co_filename) == folder:
            found.add(f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_code.co_firstlineno}")

    observe = find(reference)
    sys.settrace(note)
    try:
        observe(code, rng)
    finally:
        sys.settrace(None)
    return {"functions": sorted(found)}


def forget(folder: Path) -> None:
    """Unload the modules of a submission, for the next one has files of the same names."""
    for name in [
        n for n, m in sys.modules.items() if os.path.dirname(getattr(m, "__file__", None) or "") == str(folder)
    ]:
        del sys.modules[name]


def run(observe: Callable, folder: Path, seed: int, arguments: dict) -> Observation:
    """Import nothing but what the experiment asks for, run it, and turn whatever happens into an `Observation`.

    Args:
        observe: the experiment.
        folder: the submission, laid out flat; becomes the working directory and the first entry of sys.path.
        seed: of the case, by `case_seed`: of its inputs, and of the global generators.
        arguments: further arguments of the experiment.
    """
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    _seed_everything(seed)
    legacy.provide()
    try:
        arrays, not_arrays = _to_arrays(observe(Code(folder), TensorStreams(seed), **arguments))
    except NotImplementedError as error:
        return Observation(Ended.NOT_IMPLEMENTED, message=str(error), where=_where(error, folder))
    except BaseException as error:  # SystemExit at import is as much a student's doing as a TypeError
        return Observation(
            Ended.RAISED, exception=type(error).__name__, message=str(error), where=_where(error, folder)
        )
    return Observation(Ended.COMPLETED, arrays=arrays, not_arrays=not_arrays)


def _seed_everything(seed):
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)  # it takes no more
    torch.manual_seed(seed)


def _where(error, folder):
    """The deepest line of the student's own code on the way to the error; '' if there is none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}, line {error.lineno}: {(error.text or '').strip()}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).parent == folder]
    if not frames:
        return ""
    last = frames[-1]
    return f"{Path(last.filename).name}, line {last.lineno}, in {last.name}: {last.line}"


def _to_arrays(result):
    """Split {name: value} into plain arrays and descriptions of what is no array."""
    arrays, not_arrays = {}, {}
    for name, value in result.items():
        try:
            arrays[name] = _to_array(value)
        except (TypeError, ValueError, RuntimeError, NotImplementedError) as error:
            not_arrays[name] = f"{type(value).__name__} ({str(error).splitlines()[0] if str(error) else 'unreadable'})"
    return arrays, not_arrays


def _to_array(value):
    import torch

    if isinstance(value, torch.Tensor):
        if value.numel() * value.element_size() > ARRAY_BYTES:
            raise ValueError(f"{value.numel()} elements are too many")
        value = value.detach().cpu()
        if value.dtype in (torch.bfloat16, torch.float16):
            value = value.float()
        return np.array(value.numpy())
    array = np.array(value)
    if array.dtype.kind not in "biufU" or array.nbytes > ARRAY_BYTES:
        raise TypeError(f"dtype {array.dtype}, {array.nbytes} bytes")
    return array
