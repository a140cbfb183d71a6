"""All that an assignment consists of: cases and policy for everyone; mistakes, variants and oracles for staff."""

from __future__ import annotations

import importlib
import pkgutil
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from grader.case import Case
from grader.sandbox import ROOT, Limits
from grader.submission import Allowed, read_allowlist


class PolicyError(Exception):
    """assignment.toml is not valid; the message names the line and what is allowed there."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitPolicy(_Strict):
    """What a submission may use."""

    seconds: float = Field(gt=0, le=600)
    reply_bytes: int = Field(ge=1_000_000, le=2**30)
    output_bytes: int = Field(ge=1000, le=2**24)
    source_bytes: int = Field(ge=1000, le=2**24)


class AccuracyPolicy(_Strict):
    """How generated images earn points."""

    part: int = Field(ge=1, le=6)
    title: str
    points: float = Field(gt=0, le=100)
    prepare: str  # function of the student's assignment.py that builds the model
    checkpoint: str  # file handed in, loaded strictly into the model
    checkpoint_bytes: int = Field(gt=0, le=2**30)
    classifier: str  # name of the trusted classifier in test_resources/classifiers
    classes: int = Field(ge=2)
    image_shape: tuple[int, int, int]  # (C, H, W) of a sample
    rounds: int = Field(ge=1, le=100)  # the best one counts
    samples_per_round: int = Field(ge=10, le=100_000)
    nothing_at: float = Field(ge=0, le=1)  # accuracy up to which nothing is earned
    everything_at: float = Field(ge=0, le=1)  # accuracy from which everything is earned
    seconds: float = Field(gt=0, le=36_000)  # a round

    @model_validator(mode="after")
    def _ordered(self):
        if self.nothing_at >= self.everything_at:
            raise ValueError("nothing_at must be less than everything_at")
        return self


class Policy(_Strict):
    """The whole of assignment.toml."""

    title: str
    public_seed: int = Field(ge=0)
    limits: LimitPolicy
    accuracy: dict[str, AccuracyPolicy] = {}


def read_policy(path: Path) -> Policy:
    """Read assignment.toml.

    Raises:
        PolicyError: with the line, the value and the allowed range of everything that is wrong.
    """
    text = path.read_text()
    try:
        return Policy.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path.name} is not TOML: {error}") from error
    except ValidationError as error:
        problems = [
            f"{path.name}, line {_line_of(text, e['loc'])}: {'.'.join(map(str, e['loc']))} = {e['input']!r}: {e['msg']}"
            if not isinstance(e["input"], dict)
            else f"{path.name}, line {_line_of(text, e['loc'])}: {'.'.join(map(str, e['loc']))}: {e['msg']}"
            for e in error.errors()
        ]
        raise PolicyError("\n".join(problems)) from error


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


@dataclass(frozen=True)
class Mistake:
    """A known mistake of real students, as a patch of the solution."""

    id: str  # '<part>.<name>'
    patches: tuple[tuple[str, str], ...]  # (old text, new text); each old text occurs exactly once in the file
    hint: str  # what a student who made it reads
    fails: tuple[str, ...]  # the cases that catch it and diagnose it
    file: str = "models.py"


@dataclass(frozen=True)
class Variant:
    """A different but correct implementation, as patches of the solution."""

    id: str
    patches: tuple[tuple[str, str], ...]
    alternative_for: tuple[str, ...] = ()  # cases whose numbers it rightly changes: they become goldens as well
    file: str = "models.py"


@dataclass(frozen=True)
class Oracle:
    """An independent derivation of what a case must observe."""

    case: str
    expected: Callable  # expected(rng) -> {name: array}, from closed forms in float64
    variant: str = ""  # the alternative that it is about; '' is the solution


@dataclass(frozen=True)
class Assignment:
    """An assignment as the harness sees it."""

    policy: Policy
    cases: tuple[Case, ...]
    student: Path  # generated stubs and given files
    resources: Path  # goldens, fingerprints, allowlist, classifiers
    solution: Path | None = None  # authors and TAs only, like all that follows
    mistakes: tuple[Mistake, ...] = ()
    variants: tuple[Variant, ...] = ()
    oracles: tuple[Oracle, ...] = ()
    by_id: Mapping[str, Case] = field(init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "by_id", {case.id: case for case in self.cases})

    @property
    def limits(self) -> Limits:
        """The limits of one case."""
        limits = self.policy.limits
        return Limits(limits.seconds, limits.reply_bytes, limits.output_bytes)

    @cached_property
    def allowlist(self) -> list[Allowed]:
        """What students hand in."""
        return read_allowlist(self.resources / "allowlist.txt")


def load(staff: bool = False) -> Assignment:
    """The assignment of this repository; with `staff` including what students do not get."""
    policy = read_policy(ROOT / "grader" / "assignment.toml")
    assignment = {
        "policy": policy,
        "cases": _collect("grader.cases", Case),
        "student": ROOT / "student",
        "resources": ROOT / "test_resources",
    }
    if staff:
        assignment |= {
            "solution": ROOT / "solution",
            "mistakes": _collect("grader.mistakes", Mistake),
            "variants": _collect("grader.variants", Variant),
            "oracles": _collect("grader.oracles", Oracle),
        }
    return Assignment(**assignment)


def _collect(package, kind):
    """All objects of a kind in the modules of a package, in the order in which they are written."""
    modules = [
        importlib.import_module(m.name)
        for m in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}.")
    ]
    found = []
    for module in modules:
        for value in vars(module).values():
            found += [v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, kind)]
    return tuple(found)
