"""What `grader check` finds by reading alone: what is missing, in the order in which an author adds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from grader import ROOT
from grader.accuracy.grade import accuracies_of
from grader.authoring.points_table import sums
from grader.authoring.stubs import has_todos, solution_of
from grader.course.assignment import Assignment
from grader.course.parts import FOLDER, Part
from grader.grading.goldens import Known
from grader.grading.run import select

FILL_IN = "FILL IN"  # what `grader new-case` leaves for authors


def missing(assignment: Assignment, known: Known) -> list[str]:
    """A line for everything that a chosen case still lacks, before anything is run."""
    return [
        *_left_to_fill_in(assignment),
        *_without_hints(assignment),
        *_unproved(assignment),
        *(
            f"{case.id}: there is no golden: run `grader update {_part_of(assignment, case.part).name}`"
            for case in assignment.cases
            if assignment.parts and case.id not in known.goldens
        ),
    ]


def wrong(assignment: Assignment) -> Iterator[str]:
    """A line for everything that a part.toml says and that is not so."""
    for part in assignment.parts:
        if any(case.part == part.number for case in assignment.cases):
            yield from _wrong_files(assignment, part)
            yield from _wrong_points(assignment, part)


def _part_of(assignment: Assignment, number: int) -> Part:
    return next(part for part in assignment.parts if part.number == number)


def _left_to_fill_in(assignment: Assignment) -> Iterator[str]:
    """The places that `grader new-case` has left in the chosen parts."""
    for part in assignment.parts:
        if not any(case.part == part.number for case in assignment.cases):
            continue
        folder = FOLDER / part.name
        paths = [solution_of(assignment) / name for name in part.files]
        paths += [
            p for kind in ("cases", "mistakes", "variants", "oracles") for p in sorted((folder / kind).glob("*.py"))
        ]
        for path in (path for path in paths if path.is_file()):
            yield from _lines_to_fill_in(path)


def _lines_to_fill_in(path: Path) -> Iterator[str]:
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if FILL_IN in line:
            what = line.partition(FILL_IN)[2].strip(" :\"',")
            yield f"{path.relative_to(ROOT)}, line {number}: fill in {what}"


def _without_hints(assignment: Assignment) -> Iterator[str]:
    """Every case has its two hints, and none repeats what a student has read already: title, equation, another hint."""
    owners = {text: case.id for case in assignment.cases for text in (case.title, case.equation)}
    for case in assignment.cases:
        for name in ("look", "term"):
            text = getattr(case, name)
            if not text:
                yield f"{case.id}: has no hint: write {name}=... beside its equation (grader/runtime/case.py)"
            elif text in owners:
                yield f"{case.id}: its {name} says no more than a text of {owners[text]}"
            owners[text] = case.id


def _unproved(assignment: Assignment) -> Iterator[str]:
    caught = {id for mistake in assignment.mistakes for id in mistake.fails}
    derived = {oracle.case for oracle in assignment.oracles}
    for case in assignment.cases:
        if case.id not in caught:
            yield f"{case.id}: no mistake makes this case fail, so it shows nothing"
        if case.id not in derived:
            yield f"{case.id}: no oracle for the golden of solution"


def _wrong_files(assignment: Assignment, part: Part) -> Iterator[str]:
    for name in part.files:
        path = solution_of(assignment) / name
        if not path.is_file():
            yield f"{part.name}/part.toml: files: there is no solution/{name}"
        elif not has_todos(path.read_text()):
            yield f"{part.name}/part.toml: files: solution/{name} has no BEGIN ANSWER, so students do not write it"
        elif strange := sorted(set(re.findall(r"# BEGIN ANSWER\((\d+)\.", path.read_text())) - {str(part.number)}):
            yield f"solution/{name} belongs to part {part.number}, but has an answer of part {', '.join(strange)}"


def _wrong_points(assignment: Assignment, part: Part) -> Iterator[str]:
    """What everything in a part comes to, where all of its cases are chosen and part.toml says what it must be."""
    from grader.course.assignment import load

    everything = load()
    of_part = select(everything.cases, part.number)
    if part.points is None or len(select(assignment.cases, part.number)) != len(of_part):
        return
    policies = [a.policy for a in select(accuracies_of(everything.policy), part.number)]
    total, bonus = sums([*of_part, *policies, *select(everything.questions, part.number)])
    for said, sum_of_all, what in ((part.points, total, "points"), (part.bonus, bonus, "bonus")):
        if abs(said - sum_of_all) > 1e-9:
            yield f"{part.name}/part.toml: says {what} = {said:g}, but what it holds comes to {sum_of_all:g}"
