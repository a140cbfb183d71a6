"""`grader update`: regenerates what follows from the solution, the cases and the notebooks' sources."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from grader import ROOT
from grader.authoring import building, documents, notebooks, stubs
from grader.authoring.allowlist import allowlist
from grader.course.assignment import Assignment
from grader.grading import goldens
from grader.grading.goldens import Known
from grader.grading.judge import Arrays, Fingerprint, distance
from grader.runtime.case import Case
from grader.runtime.errors import InfrastructureError
from grader.sandbox.tier import Tier
from grader.submission.layout import parse_allowlist

SAME = 0.1  # tolerances; another processor rounds differently, and that is no drift


class Update:
    """Everything that is generated, and where it differs from what is there.

    Args:
        assignment: with its solution and everything that proves it.
        numbers: of the parts whose goldens and fingerprints are made; all text is made in any case.
        root: of the repository.
    """

    def __init__(self, assignment: Assignment, numbers: Collection[int], root: Path = ROOT):
        self._root, self._numbers = root, numbers
        self._allowlist = allowlist(assignment)
        self._assignment = replace(assignment, allowed=tuple(parse_allowlist(self._allowlist)))

    def run(self, tier: Tier, check: bool = False) -> list[str]:
        """Write what has changed, or with `check` only find it.

        Returns:
            The files that were (or, with `check`, would be) written or removed, relative to the root.
        """
        drifted = [path for path, content in self._files.items() if _content(path) != content]
        strangers = self._strangers()
        if not check:
            for path in drifted:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self._files[path])
            for path in strangers:
                path.unlink()
        drifted += [*strangers, *self._drifted_known(tier, check)]
        return [str(path.relative_to(self._root)) for path in drifted]

    @cached_property
    def _stubs(self) -> Mapping[str, bytes]:
        return stubs.student_files(self._assignment)

    @cached_property
    def _notebooks(self) -> notebooks.Notebooks:
        return notebooks.build(self._assignment)

    @cached_property
    def _files(self) -> dict[Path, bytes]:
        """Every generated file that is text, and its content."""
        assignment = self._assignment
        files = {assignment.student / name: content for name, content in self._stubs.items()}
        files[assignment.resources / "allowlist.txt"] = self._allowlist.encode()
        if assignment.notebooks:
            files |= {assignment.notebooks / name: text.encode() for name, text in self._notebooks.texts.items()}
        return files | documents.generated(assignment, self._notebooks.questions, self._root)

    def _strangers(self) -> list[Path]:
        """Generated files whose source is gone. A checkpoint in `student/` is somebody's training: it stays."""
        student, folder = self._assignment.student, self._assignment.notebooks
        strangers = [p for p in sorted(student.glob("*.py")) if p.name not in self._stubs]
        if folder:
            strangers += [p for p in sorted(folder.glob("*.ipynb")) if p.name not in self._notebooks.texts]
        known = {f"part{part.number}" for part in self._assignment.parts}
        for kind in KINDS:
            strangers += [p for p in sorted((self._assignment.resources / kind).glob("part*")) if p.stem not in known]
        return strangers

    def _drifted_known(self, tier: Tier, check: bool) -> list[Path]:
        """Make goldens and fingerprints anew. Returns the folders in which something differs."""
        cases = tuple(case for case in self._assignment.cases if case.part in self._numbers)
        chosen = self._assignment if len(self._numbers) == len(self._assignment.parts) else self._chosen(cases)
        known = building.build(chosen, tier, chosen.policy.public_seed)
        try:
            saved = goldens.load(chosen.resources)
        except InfrastructureError:
            saved = Known()
        saved = saved.only(chosen.by_id)
        drifted = [kind for kind, differ in KINDS.items() if differ(chosen, saved, known)]
        if drifted and not check:
            goldens.save(known, chosen.resources, drifted)
        return [chosen.resources / kind for kind in drifted]

    def _chosen(self, cases: tuple[Case, ...]) -> Assignment:
        return self._assignment.only([case.id for case in cases])


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _goldens_differ(assignment: Assignment, saved: Known, known: Known) -> bool:
    if {id: set(sources) for id, sources in saved.goldens.items()} != {id: set(s) for id, s in known.goldens.items()}:
        return True
    return any(
        _apart(assignment.by_id[id], saved.goldens[id][source], arrays)
        for id, sources in known.goldens.items()
        for source, arrays in sources.items()
    )


def _fingerprints_differ(assignment: Assignment, saved: Known, known: Known) -> bool:
    def described(prints: list[Fingerprint]) -> list[tuple[str, str, str]]:
        return [(f.mistake, f.hint, f.exception) for f in prints]

    if {id: described(p) for id, p in saved.fingerprints.items()} != {
        id: described(p) for id, p in known.fingerprints.items()
    }:
        return True
    return any(
        _apart(assignment.by_id[id], old.arrays, new.arrays)
        for id, prints in known.fingerprints.items()
        for old, new in zip(saved.fingerprints[id], prints, strict=True)
    )


def _apart(case: Case, old: Arrays, new: Arrays) -> bool:
    return old.keys() != new.keys() or distance(case, old, new) > SAME


KINDS = {"goldens": _goldens_differ, "fingerprints": _fingerprints_differ}  # folders of test_resources/
