"""Shows verdicts and proofs in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from grader.runtime.case import Case, Outcome, Question, Total, Verdict, total
from grader.runtime.text import visible

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.NOT_IMPLEMENTED: "yellow",
    Outcome.ERROR: "red",
    Outcome.INFRASTRUCTURE: "magenta",
    Outcome.MARKED: "cyan",
    Outcome.NOT_MARKED: "yellow",
}
OUTPUT_LINES = 12  # last lines of what the student's code printed
CHANGED_LINES = 12  # lines about what was changed outside the TODOs
OUTSIDE_TODOS = "Outside the TODOs (no points depend on it)"


def explanation(verdict: Verdict, verdicts: Sequence[Verdict] = ()) -> str:
    """Say what a student reads about a case: the difference, the diagnosis, the equation, the output."""
    return "\n".join(_LAYOUT[label].format(text) for label, text in labelled(verdict, verdicts))


_LAYOUT = {
    "": "{}",
    "Diagnosis": "Diagnosis: {}",
    "Equation": "Equation: {}",
    "Repair first": "Repair first: {}. This case builds on it.",
    "Your code printed": "Your code printed:\n{}",
}


def labelled(verdict: Verdict, verdicts: Sequence[Verdict] = ()) -> list[tuple[str, str]]:
    """Split what `explanation` says into pairs of a label, '' for the message, and a text."""
    if verdict.outcome in (Outcome.PASSED, Outcome.NOT_IMPLEMENTED, Outcome.MARKED, Outcome.NOT_MARKED):
        return [("", verdict.message)]  # where a case passes, only an accuracy has a message
    parts = [("", verdict.message), ("Diagnosis", verdict.hint)]
    if verdict.outcome in (Outcome.FAILED, Outcome.ERROR) and isinstance(verdict.case, Case):
        parts.append(("Equation", verdict.case.equation))
    parts.append(("Repair first", ", ".join(_failed_needs(verdict, verdicts))))
    printed = verdict.output.strip().splitlines()
    shown = [line[:200] for line in printed[-OUTPUT_LINES:]]
    left_out = [f"({len(printed) - OUTPUT_LINES} earlier lines)"] if len(printed) > OUTPUT_LINES else []
    parts.append(("Your code printed", "\n".join(f"  | {line}" for line in [*left_out, *shown])))
    return [(label, text) for label, text in parts if text]


def _failed_needs(verdict: Verdict, verdicts: Iterable[Verdict]) -> list[str]:
    """List the cases that this one builds on and that did not pass, by id."""
    if not isinstance(verdict.case, Case):
        return []
    outcomes = {v.case.id: v.outcome for v in verdicts}
    return [need for need in verdict.case.needs if outcomes.get(need, Outcome.PASSED) is not Outcome.PASSED]


def not_marked(verdicts: Iterable[Verdict]) -> float:
    """Add up the points of written questions without a mark: a total lacks them, and must say so.

    Bonus questions do not count, because a total is complete without them.
    """
    return sum(v.case.points for v in verdicts if v.outcome is Outcome.NOT_MARKED and not v.case.bonus)


def worth(case: Case | Question) -> str:
    """Write the points that a case can earn, with a + if they are a bonus."""
    return f"{'+' if case.bonus else ''}{case.points:g}"


def in_words(summed: Total) -> str:
    """Say a total in one line, with the bonus apart from the rest."""
    if not summed.most and summed.bonus:
        return f"{summed.earned_bonus:g} of {summed.bonus:g} bonus points"
    bonus = f", plus {summed.earned_bonus:g} of {summed.bonus:g} bonus" if summed.bonus else ""
    return f"{summed.without_bonus:g} of {summed.most:g} points{bonus}"


def in_figures(summed: Total) -> str:
    """Write a total for a column of figures, with the bonus apart from the rest."""
    bonus = f" +{summed.earned_bonus:g}/{summed.bonus:g}" if summed.bonus else ""
    return f"{summed.without_bonus:g}/{summed.most:g}{bonus}"


def outside_todos(changed: Sequence[str]) -> str:
    """Say what a TA reads about changes outside the TODOs of the handout, one a line."""
    more = [f"and {len(changed) - CHANGED_LINES} more"] if len(changed) > CHANGED_LINES else []
    return "\n".join([*map(visible, changed[:CHANGED_LINES]), *more])


def scorecard(name: str, tier: str, verdicts: Sequence[Verdict], changed: Sequence[str] = ()) -> Group:
    """Make the report card of a submission, with what it `changed` outside the TODOs, as rich renderables."""
    from rich.console import Group
    from rich.markup import escape
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table(title=escape(f"{name}  (trust tier: {tier})"), title_justify="left", show_footer=True)
    summed = total(verdicts)
    table.add_column("case", "total", no_wrap=True)
    footer = f"{summed.without_bonus:g}/{summed.most:g}"
    if summed.bonus:
        footer += f"\n{summed.earned_bonus:g}/+{summed.bonus:g}"
    table.add_column("points", footer, justify="right", no_wrap=True)
    waiting = not_marked(verdicts)
    table.add_column("outcome", f"{waiting:g} NOT_MARKED" if waiting else "", no_wrap=True)
    table.add_column("what was tried")
    if summed.bonus:
        table.caption, table.caption_justify = f"{in_words(summed)} (marked +)", "left"
    for v in verdicts:
        style, earned = STYLES[v.outcome], "?" if v.outcome is Outcome.NOT_MARKED else f"{v.points:g}"
        table.add_row(v.case.id, f"{earned}/{worth(v.case)}", f"[{style}]{v.outcome}[/]", escape(v.case.title))
    details: list[RenderableType] = []
    for v in verdicts:
        text = explanation(v, verdicts)
        if text and v.outcome not in (Outcome.NOT_IMPLEMENTED, Outcome.NOT_MARKED):
            details += [Text(f"\n{v.case.id}  {v.outcome}", style="bold"), Padding(Text(text), (0, 0, 0, 2))]
    if changed:
        details += [Text(f"\n{OUTSIDE_TODOS}", style="bold"), Padding(Text(outside_todos(changed)), (0, 0, 0, 2))]
    return Group(table, *details)


class Proved(Protocol):
    """What `grader check` found out, as `grader.authoring.check` reports it."""

    @property
    def counts(self) -> Mapping[int, Mapping[str, float]]:
        """For each part, how many there are of each kind."""

    @property
    def margins(self) -> Mapping[str, tuple[float, str]]:
        """For each case, the distance of the nearest mistake in tolerances, and the id of that mistake."""

    @property
    def failures(self) -> Sequence[str]:
        """What could not be proved, a line each."""


def proofs(report: Proved) -> str:
    """Say what `grader check` has proved, and what it could not."""
    lines = []
    for part, counts in report.counts.items():
        lines.append(f"part {part}: " + ", ".join(f"{n:g} {what}" for what, n in counts.items()))
    for id, (margin, mistake) in report.margins.items():
        lines.append(f"  {id}: nearest mistake {mistake}, {margin:.3g} tolerances away")
    lines += [f"FAILED {failure}" for failure in report.failures]
    return "\n".join([*lines, f"{len(report.failures)} failures" if report.failures else "everything holds"])
