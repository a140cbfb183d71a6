"""Makes what students get out of the solution: stubs and given files.

An answer in the solution stands between two comments:

    # BEGIN ANSWER(4.add_noise) [15 min, medium] what to do, in a line
    ...
    # END ANSWER

In the stub a TODO and a `raise NotImplementedError` take its place. The brackets hold its effort, as its authors guess.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from grader.course.assignment import Assignment
from grader.runtime.errors import UserError

DIFFICULTIES = {
    "easy": "a few lines that the docstring spells out",
    "medium": "shapes, indices or a short derivation to think about",
    "hard": "several pieces that must fit together, or a network of your design",
}
_BEGIN = re.compile(rf"^(\s*)# BEGIN ANSWER\(([\w.]+)\) \[(\d+) min, ({'|'.join(DIFFICULTIES)})\] (.+)$")
_END = re.compile(r"^(\s*)# END ANSWER$")
_MENTION = re.compile(r"\b(BEGIN|END) ANSWER")
GIVEN_SUFFIXES = (".py", ".pt")


class MarkerError(UserError):
    """The answer markers of a file do not match; the message names the line."""


def strip_answers(text: str, name: str) -> str:
    """Replace every answer by a TODO that raises NotImplementedError.

    Raises:
        MarkerError: a marker is nested, unbalanced, differently indented or misspelt.
    """
    stub, begin = [], None
    for number, line in enumerate(text.splitlines(), start=1):
        opening, closing = _BEGIN.match(line), _END.match(line)
        if _MENTION.search(line) and not (opening or closing):
            raise MarkerError(
                f"{name}, line {number}: write '# BEGIN ANSWER(part.case) [15 min, medium] what to do' or "
                f"'# END ANSWER' (an answer is {' or '.join(DIFFICULTIES)})"
            )
        if opening:
            if begin:
                raise MarkerError(f"{name}, line {number}: an answer begins inside the one of line {begin[0]}")
            indent, task, minutes, difficulty, what = opening.groups()
            begin = (number, indent)
            stub += [f"{indent}# TODO({task}): {what}", f"{indent}# (about {minutes} minutes, {difficulty})"]
            stub.append(f'{indent}raise NotImplementedError("TODO({task})")')
        elif closing:
            if not begin:
                raise MarkerError(f"{name}, line {number}: an answer ends that did not begin")
            if closing[1] != begin[1]:
                raise MarkerError(f"{name}, line {number}: indented differently from line {begin[0]}")
            begin = None
        elif not begin:
            stub.append(line)
    if begin:
        raise MarkerError(f"{name}, line {begin[0]}: the answer that begins here does not end")
    return "\n".join(stub) + "\n"


def student_files(assignment: Assignment) -> dict[str, bytes]:
    """Name and content of every file of `student/`."""
    files, written = {}, {name for part in assignment.parts for name in part.files}
    for path in sorted(solution_of(assignment).glob("*.py")):
        text = path.read_text()
        if path.name in written or not has_todos(text):  # the files of a part that is not here are left out
            files[path.name] = strip_answers(text, path.name).encode()
    given = {name: source for part in assignment.parts for name, source in part.handout.given.items()}
    for name, source in given.items():
        files[name] = (assignment.resources / source).read_bytes()
    return files


def has_todos(text: str) -> bool:
    """Whether a file of the solution has answers, so that students hand it in."""
    return bool(_MENTION.search(text))


def solution_of(assignment: Assignment) -> Path:
    """The folder of the solution.

    Raises:
        MarkerError: the assignment was loaded without it, as students have it.
    """
    if assignment.solution is None:
        raise MarkerError("there is no solution here: stubs are made where authors work")
    return assignment.solution


@dataclass(frozen=True)
class Effort:
    """What the TODOs of a case take, as their authors think."""

    minutes: int
    difficulty: str  # of the most difficult one; a key of DIFFICULTIES

    def __str__(self) -> str:
        return f"{self.minutes} min, {self.difficulty}"


def efforts(solution: Path) -> dict[str, Effort]:
    """The effort of each case that has TODOs of its own, over all files."""
    places = defaultdict(list)
    for path in sorted(solution.glob("*.py")):
        for opening in filter(None, map(_BEGIN.match, path.read_text().splitlines())):
            places[opening[2]].append((int(opening[3]), opening[4]))
    hardest = list(DIFFICULTIES).index
    return {
        id: Effort(sum(minutes for minutes, _ in todos), max((how for _, how in todos), key=hardest))
        for id, todos in places.items()
    }
