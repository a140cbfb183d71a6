"""Runs one experiment beside a student's code, in this very process.

The children of a worker call it, and so does `pytest grader/ --in-process` for a debugger.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import numpy as np
import numpy.random

from grader.runtime import diffusers_shim
from grader.runtime.case import Ended, Experiment, Observation
from grader.runtime.rng import TensorStreams

ARRAY_BYTES = 64 * 2**20  # a larger array is reported, not sent


class Code:
    """The student's modules as attributes; each is imported when a case first asks for it.

    So a syntax error in one file costs only the cases that need that file.
    """

    def __init__(self, folder: Path):
        self._folder = folder

    def __getattr__(self, name: str) -> ModuleType:
        if not (self._folder / f"{name}.py").is_file():
            raise ModuleNotFoundError(f"the submission has no file {name}.py")
        return importlib.import_module(name)


def find(reference: str) -> Callable[..., Any]:
    """Find the function at 'module:function'; if a `Case` has that name, its experiment."""
    module, name = reference.split(":")
    named = getattr(importlib.import_module(module), name)
    function: Callable[..., Any] = getattr(named, "observe", named)
    return function


def called(code: Code, rng: TensorStreams, *, reference: str) -> dict[str, list[str]]:
    """Run another experiment, and observe which functions of the submission it calls.

    Args:
        code, rng: of the other experiment.
        reference: where the other experiment is, 'module:function'.

    Returns:
        functions: 'file:line' of the line on which each function begins, its decorators included; sorted.
    """
    folder, functions = os.getcwd(), set()

    def note(frame: FrameType, event: str, argument: object) -> None:  # None: calls are traced, lines are not
        if os.path.dirname(frame.f_code.co_filename) == folder:
            functions.add(f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_code.co_firstlineno}")

    observe = find(reference)
    sys.settrace(note)
    try:
        observe(code, rng)
    finally:
        sys.settrace(None)
    return {"functions": sorted(functions)}


def forget(folder: Path) -> None:
    """Unload the modules of a submission, because the next one has files of the same names."""
    for name in [
        n for n, m in sys.modules.items() if os.path.dirname(getattr(m, "__file__", None) or "") == str(folder)
    ]:
        del sys.modules[name]


def run(observe: Experiment, folder: Path, seed: int, arguments: Mapping[str, Any]) -> Observation:
    """Run an experiment, and turn whatever happens into an `Observation`. Only what it asks for is imported.

    Args:
        observe: the experiment.
        folder: the submission, laid out flat; becomes the working directory and the first entry of sys.path.
        seed: of the case, by `case_seed`: of its inputs, and of the global generators.
        arguments: further arguments of the experiment.
    """
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    _seed_everything(seed)
    diffusers_shim.provide()
    try:
        arrays, not_arrays = _to_arrays(observe(Code(folder), TensorStreams(seed), **arguments))
    except NotImplementedError as error:
        return Observation(Ended.NOT_IMPLEMENTED, message=str(error), where=_where(error, folder))
    except BaseException as error:  # SystemExit at import is as much a student's doing as a TypeError
        return Observation(
            Ended.RAISED, exception=type(error).__name__, message=str(error), where=_where(error, folder)
        )
    return Observation(Ended.COMPLETED, arrays=arrays, not_arrays=not_arrays)


def _seed_everything(seed: int) -> None:
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)  # it takes no larger one
    torch.manual_seed(seed)


def _where(error: BaseException, folder: Path) -> str:
    """The deepest line of the student's own code on the way to the error; '' if there is none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}, line {error.lineno}: {(error.text or '').strip()}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).parent == folder]
    if not frames:
        return ""
    last = frames[-1]
    return f"{Path(last.filename).name}, line {last.lineno}, in {last.name}: {last.line}"


def _to_arrays(result: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Split {name: value} into plain arrays and descriptions of what is no array."""
    arrays, not_arrays = {}, {}
    for name, value in result.items():
        try:
            arrays[name] = _to_array(value)
        except (TypeError, ValueError, RuntimeError, NotImplementedError) as error:
            not_arrays[name] = f"{type(value).__name__} ({str(error).splitlines()[0] if str(error) else 'unreadable'})"
    return arrays, not_arrays


def _to_array(value: Any) -> np.ndarray:
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
