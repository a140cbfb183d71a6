"""Which cases a change of the solution can touch: those that call a function in which something has changed.

A case that never calls it observes the same with the change as without, and need not be run to prove that.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import replace

from grader import experiment
from grader.assignment import Assignment, Mistake, Variant
from grader.building import GoldenError
from grader.case import Case, Ended
from grader.rng import case_seed
from grader.submission import lay_out

_DEFINITION = re.compile(r"^\s*(?:def |class |@)", re.MULTILINE)


def cases_of(assignment: Assignment, tier, seed: int) -> Callable[[Mistake | Variant], list[Case]]:
    """Tells of a change which cases of its part it can touch.

    Raises:
        GoldenError: the solution does not complete a case.
    """
    calls = {}
    with lay_out(assignment.solution, assignment.allowlist, assignment.student) as submission:
        for case in assignment.cases:
            tracing, arguments = replace(case, observe=experiment.called), {"reference": case.reference}
            seed_of_case = case_seed(seed, case.id)
            seen = tier.observe(tracing, submission.folder, seed_of_case, assignment.limits, arguments)
            if seen.ended is not Ended.COMPLETED:
                raise GoldenError(f"solution does not complete {case.id}: {seen.ended} {seen.message}")
            calls[case.id] = set(seen.arrays["functions"].tolist())

    def touched(change):
        changed = changed_functions(assignment, change)
        of_part = [c for c in assignment.cases if str(c.part) == change.id.split(".")[0]]
        return of_part if changed is None else [c for c in of_part if changed & calls[c.id]]

    return touched


def changed_functions(assignment: Assignment, change: Mistake | Variant) -> set[str] | None:
    """The functions that a change is inside of, 'file:line'; None if it is not only inside of functions."""
    if getattr(change, "files", None):
        return None
    text = (assignment.solution / change.file).read_text()
    spans = [_span(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    found = set()
    for old, new in change.patches:
        first = text[: text.index(old)].count("\n") + 1
        last = first + old.rstrip("\n").count("\n")
        around = [span for span in spans if span[0] <= first and last <= span[1]]
        if not around or _DEFINITION.findall(new) != _DEFINITION.findall(old):
            return None
        found.add(f"{change.file}:{max(around)[0]}")
    return found


def _span(function):
    """The first and the last line of a function, its decorators included."""
    return min(part.lineno for part in (function, *function.decorator_list)), function.end_lineno
