"""The lists of objects that part 5's models are asked for, as labels: those of test_resources/iclevr, and others."""

from __future__ import annotations

import json

import numpy as np

from grader import ROOT

FOLDER = ROOT / "test_resources" / "iclevr"


class ConditionsError(ValueError):
    """There is no such list; the message says which there are, or what mends it."""


def objects() -> list[str]:
    """The names of the objects, in the order of labels.

    Raises:
        ConditionsError: objects.json cannot be read.
    """
    return list(_read("objects"))


def labels(name: str) -> np.ndarray:
    """The conditions of a list, (N, 24) float32: 1 for what must be in a picture, 0 for all else.

    Raises:
        ConditionsError: there is no such list, or its file cannot be read.
    """
    lists = [path.stem for path in sorted(FOLDER.glob("*test.json"))]
    if name not in lists:
        raise ConditionsError(f"there is no list {name!r} in {FOLDER.relative_to(ROOT)}: {', '.join(lists) or 'none'}")
    index, listed = _read("objects"), _read(name)
    found = np.zeros((len(listed), len(index)), np.float32)
    for row, names in zip(found, listed, strict=True):
        row[[index[name] for name in names]] = 1
    return found


def drawn(listed: np.ndarray, seed: int) -> np.ndarray:
    """Other conditions, which nobody can know before: as many objects at random in each as in those listed, (N, 24)."""
    place = np.random.default_rng(seed).permuted(np.tile(np.arange(listed.shape[1]), (len(listed), 1)), axis=1)
    return (place < listed.sum(axis=1, keepdims=True)).astype(np.float32)


def _read(name):
    path = FOLDER / f"{name}.json"
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConditionsError(f"{path} cannot be read ({error}): restore it with git") from error
