"""Prints what `grader watch` has to say: plain lines, each once, which any terminal can show and scroll."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader.grading import hints
from grader.grading.hints import LABELS
from grader.report.terminal import STYLES, explanation, in_words, labelled
from grader.runtime.case import Case, Outcome, Verdict
from grader.runtime.text import shown, visible
from grader.watch.progress import Progress

KEYS = {"h": "hint", "l": "list", "n": "next", "r": "rerun", "q": "quit"}
BAR = 20  # characters, in a terminal of 80
FULL, EMPTY = "█", "░"
_PLACE = re.compile(r"at (\w+\.py), line (\d+)")


class Screen:
    """Prints on rich's console.

    Args:
        console: of standard output.
        folder: of the student's files, as the student names it.
        keyed: whether keys are heard. If not, a failure shows at once all that hints would say.
    """

    def __init__(self, console: Console, folder: Path, keyed: bool):
        self._console, self._folder, self._keyed = console, folder, keyed
        self._status = console.status("")

    def say(self, *pieces: str | tuple[str, str], indent: int = 0, fit: str = "wrap") -> None:
        """Print texts and (text, style) pairs.

        Args:
            pieces: one or more lines.
            indent: characters from the left.
            fit: what to do with lines that are too long: "wrap", "cut", or "run on" as they are. Outside a terminal
                there is no width, and every line runs on.
        """
        text, left = Text.assemble(*pieces), " " * indent
        if fit == "cut" and self._console.is_terminal:
            self._console.print(left, text, sep="", no_wrap=True, overflow="ellipsis")
            return
        wraps = fit == "wrap" and self._console.is_terminal
        lines = text.wrap(self._console, max(1, self._console.width - indent)) if wraps else text.split("\n")
        for line in lines:
            line.rstrip()
            self._console.print(left, line, sep="", soft_wrap=True)

    def busy(self, what: str) -> None:
        """Show what is being done, in a line that `idle` removes."""
        self._status.update(Text(what))
        self._status.start()

    def idle(self) -> None:
        """Remove that line."""
        self._status.stop()

    def watching(self, cases: Sequence[Case]) -> None:
        """Say what is watched."""
        parts = sorted({str(case.part) for case in cases})
        self.say(f"watching {self._folder}: {_cases(len(cases))} of part{'s' * (len(parts) > 1)} {', '.join(parts)}")
        self.keys()

    def saved(self, names: Sequence[str], count: int) -> None:
        """Say which files were saved or removed, and how many cases they touch."""
        self._console.print()
        self.say((", ".join(names), "bold"), f": {_cases(count)}  ", (time.strftime("%H:%M:%S"), "dim"))

    def verdict(self, verdict: Verdict, verdicts: Iterable[Verdict], passed_before: bool) -> None:
        """Say how a case ended and, if it did not pass, what differs."""
        case, passed = verdict.case, verdict.outcome is Outcome.PASSED
        gained, bonus = "" if passed_before else "+", "bonus " if case.bonus else ""
        earned = f"  {gained}{verdict.points:g} {bonus}points" if passed else ""
        self.say(
            (verdict.outcome, f"bold {STYLES[verdict.outcome]}"),
            f"  {case.id}{earned}  ",
            (case.title, "dim"),
            fit="cut",
        )
        if not passed:
            self._explain(verdict, list(verdicts))

    def _explain(self, verdict: Verdict, verdicts: Sequence[Verdict] = ()) -> None:
        if verdict.outcome is Outcome.NOT_IMPLEMENTED:
            self.say(self._todo(verdict), indent=2, fit="run on")
        elif self._keyed:
            parts = [(label, text) for label, text in labelled(verdict, verdicts) if label not in LABELS]
            self.say("\n".join(f"{label}: {text}" if label else text for label, text in parts), indent=2)
        else:
            self.say(explanation(verdict, verdicts), indent=2)

    def _todo(self, verdict: Verdict) -> str:
        """Name the TODO and its place, in a form that editors' terminals turn into a link."""
        todo, _, where = verdict.message.partition("\n")
        place = _PLACE.search(where)
        return f"{todo}  {self._folder / place[1]}:{place[2]}" if place else todo

    def changes(self, passing: Sequence[Case], failing: Sequence[Case]) -> None:
        """Name the cases that pass now and did not before, and those that no longer pass."""
        for what, cases, style in (("pass now", passing, "green"), ("no longer pass", failing, "red")):
            if cases:
                self.say((f"{what}: ", style), ", ".join(case.id for case in cases))

    def progress(self, progress: Progress, parts: Iterable[int]) -> None:
        """Show how far some parts of the assignment are, a line each."""
        for part in parts:
            passed, count, points = progress.of(part)
            before, after = f"part {part}  ", f"  {passed}/{count} cases, {in_words(points)}"
            room = self._console.width - len(before) - len(after)
            self.say(before, (self._bar(passed, count, room), "green"), after)

    def _bar(self, passed: int, count: int, room: int) -> str:
        width = max(5, min(BAR, room))
        done = passed * width // count
        full, empty = ("#", "-") if self._console.options.ascii_only else (FULL, EMPTY)
        return full * done + empty * (width - done)

    def complete(self, parts: Iterable[int], everything: bool) -> None:
        """Say that all cases of these parts pass, and whether they are the last ones."""
        for part in parts:
            self.say((f"Part {part} is complete: every case passes.", "bold green"))
        if everything:
            self.say(("All cases pass: what remains is training and the written questions.", "green"))

    def next(self, case: Case, verdict: Verdict | None, explained: bool) -> None:
        """Say which case is next and, unless it was just `explained`, what it is about and what is missing."""
        if explained:
            self.say(("next: ", "cyan"), (case.id, "bold"))
            return
        self.say(("next: ", "cyan"), (case.id, "bold"), f"  {case.title}")
        if verdict:
            self._explain(verdict)

    def hint(self, case: Case, verdict: Verdict | None, step: int) -> None:
        """Print one step of the hints to a case; `step` is an index from 0."""
        if step == hints.STEPS:
            self.say(f"{case.id}: there are no more hints; the docstring of the function says all that it must do.")
            return
        self.say((f"hint {step + 1} of {hints.STEPS}", "cyan"), f" for {case.id}: {LABELS[step].lower()}")
        self.say(visible(hints.steps(case, verdict)[step]), indent=2)

    def list(self, progress: Progress) -> None:
        """Print the cases of the part that the student works on with their outcomes, and how far all parts are."""
        part = (progress.focus or progress.cases[-1]).part
        cases = [case for case in progress.cases if case.part == part]
        widest = max(len(case.id) for case in cases)
        for case in cases:
            verdict = progress.verdicts.get(case.id)
            outcome = verdict.outcome if verdict else "-"
            mark, style = "> " if case is progress.focus else "  ", STYLES[verdict.outcome] if verdict else "dim"
            self.say(mark, (f"{outcome:<16}", style), f"{case.id:<{widest}}  ", (case.title, "dim"), fit="cut")
        self.progress(progress, progress.parts)

    def keys(self) -> None:
        """Print what each key does."""
        if self._keyed:
            self.say(("   ".join(f"{key} {what}" for key, what in KEYS.items()), "dim"))

    def problem(self, problem: str, waiting: int = 0) -> None:
        """Print what is wrong with the student's files, and how many cases wait until it is repaired."""
        self.say((shown(problem), "red"))
        if waiting:
            self.say(f"{_cases(waiting)} to grade once you repair that", indent=2)


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"
