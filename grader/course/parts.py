"""The parts of the course: each a folder of grader/parts/, whose part.toml says what the engine must know of it."""

from __future__ import annotations

import importlib
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass as checked

from grader import ROOT
from grader.course.accuracy_policy import AccuracyPolicy, AnyAccuracyPolicy
from grader.course.toml import PolicyError, Strict, problems, read_toml

FOLDER = ROOT / "grader" / "parts"
FILE = "part.toml"


class Handout(Strict):
    """What students get for a part, besides its stubs and notebook."""

    classifiers: tuple[str, ...] = ()  # names of those that students have as well
    resources: tuple[str, ...] = ()  # patterns of further files of test_resources/
    given: dict[str, str] = Field(default={})  # file of student/ -> file of test_resources/ that it is a copy of


class Classifier(Strict):
    """A frozen network of test_resources/classifiers that recognises images."""

    module: str  # the given file with the network, without .py
    sees: Literal["classes", "objects"]  # one class in each image, or a score of each object that may be there
    lowest: float  # least value of an image; white is 1


class Demo(Strict):
    """What `make demo` shows of a part."""

    mistakes: tuple[str, ...]  # their ids


class Part(Strict):
    """What part.toml says."""

    name: str  # of its folder; the file itself need not say it
    number: int = Field(ge=1)  # the first half of its cases' ids
    title: str
    files: tuple[str, ...]  # with TODOs, in the order of the work
    notebook: str  # without its ending
    timesteps: str = ""  # from which number they count, in words; none if empty
    training: str = ""  # script that trains and generates; none if empty
    datasets: tuple[str, ...] = ()
    points: float | None = Field(default=None, gt=0)  # what its cases, accuracies and questions come to
    bonus: float = Field(default=0, ge=0)  # and what those come to that are a bonus
    handout: Handout = Handout()
    classifiers: dict[str, Classifier] = Field(default={})
    accuracy: dict[str, AnyAccuracyPolicy] = Field(default={})
    demo: Demo | None = None

    @model_validator(mode="before")
    @classmethod
    def _accuracies_know_their_part(cls, table: dict[str, Any]) -> dict[str, Any]:
        number = table.get("number")
        known = {"part": number if isinstance(number, int) else 0, "build": f"{package(table['name'])}.accuracy:build"}
        policies = table.get("accuracy")
        if not isinstance(policies, dict):
            return table
        return {**table, "accuracy": {n: {**p, **known} if isinstance(p, dict) else p for n, p in policies.items()}}


def package(name: str) -> str:
    """The Python package of a part."""
    return f"grader.parts.{name}"


@cache
def load_parts() -> tuple[Part, ...]:
    """All parts, by number.

    Raises:
        PolicyError: a part.toml is wrong, or two parts have one number.
    """
    parts = sorted(
        (read_part(path.parent) for path in FOLDER.glob(f"*/{FILE}")), key=lambda part: (part.number, part.name)
    )
    for first, second in pairwise(parts):
        if first.number == second.number:
            raise PolicyError(f"the parts {first.name} and {second.name} both have number {first.number}: change one")
    return tuple(parts)


def read_part(folder: Path) -> Part:
    """Read the part.toml in a folder of grader/parts/.

    Raises:
        PolicyError: with everything that is wrong in it.
    """
    path = folder / FILE
    part = read_toml(path, Part, {"name": folder.name})
    policies = {name: _with_model(path, part, name) for name in part.accuracy}
    return part.model_copy(update={"accuracy": policies})


def _with_model(path: Path, part: Part, name: str) -> AccuracyPolicy:
    """An accuracy whose table `model` is checked, and complete, by the part's `accuracy.Model`."""
    policy = part.accuracy[name]
    model = importlib.import_module(f"{package(part.name)}.accuracy").Model
    try:
        checked_model = checked(model, frozen=True, config=ConfigDict(extra="forbid"))(**policy.model)
    except ValidationError as error:
        raise PolicyError(problems(path.name, path.read_text(), error, ("accuracy", name, "model"))) from error
    fields = {field: getattr(checked_model, field) for field in model.__dataclass_fields__}
    return policy.model_copy(update={"model": fields})
