"""What `grader watch` is grading at the moment: one case, and the run of cases that it belongs to."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from grader.runtime.case import Case, Verdict
from grader.watch.progress import Progress
from grader.watch.snapshot import Snapshot


@dataclass
class Running:
    """A case that is being graded."""

    case: Case
    snapshot: Snapshot
    give_up: float = math.inf  # when to end it, by the monotonic clock; finite once nobody wants its verdict
    wanted: bool = True


@dataclass
class Run:
    """All that is graded because of one save, or of several in a row."""

    touched: set[str]  # ids of the cases that a save touches; empty if everything is graded
    count: int  # of the cases that are graded
    before: dict[str, Verdict]  # by id, when the run began
    complete: set[int]  # the parts that were complete when it began
    parts: set[int]  # the parts that it is about
    explained: Case | None = None  # the case whose verdict was shown in full


def run_of(cases: Iterable[Case], touched: set[str], count: int, progress: Progress, unfinished: Run | None) -> Run:
    """Make the run of these cases, which takes over what an unfinished one has changed and not yet reported."""
    parts = {case.part for case in cases}
    if unfinished:
        return Run(touched, count, unfinished.before, unfinished.complete, parts | unfinished.parts)
    return Run(touched, count, dict(progress.verdicts), progress.complete(), parts)
