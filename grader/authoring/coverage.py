"""Which cases a change of the solution can touch: those that call a function in which something has changed.

A case that never calls it observes the same with the change as without, and need not be run to prove that.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import replace

from grader.authoring.building import GoldenError
from grader.authoring.stubs import solution_of
from grader.course.assignment import Assignment, Mistake, Variant
from grader.runtime import experiment
from grader.runtime.case import Case, Ended
from grader.runtime.rng import case_seed
from grader.sandbox.exchange import Job
from grader.sandbox.tier import Tier
from grader.submission.layout import lay_out

_DEFINITION = re.compile(r"^\s*(?:def |class |@)", re.MULTILINE)


CasesOf = Callable[[Mistake | Variant], list[Case]]


def cases_of(assignment: Assignment, tier: Tier, seed: int) -> CasesOf:
    """A function that gives, for a change, the cases of its part that it can touch.

    Raises:
        GoldenError: the solution does not complete a case.
    """
    calls: dict[str, set[str]] = {}
    with lay_out(solution_of(assignment), assignment.allowlist, assignment.student) as submission:
        for case in assignment.cases:
            tracing, arguments = replace(case, observe=experiment.called), {"reference": case.reference}
            seed_of_case = case_seed(seed, case.id)
            seen = tier.observe(Job(tracing, submission.folder, seed_of_case, assignment.limits, arguments))
            if seen.ended is not Ended.COMPLETED:
                raise GoldenError(f"solution does not complete {case.id}: {seen.ended} {seen.message}")
            calls[case.id] = set(seen.arrays["functions"].tolist())

    def touched(change: Mistake | Variant) -> list[Case]:
        changed = changed_functions(assignment, change)
        of_part = [c for c in assignment.cases if str(c.part) == change.id.split(".")[0]]
        return of_part if changed is None else [c for c in of_part if changed & calls[c.id]]

    return touched


def changed_functions(assignment: Assignment, change: Mistake | Variant) -> set[str] | None:
    """The functions that a change is inside of, 'file:line'; None if it is not only inside of functions."""
    if isinstance(change, Variant) and change.files:
        return None
    text = (solution_of(assignment) / change.file).read_text()
    spans = [_span(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    functions: set[str] = set()
    for old, new in change.patches:
        first = text[: text.index(old)].count("\n") + 1
        last = first + old.rstrip("\n").count("\n")
        around = [span for span in spans if span[0] <= first and last <= span[1]]
        if not around or _DEFINITION.findall(new) != _DEFINITION.findall(old):
            return None
        functions.add(f"{change.file}:{max(around)[0]}")
    return functions


def _span(function: ast.FunctionDef) -> tuple[int, int]:
    """The first and the last line of a function, its decorators included."""
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    return first, function.end_lineno or function.lineno
