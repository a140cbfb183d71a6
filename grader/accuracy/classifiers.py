"""The frozen networks of the grader: where they lie, what they know. Only for processes without student code."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

from grader import ROOT
from grader.course.parts import Classifier, load_parts
from grader.runtime.errors import InfrastructureError

FOLDER = ROOT / "test_resources" / "classifiers"


def about(name: str) -> Classifier:
    """What its part says of a classifier.

    Raises:
        InfrastructureError: no part has one of this name.
    """
    known = {n: classifier for part in load_parts() for n, classifier in part.classifiers.items()}
    if name not in known:
        raise InfrastructureError(f"no part.toml has a table [classifiers.{name}]; there is: {', '.join(known)}")
    return known[name]


def given(name: str) -> ModuleType:
    """The module with a network, from a given file.

    Raises:
        InfrastructureError: there is no such file.
    """
    spec = importlib.util.spec_from_file_location(f"given_{name}", ROOT / "student" / f"{name}.py")
    if spec is None or spec.loader is None:
        raise InfrastructureError(f"there is no given file student/{name}.py: restore it with git")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_there(name: str) -> bool:
    """Whether this machine has a file of FOLDER: students do not have all of them."""
    return (FOLDER / name).is_file()


def recorded(name: str, kind: str = FOLDER.name) -> dict[str, Any]:
    """What MANIFEST.json says of a file of FOLDER, or of another kind (a folder beside it).

    Raises:
        InfrastructureError: it does not mention that file.
    """
    manifest: dict[str, dict[str, Any]] = json.loads((ROOT / "test_resources" / "MANIFEST.json").read_text())
    key = f"test_resources/{kind}/{name}"
    if key not in manifest:
        raise InfrastructureError(f"MANIFEST.json does not mention {key}: restore it with git")
    return manifest[key]


def verified(name: str, kind: str = FOLDER.name) -> Path:
    """The path of a file of FOLDER, or of another kind, which must be the one that the manifest records.

    Raises:
        InfrastructureError: it is another one, or not there.
    """
    path = FOLDER.with_name(kind) / name
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "nothing"
    if digest != recorded(name, kind)["sha256"]:
        raise InfrastructureError(f"{path} is not the file that MANIFEST.json records: restore it with git")
    return path
