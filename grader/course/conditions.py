"""The lists of objects that a model is asked to show, as labels: those of test_resources/, and others."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from grader import ROOT

FOLDER = ROOT / "test_resources"


class ConditionsError(ValueError):
    """There is no such list; the message says what mends it."""


def objects(index: str) -> list[str]:
    """The names of the objects, in the order of labels.

    Raises:
        ConditionsError: the file cannot be read.
    """
    return list(_read(index))


def labels(listed: str, index: str) -> np.ndarray:
    """The conditions of a list, (N, K) float32: 1 for what must be in a picture, 0 for all else.

    Args:
        listed: file of FOLDER, a list of lists of names.
        index: file of FOLDER, the number of each of the K names.

    Raises:
        ConditionsError: a file cannot be read, or is no list of conditions.
    """
    numbers, rows = _read(index), _read(listed)
    if not isinstance(rows, list):
        raise ConditionsError(f"{FOLDER / listed} is no list of conditions, [[name, ...], ...]: give another file")
    multi_hot = np.zeros((len(rows), len(numbers)), np.float32)
    for row, names in zip(multi_hot, rows, strict=True):
        row[[numbers[name] for name in names]] = 1
    return multi_hot


def drawn(listed: np.ndarray, seed: int) -> np.ndarray:
    """Random conditions, which nobody can know beforehand, (N, K): each with as many objects as the listed one."""
    place = np.random.default_rng(seed).permuted(np.tile(np.arange(listed.shape[1]), (len(listed), 1)), axis=1)
    return np.asarray(place < listed.sum(axis=1, keepdims=True), np.float32)


def _read(name: str) -> Any:
    path = FOLDER / name
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConditionsError(f"{path} cannot be read ({error}): restore it with git") from error
