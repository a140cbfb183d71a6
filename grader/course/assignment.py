"""All that an assignment consists of: cases, questions, policy; for staff mistakes, variants, oracles as well."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from grader import ROOT
from grader.course.parts import Part, load_parts, package
from grader.course.policy import Policy, read_policy
from grader.course.questions import read_questions
from grader.runtime.case import Case, Question
from grader.runtime.errors import UserError
from grader.runtime.rng import Streams
from grader.sandbox.exchange import Limits
from grader.submission.archive import Allowed
from grader.submission.layout import parse_allowlist


class ChoiceError(UserError):
    """There is no such part or case; the message says which there are."""


def _no_such(what: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3) or names[:8]
    return f"there is no {what} {name!r}. Did you mean {', '.join(near)}?"


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
    expected: Callable[
        [Streams], Mapping[str, np.ndarray]
    ]  # expected(rng) -> {name: array}, from closed forms in float64
    variant: str = ""  # the alternative that it is about; '' is the solution


@dataclass(frozen=True)
class Assignment:
    """An assignment as the harness sees it."""

    policy: Policy
    cases: tuple[Case, ...]
    student: Path  # generated stubs and given files
    resources: Path  # goldens, fingerprints, allowlist, classifiers
    parts: tuple[Part, ...] = ()
    notebooks: Path | None = None  # generated, with the written questions; authors have their sources in `source`
    solution: Path | None = None  # authors and TAs only, like all that follows
    mistakes: tuple[Mistake, ...] = ()
    variants: tuple[Variant, ...] = ()
    oracles: tuple[Oracle, ...] = ()
    allowed: tuple[Allowed, ...] | None = None  # what students hand in; by default what allowlist.txt says
    by_id: Mapping[str, Case] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {case.id: case for case in self.cases})

    def named_by(self, change: Mistake | Variant) -> list[Case]:
        """The cases that a mistake fails, or whose numbers a variant rightly changes; only those that are chosen."""
        ids = change.fails if isinstance(change, Mistake) else change.alternative_for
        return [self.by_id[id] for id in ids if id in self.by_id]

    def numbers_of(self, names: Sequence[str] | None) -> list[int]:
        """The numbers of the parts of these names; of all parts if there are none.

        Raises:
            ChoiceError: there is no such part.
        """
        by_name = {part.name: part.number for part in self.parts}
        for name in names or ():
            if name not in by_name:
                raise ChoiceError(_no_such("part", name, by_name))
        return [by_name[name] for name in names or by_name]

    def only(self, names: Sequence[str] | None) -> Assignment:
        """The same with only some cases, and what proves them.

        Args:
            names: of parts, or ids of cases; all if there are none.

        Raises:
            ChoiceError: there is no such part or case.
        """
        if not names:
            return self
        by_name = {part.name: part.number for part in self.parts}
        for name in names:
            if name not in by_name and name not in self.by_id:
                raise ChoiceError(_no_such("part or case", name, [*by_name, *(self.like(name) or self.by_id)]))
        numbers = {by_name[name] for name in names if name in by_name}
        cases = tuple(case for case in self.cases if case.part in numbers or case.id in names)
        of = {str(case.part) for case in cases}
        return replace(
            self,
            cases=cases,
            mistakes=tuple(m for m in self.mistakes if m.id.split(".")[0] in of),
            variants=tuple(v for v in self.variants if v.id.split(".")[0] in of),
            oracles=tuple(o for o in self.oracles if o.case in {case.id for case in cases}),
        )

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
        if self.allowed is not None:
            return list(self.allowed)
        return parse_allowlist((self.resources / "allowlist.txt").read_text())

    @cached_property
    def questions(self) -> list[Question]:
        """The written questions of its parts; the notebook of a part that was taken away may still be there."""
        numbers = {part.number for part in self.parts}
        return [q for q in read_questions(self.notebooks) if q.part in numbers] if self.notebooks else []


def load(staff: bool = False) -> Assignment:
    """The assignment of this repository; with `staff` including what students do not get.

    Raises:
        PolicyError: assignment.toml or a part.toml is wrong.
    """
    parts = load_parts()
    policy = read_policy(ROOT / "grader" / "assignment.toml")
    accuracies = {name: accuracy for part in parts for name, accuracy in part.accuracy.items()}
    public = Assignment(
        policy=policy.model_copy(update={"accuracy": accuracies}),
        parts=parts,
        cases=_collect(parts, "cases", Case),
        student=ROOT / "student",
        resources=ROOT / "test_resources",
        notebooks=ROOT / "notebooks",
    )
    if not staff:
        return public
    return replace(
        public,
        solution=ROOT / "solution",
        mistakes=_collect(parts, "mistakes", Mistake),
        variants=_collect(parts, "variants", Variant),
        oracles=_collect(parts, "oracles", Oracle),
    )


Kind = TypeVar("Kind")


def _collect(parts: Iterable[Part], what: str, kind: type[Kind]) -> tuple[Kind, ...]:
    """All objects of a kind in the packages `what` of the parts, once each, in the order in which they are written."""
    objects: dict[int, Kind] = {}  # by identity: one may have a name and be in a tuple, too
    for part in parts:
        for value in vars(importlib.import_module(f"{package(part.name)}.{what}")).values():
            several = value if isinstance(value, tuple) else (value,)
            objects |= {id(v): v for v in several if isinstance(v, kind)}
    return tuple(objects.values())
