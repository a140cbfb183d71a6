"""What is told while a class is graded: bars with an estimate on a terminal, and a line for each stage that is done."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from grader.batch.engine import Graded, Visited
from grader.batch.keys import UNIT
from grader.case import Outcome, total
from grader.report.terminal import in_words
from grader.text import say, shown

NAME = 80  # characters of a submission's name


class Display:
    """A context manager.

    Args:
        console: of standard error.
        count: how many submissions are graded.
    """

    def __init__(self, console: Console, count: int):
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        left = (TextColumn("left:"), TimeRemainingColumn())
        self._bars = Progress(*columns, *left, console=console, disable=not console.is_terminal, transient=True)
        self._console, self._waiting = console, set()  # of accuracies, by record and stage
        self._submissions = self._bars.add_task("submissions", total=count)
        self._accuracies = self._bars.add_task("accuracies", total=0, visible=False)

    def __enter__(self):
        self._bars.start()
        return self

    def __exit__(self, *_):
        self._bars.stop()

    def tell(self, event: Graded | Visited) -> None:
        """Tell what the engine did."""
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
    """A line on a stage; '' of an accuracy that nothing was handed in for."""
    graded, verdicts = event.graded, event.graded.verdicts
    what = "unit cases" if event.stage == UNIT else verdicts[0].case.id
    seconds = sum(v.seconds for v in verdicts)
    if faults := [v for v in verdicts if v.outcome is Outcome.INFRASTRUCTURE]:
        first = next(iter(faults[0].message.splitlines()), "")
        told = f"the grader failed on {len(faults)} of {len(verdicts)}, which is not the student's fault: {first}"
    elif graded.problem:
        what, told = ("cannot be graded", graded.problem) if event.stage == UNIT else ("", "")
    elif event.stage != UNIT and verdicts[0].outcome is Outcome.NOT_IMPLEMENTED and not seconds:
        told = ""
    else:
        told = f"{in_words(total(verdicts))}, {seconds:.1f} s"
    # A name with a line end, or of ten lines, could pass for other submissions' lines.
    return f"{shown(event.entry.submission, NAME)}: {what}: {shown(told)}" if told else ""
