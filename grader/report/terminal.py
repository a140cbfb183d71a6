"""Verdicts and proofs in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grader.case import Outcome, Total, Verdict, total
from grader.text import visible

STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.NOT_IMPLEMENTED: "yellow",
    Outcome.ERROR: "red",
    Outcome.INFRASTRUCTURE: "magenta",
    Outcome.MARKED: "cyan",
    Outcome.NOT_MARKED: "yellow",
}
OUTPUT_LINES = 12  # of what the student's code printed
CHANGED_LINES = 12  # of what was changed outside the TODOs
OUTSIDE_TODOS = "Outside the TODOs (no points depend on it)"


def explanation(verdict: Verdict, verdicts: Sequence[Verdict] = ()) -> str:
    """What a student reads about a case: the difference, the diagnosis, the equation, the output."""
    return "\n".join(_LAYOUT[label].format(text) for label, text in labelled(verdict, verdicts))


_LAYOUT = {
    "": "{}",
    "Diagnosis": "Diagnosis: {}",
    "Equation": "Equation: {}",
    "Repair first": "Repair first: {}, on which this case builds.",
    "Your code printed": "Your code printed:\n{}",
}


def labelled(verdict: Verdict, verdicts: Sequence[Verdict] = ()) -> list[tuple[str, str]]:
    """What `explanation` says, in parts: the label of each, '' for the message, and its text."""
    if verdict.outcome in (Outcome.PASSED, Outcome.NOT_IMPLEMENTED, Outcome.MARKED, Outcome.NOT_MARKED):
        return [("", verdict.message)]  # of a passed case only accuracy has something to tell
    parts = [("", verdict.message), ("Diagnosis", verdict.hint)]
    if verdict.outcome in (Outcome.FAILED, Outcome.ERROR):
        parts.append(("Equation", verdict.case.equation))
    parts.append(("Repair first", ", ".join(_failed_needs(verdict, verdicts))))
    printed = verdict.output.strip().splitlines()
    shown = [line[:200] for line in printed[-OUTPUT_LINES:]]
    left_out = [f"({len(printed) - OUTPUT_LINES} lines before)"] if len(printed) > OUTPUT_LINES else []
    parts.append(("Your code printed", "\n".join(f"  | {line}" for line in [*left_out, *shown])))
    return [(label, text) for label, text in parts if text]


def _failed_needs(verdict: Verdict, verdicts: Iterable[Verdict]) -> list[str]:
    """The ids of cases that this one builds on and that did not pass: to be repaired first."""
    outcomes = {v.case.id: v.outcome for v in verdicts}
    return [need for need in verdict.case.needs if outcomes.get(need, Outcome.PASSED) is not Outcome.PASSED]


def not_marked(verdicts: Iterable[Verdict]) -> float:
    """The points of written questions that no TA has marked yet: a total is without them, and must say so.

    Those of bonus questions are not among them, for a total is complete without.
    """
    return sum(v.case.points for v in verdicts if v.outcome is Outcome.NOT_MARKED and not v.case.bonus)


def in_words(summed: Total) -> str:
    """A total in a line."""
    on_top = f", up to {summed.bonus:g} bonus points on top" if summed.bonus else ""
    return f"{summed.earned:g} of {summed.most:g} points{on_top}"


def outside_todos(changed: Sequence[str]) -> str:
    """What a TA reads about changes of the handout outside the TODOs, a line each."""
    more = [f"and {len(changed) - CHANGED_LINES} more"] if len(changed) > CHANGED_LINES else []
    return "\n".join([*map(visible, changed[:CHANGED_LINES]), *more])


def scorecard(name: str, tier: str, verdicts: Sequence[Verdict], changed: Sequence[str] = ()):
    """The report card of a submission, with what it has `changed` outside the TODOs, as rich renderables."""
    from rich.console import Group
    from rich.markup import escape
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table(title=escape(f"{name}  (trust tier: {tier})"), title_justify="left", show_footer=True)
    summed = total(verdicts)
    table.add_column("case", "total", no_wrap=True)
    table.add_column("points", f"{summed.earned:g}/{summed.most:g}", justify="right", no_wrap=True)
    waiting = not_marked(verdicts)
    table.add_column("outcome", f"{waiting:g} NOT_MARKED" if waiting else "", no_wrap=True)
    table.add_column("what was tried")
    if summed.bonus:
        table.caption, table.caption_justify = f"bonus points (+) on top: up to {summed.bonus:g}", "left"
    for v in verdicts:
        style, earned = STYLES[v.outcome], "?" if v.outcome is Outcome.NOT_MARKED else f"{v.points:g}"
        worth = f"{'+' if v.case.bonus else ''}{v.case.points:g}"
        table.add_row(v.case.id, f"{earned}/{worth}", f"[{style}]{v.outcome}[/]", escape(v.case.title))
    details = []
    for v in verdicts:
        told = explanation(v, verdicts)
        if told and v.outcome not in (Outcome.NOT_IMPLEMENTED, Outcome.NOT_MARKED):
            details += [Text(f"\n{v.case.id}  {v.outcome}", style="bold"), Padding(Text(told), (0, 0, 0, 2))]
    if changed:
        details += [Text(f"\n{OUTSIDE_TODOS}", style="bold"), Padding(Text(outside_todos(changed)), (0, 0, 0, 2))]
    return Group(table, *details)


def proofs(report) -> str:
    """What `grader check` prints of a `selfcheck.Report`."""
    lines = []
    for part, counts in report.counts.items():
        lines.append(f"part {part}: " + ", ".join(f"{n:g} {what}" for what, n in counts.items()))
    for id, (margin, mistake) in report.margins.items():
        lines.append(f"  {id}: nearest mistake {mistake}, {margin:.3g} tolerances away")
    lines += [f"FAILED {failure}" for failure in report.failures]
    return "\n".join([*lines, f"{len(report.failures)} failures" if report.failures else "all of it holds"])
