"""The policy of an assignment: assignment.toml, checked, with errors that name the line and what is allowed there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from grader import conditions

# What only the models of some parts have: the fields that are needed, and those that may be there as well.
FIELDS_OF_PART = {
    1: (("data",), ("generator",)),
    2: (("guidance",), ("threshold",)),
    3: (("guidance",), ("own_configuration",)),
    4: (("prepare",), ()),
    5: (("module", "prepare", "conditions"), ()),
}
OF_SOME_PARTS = {name for required, allowed in FIELDS_OF_PART.values() for name in (*required, *allowed)}


class PolicyError(Exception):
    """A file of settings is not valid; the message names the line and what is allowed there."""


Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Fields that it does not know are errors, and none is changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitPolicy(Strict):
    """What a submission may use: in one case, unless it says otherwise."""

    seconds: float = Field(gt=0, le=600)
    submission_seconds: float = Field(gt=0, le=36_000)
    memory_bytes: int = Field(ge=2**28, le=2**40)
    processes: int = Field(ge=4, le=10_000)
    scratch_bytes: int = Field(ge=2**20, le=2**36)
    reply_bytes: int = Field(ge=1_000_000, le=2**30)
    output_bytes: int = Field(ge=1000, le=2**24)
    submission_output_bytes: int = Field(ge=1000, le=2**28)
    source_bytes: int = Field(ge=1000, le=2**24)


class AccuracyPolicy(Strict):
    """How generated images earn points."""

    part: int = Field(ge=1, le=6)
    title: str
    points: float = Field(gt=0, le=100)
    bonus: bool = False  # whether they come on top of the assignment's total
    data: str | None = None  # part 1: the images to tell apart; there is an oracle generator of them
    generator: str | None = None  # part 1: file handed in, whose images are compared with real ones, for no points
    module: str | None = None  # part 5: the student's file with `prepare`, without .py
    prepare: str | None = None  # parts 4 and 5: function that builds the model; part 4's is in assignment.py
    conditions: str | None = None  # part 5: list in test_resources/iclevr, asked for in its order, again and again
    guidance: float | None = Field(default=None, ge=0, le=100)  # parts 2 and 3: the guidance weight of the samples
    threshold: bool = False  # part 2: whether estimates of x_0 are clamped on the way
    own_configuration: bool = False  # part 3: the configuration in the checkpoint must not be the default
    checkpoint: str  # file handed in, loaded strictly into the model
    checkpoint_bytes: int = Field(gt=0, le=2**30)
    classifier: str  # name of the trusted classifier in test_resources/classifiers
    classes: int = Field(ge=2)
    image_shape: tuple[int, int, int]  # (C, H, W) of a sample
    rounds: int = Field(ge=1, le=100)  # the best one counts
    samples_per_round: int = Field(ge=10, le=100_000)
    nothing_at: float = Field(ge=0, le=1)  # accuracy up to which nothing is earned
    everything_at: float = Field(ge=0, le=1)  # accuracy from which everything is earned
    audit_allowance: float = Field(ge=0, le=1)  # how much more may count than is confirmed
    training: str = ""  # how long the reference's took on two CPU cores, in words: for students to plan with
    seconds: float = Field(gt=0, le=36_000)  # a round
    memory_bytes: int = Field(ge=2**28, le=2**40)  # of a round, libraries included

    @model_validator(mode="after")
    def _ordered(self):
        if self.nothing_at >= self.everything_at:
            raise ValueError("nothing_at must be less than everything_at")
        return self

    @model_validator(mode="after")
    def _of_its_part(self):
        if self.part not in FIELDS_OF_PART:
            raise ValueError(f"accuracy is graded of parts {', '.join(map(str, FIELDS_OF_PART))}, not of {self.part}")
        required, allowed = FIELDS_OF_PART[self.part]
        if missing := [name for name in required if getattr(self, name) is None]:
            raise ValueError(f"part {self.part} needs {', '.join(missing)}")
        if strange := self.model_fields_set & OF_SOME_PARTS - {*required, *allowed}:
            raise ValueError(f"{', '.join(sorted(strange))}: there is no such thing in part {self.part}")
        return self

    @model_validator(mode="after")
    def _of_its_conditions(self):
        if self.conditions is not None:
            count, classes = conditions.labels(self.conditions).shape
            if self.samples_per_round % count:
                raise ValueError(f"samples_per_round must be a multiple of the {count} conditions of {self.conditions}")
            if self.classes != classes:
                raise ValueError(f"classes must be {classes}, the number of objects in objects.json")
        return self

    def model_arguments(self) -> dict:
        """What `sampling` must know to build the model and to generate with it, ready for JSON."""
        return self.model_dump(include={"part", "checkpoint", "classes"} | OF_SOME_PARTS)


class Policy(Strict):
    """The whole of assignment.toml."""

    title: str
    public_seed: int = Field(ge=0)
    canvas_assignment: int | None = Field(default=None, gt=0)  # its number in Canvas; None: found there by the title
    limits: LimitPolicy
    accuracy: dict[str, AccuracyPolicy] = {}


def read_policy(path: Path) -> Policy:
    """Read assignment.toml.

    Raises:
        PolicyError: with the line, the value and the allowed range of everything that is wrong.
    """
    return read_toml(path, Policy)


def read_toml(path: Path, kind: type[Model]) -> Model:
    """Read a TOML file as a model of pydantic's.

    Raises:
        PolicyError: with the line, the value and the allowed range of everything that is wrong.
    """
    try:
        text = path.read_text()
        return kind.model_validate(tomllib.loads(text))
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path.name} is not TOML: {error}") from error
    except ValidationError as error:
        raise PolicyError("\n".join(_problem(path.name, text, e) for e in error.errors())) from error


def _problem(file, text, error):
    """One line: where it is, what it is, and what pydantic says is allowed."""
    key = ".".join(map(str, error["loc"]))
    value = "" if isinstance(error["input"], dict) else f" = {error['input']!r}"
    return f"{file}, line {_line_of(text, error['loc'])}: {key}{value}: {error['msg']}"


def _line_of(text, location):
    """The line of a dotted key in a TOML text; that of its table if the key itself is missing."""
    table, found = (), 1
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\]]+)\]", line):
            table = tuple(header[1].split("."))
        key = re.match(r"\s*([\w-]+)\s*=", line)
        if not (header or key):
            continue
        here = (*table, key[1]) if key else table
        if here and here == tuple(map(str, location))[: len(here)]:
            found = number
            if len(here) == len(location):
                break
    return found
