"""Finds the modules of parts that run beside student code: the cases, and how a part builds and asks its models."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "grader.parts"
FOLDER = Path(__file__).resolve().parents[1] / "parts"
CASES, ACCURACY = "cases", "accuracy"


def modules() -> Iterator[str]:
    """The names of all modules that may hold an experiment of a part, or that an experiment imports."""
    for folder in sorted(FOLDER.glob(f"*/{CASES}")):
        inside = f"{PACKAGE}.{folder.parent.name}.{CASES}"
        yield inside
        yield from sorted(f"{inside}.{module.name}" for module in pkgutil.iter_modules([str(folder)]))
    for file in sorted(FOLDER.glob(f"*/{ACCURACY}.py")):
        yield f"{PACKAGE}.{file.parent.name}.{ACCURACY}"


def paths() -> Iterator[Path]:
    """The files and folders that hold these modules."""
    yield FOLDER / "__init__.py"
    for pattern in ("__init__.py", CASES, f"{ACCURACY}.py"):
        yield from sorted(FOLDER.glob(f"*/{pattern}"))
