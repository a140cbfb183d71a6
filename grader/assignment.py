"""All that an assignment consists of: cases, questions, policy; for staff mistakes, variants, oracles as well."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path

from grader import ROOT
from grader.case import Case, Question
from grader.policy import Policy, read_policy
from grader.questions import read_questions
from grader.sandbox.exchange import Limits
from grader.submission import Allowed, read_allowlist


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
    """A different but correct implementation, as patches of the solution, or as whole files in the place of its own."""

    id: str
    patches: tuple[tuple[str, str], ...] = ()
    alternative_for: tuple[str, ...] = ()  # cases whose numbers it rightly changes: they become goldens as well
    file: str = "models.py"
    files: Path | None = None  # a folder of whole files


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
    notebooks: Path | None = None  # generated, with the written questions; authors have their sources in `source`
    solution: Path | None = None  # authors and TAs only, like all that follows
    mistakes: tuple[Mistake, ...] = ()
    variants: tuple[Variant, ...] = ()
    oracles: tuple[Oracle, ...] = ()
    by_id: Mapping[str, Case] = field(init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "by_id", {case.id: case for case in self.cases})

    def named_by(self, change: Mistake | Variant) -> list[Case]:
        """The cases that a mistake fails, or whose numbers a variant rightly changes."""
        ids = change.fails if isinstance(change, Mistake) else change.alternative_for
        return [self.by_id[id] for id in ids]

    def like(self, name: str) -> list[str]:
        """The ids of cases that a mistyped one, or one without its part, may mean."""
        same = [id for id in self.by_id if id.partition(".")[2] == name]
        return same or difflib.get_close_matches(name, self.by_id, n=4, cutoff=0.5)

    @property
    def limits(self) -> Limits:
        """The limits of one case."""
        policy = self.policy.limits.model_dump()
        return Limits(**{limit.name: policy[limit.name] for limit in fields(Limits)})

    @cached_property
    def allowlist(self) -> list[Allowed]:
        """What students hand in."""
        return read_allowlist(self.resources / "allowlist.txt")

    @cached_property
    def questions(self) -> list[Question]:
        """The written questions."""
        return read_questions(self.notebooks) if self.notebooks else []


def load(staff: bool = False) -> Assignment:
    """The assignment of this repository; with `staff` including what students do not get."""
    policy = read_policy(ROOT / "grader" / "assignment.toml")
    assignment = {
        "policy": policy,
        "cases": _collect("grader.cases", Case),
        "student": ROOT / "student",
        "resources": ROOT / "test_resources",
        "notebooks": ROOT / "notebooks",
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
