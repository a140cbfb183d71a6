"""The frozen networks of the grader: where they lie, what they know. Only for processes without student code."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

from grader import ROOT
from grader.case import InfrastructureError

FOLDER = ROOT / "test_resources" / "classifiers"
# Least value of an image, by classifier; white is 1.
BLACK = {"cifar10": -1.0, "fashion_mnist": -1.0, "iclevr": -1.0, "mnist": 0.0, "synthetic": -1.0}
OF_SCENES = ("iclevr",)  # an evaluator: it has a score for each object that may be there, the others one of each class


def given(name: str):
    """The module with a network, from a given file."""
    spec = importlib.util.spec_from_file_location(f"given_{name}", ROOT / "student" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_there(name: str) -> bool:
    """Whether this machine has a file of FOLDER: students do not have all of them."""
    return (FOLDER / name).is_file()


def recorded(name: str, kind: str = FOLDER.name) -> dict:
    """What MANIFEST.json tells of a file of FOLDER, or of another kind (a folder beside it).

    Raises:
        InfrastructureError: it does not tell of that file.
    """
    manifest = json.loads((ROOT / "test_resources" / "MANIFEST.json").read_text())
    key = f"test_resources/{kind}/{name}"
    if key not in manifest:
        raise InfrastructureError(f"MANIFEST.json does not tell of {key}: restore it with git")
    return manifest[key]


def verified(name: str, kind: str = FOLDER.name) -> Path:
    """The path of a file of FOLDER, or of another kind, which must be the one that the manifest tells of.

    Raises:
        InfrastructureError: it is another one, or not there.
    """
    path = FOLDER.with_name(kind) / name
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "nothing"
    if found != recorded(name, kind)["sha256"]:
        raise InfrastructureError(f"{path} is not the file that MANIFEST.json records: restore it with git")
    return path
