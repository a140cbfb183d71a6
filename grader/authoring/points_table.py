"""Makes the tables of documents: what earns points, and what the parts are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from grader.authoring.stubs import DIFFICULTIES, Effort, efforts
from grader.course.assignment import Assignment
from grader.course.parts import Part
from grader.runtime.case import Question


class Worth(Protocol):
    """Anything that earns points."""

    @property
    def points(self) -> float: ...

    @property
    def bonus(self) -> bool: ...


def points_table(assignment: Assignment, questions: Sequence[Question]) -> str:
    """What earns points, and how much work it is: cases, generated images, written questions."""
    rows = ["| case or question | points | effort | what is graded |", "|---|---:|---|---|"]
    takes = efforts(assignment.solution) if assignment.solution else {}
    for case in assignment.cases:
        rows.append(f"| `{case.id}` | {_worth(case)} | {takes.get(case.id, '')} | {case.title} |")
    for name, accuracy in assignment.policy.accuracy.items():
        earned = f"{accuracy.nothing_at:.0%} earns nothing, {accuracy.everything_at:.0%} everything"
        training = f"training: {accuracy.training}"
        rows.append(
            f"| `{accuracy.part}.{name}_accuracy` | {_worth(accuracy)} | {training} | {accuracy.title} ({earned}) |"
        )
    rows += [f"| `{question.id}` | {_worth(question)} | | Written: {question.title} |" for question in questions]
    total, bonus = sums((*assignment.cases, *assignment.policy.accuracy.values(), *questions))
    rows.append(f"| **total** | **{total:g}** | | {f'plus {bonus:g} bonus points (+)' if bonus else ''} |")
    return "\n".join([*rows, "", _in_all(takes)])


def sums(items: Iterable[Worth]) -> tuple[float, float]:
    """The points of items without those that are a bonus, and those that are."""
    total = bonus = 0.0
    for item in items:
        if item.bonus:
            bonus += item.points
        else:
            total += item.points
    return total, bonus


def _worth(what: Worth) -> str:
    return f"{'+' if what.bonus else ''}{what.points:g}"


def _in_all(takes: Mapping[str, Effort]) -> str:
    """How the efforts are meant, and what they come to."""
    minutes: dict[str, int] = defaultdict(int)
    for task, effort in takes.items():
        minutes[task.split(".")[0]] += effort.minutes
    hours = ", ".join(f"{round(total / 30) / 2:g} for part {part}" for part, total in sorted(minutes.items()))
    scale = "; ".join(f"*{difficulty}*: {meaning}" for difficulty, meaning in DIFFICULTIES.items())
    return (
        "The efforts are rough guesses, for someone who has followed the course; a case without one tests the `TODO` "
        f"of another case. {scale}. Hours in total: {hours}. Training takes no work, but the time that the reference "
        "took on two CPU cores, or on what the table names."
    )


def parts_table(parts: Sequence[Part]) -> str:
    """What the parts are: the files that students write, the notebook, the script that trains."""
    rows = ["| part | what | you write | notebook | train with | timesteps |", "|---|---|---|---|---|---|"]
    for part in parts:
        files = ", ".join(f"`{name}`" for name in part.files)
        training = f"`{part.training}`" if part.training else ""
        rows.append(f"| {part.number} | {part.title} | {files} | `{part.notebook}` | {training} | {part.timesteps} |")
    return "\n".join(rows)
