"""What you see while a class is graded: bars with an estimate on a terminal, and a line for each finished stage."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from grader.batch.cache_keys import UNIT
from grader.batch.engine import Event, Graded, Visited
from grader.batch.ledger import Stage
from grader.report.terminal import in_words
from grader.runtime.case import Outcome, total
from grader.runtime.text import say, shown

NAME = 80  # characters of a submission's name


class Display:
    """A context manager that shows the events of a batch.

    Args:
        console: of standard error.
        count: how many submissions are graded.
    """

    def __init__(self, console: Console, count: int):
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        left = (TextColumn("left:"), TimeRemainingColumn())
        self._bars = Progress(*columns, *left, console=console, disable=not console.is_terminal, transient=True)
        self._console = console
        self._waiting: set[tuple[str, str]] = set()  # accuracies, by record and stage
        self._submissions = self._bars.add_task("submissions", total=count)
        self._accuracies = self._bars.add_task("accuracies", total=0, visible=False)

    def __enter__(self) -> Display:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def show(self, event: Event) -> None:
        """Show what the engine has done."""
        if isinstance(event, Visited):
            self._waiting |= {(event.entry.record, stage) for stage in event.left}
            self._bars.advance(self._submissions)
            self._bars.update(self._accuracies, total=len(self._waiting), visible=bool(self._waiting))
            return
        if line := line_of(event):
            say(self._console, line)
        if (event.entry.record, event.stage) in self._waiting:
            self._bars.advance(self._accuracies)


def line_of(event: Graded) -> str:
    """Return a line about a finished stage; '' for an accuracy whose checkpoint was not handed in."""
    result = _result(event.stage, event.graded)
    # A name with a line end, or of ten lines, could pass for another submission's line.
    return f"{shown(event.entry.submission, NAME)}: {shown(result)}" if result else ""


def _result(stage: str, graded: Stage) -> str:
    verdicts = graded.verdicts
    what = "unit cases" if stage == UNIT else verdicts[0].case.id
    seconds = sum(v.seconds for v in verdicts)
    if faults := [v for v in verdicts if v.outcome is Outcome.INFRASTRUCTURE]:
        first = next(iter(faults[0].message.splitlines()), "")
        count = f"{len(faults)} of {len(verdicts)}"
        return f"{what}: the grader failed on {count}, which is not the student's fault: {first}"
    if graded.problem:
        return f"cannot be graded: {graded.problem}" if stage == UNIT else ""
    if stage != UNIT and verdicts[0].outcome is Outcome.NOT_IMPLEMENTED and not seconds:
        return ""
    return f"{what}: {in_words(total(verdicts))}, {seconds:.1f} s"
