"""What `grader watch` prints: plain lines, each once, which any terminal can show and scroll."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader import hints
from grader.case import Case, Outcome, Verdict
from grader.report.terminal import STYLES, explanation, labelled
from grader.student import LABELS
from grader.text import shown, visible
from grader.watch.progress import Progress

KEYS = {"h": "hint", "l": "list", "n": "next", "r": "rerun", "q": "quit"}
BAR = 20  # characters, in a terminal of 80
FULL, EMPTY = "█", "░"
_PLACE = re.compile(r"at (\w+\.py), line (\d+)")


class Screen:
    """Prints on rich's console.

    Args:
        console: of standard output.
        folder: of the student's files, as they name it.
        keyed: whether keys are heard. Without, all that a hint would say is said at once.
    """

    def __init__(self, console: Console, folder: Path, keyed: bool):
        self._console, self._folder, self._keyed = console, folder, keyed
        self._status = console.status("")

    def say(self, *pieces: str | tuple[str, str], indent: int = 0, fit: str = "wrap") -> None:
        """Print texts and (text, style) pairs.

        Args:
            pieces: of one or more lines.
            indent: characters from the left.
            fit: what becomes of lines that are too long: "wrap", "cut", or "run on" as they are. What is no terminal
                has no width, and all run on.
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
        """Show in a line that goes away again what is being done."""
        self._status.update(Text(what))
        self._status.start()

    def idle(self) -> None:
        """Take that line away."""
        self._status.stop()

    def watching(self, cases: Sequence[Case]) -> None:
        """Tell what is watched."""
        parts = sorted({str(case.part) for case in cases})
        self.say(f"watching {self._folder}: {_cases(len(cases))} of part{'s' * (len(parts) > 1)} {', '.join(parts)}")
        self.keys()

    def saved(self, names: Sequence[str], count: int) -> None:
        """Tell which files were saved or removed, and how many cases they touch."""
        self._console.print()
        self.say((", ".join(names), "bold"), f": {_cases(count)}  ", (time.strftime("%H:%M:%S"), "dim"))

    def verdict(self, verdict: Verdict, verdicts: Iterable[Verdict], passed_before: bool) -> None:
        """Tell how a case ended, and if it did not pass, what differs."""
        case, passed = verdict.case, verdict.outcome is Outcome.PASSED
        worth = f"  {'+' if not passed_before else ''}{verdict.points:g} points" if passed else ""
        self.say(
            (verdict.outcome, f"bold {STYLES[verdict.outcome]}"),
            f"  {case.id}{worth}  ",
            (case.title, "dim"),
            fit="cut",
        )
        if not passed:
            self._explain(verdict, list(verdicts))

    def _explain(self, verdict, verdicts=()):
        if verdict.outcome is Outcome.NOT_IMPLEMENTED:
            self.say(self._todo(verdict), indent=2, fit="run on")
        elif self._keyed:
            parts = [(label, text) for label, text in labelled(verdict, verdicts) if label not in LABELS]
            self.say("\n".join(f"{label}: {text}" if label else text for label, text in parts), indent=2)
        else:
            self.say(explanation(verdict, verdicts), indent=2)

    def _todo(self, verdict):
        """The TODO and where it is, in a form that editors' terminals make a link of."""
        todo, _, where = verdict.message.partition("\n")
        place = _PLACE.search(where)
        return f"{todo}  {self._folder / place[1]}:{place[2]}" if place else todo

    def changes(self, passing: Sequence[Case], failing: Sequence[Case]) -> None:
        """Tell of cases that pass now and did not, and of those that passed and no longer do."""
        for what, cases, style in (("pass now", passing, "green"), ("no longer pass", failing, "red")):
            if cases:
                self.say((f"{what}: ", style), ", ".join(case.id for case in cases))

    def progress(self, progress: Progress, parts: Iterable[int]) -> None:
        """Tell how far some parts of the assignment are, a line each."""
        for part in parts:
            passed, count, points = progress.of(part)
            bonus = f" (+{points.bonus:g})" if points.bonus else ""
            self.say(
                f"part {part}  ",
                (self._bar(passed, count), "green"),
                f"  {passed}/{count} cases, {points.earned:g} of {points.most:g}{bonus} points",
            )

    def _bar(self, passed, count):
        width = max(5, min(BAR, self._console.width - 50))
        done = passed * width // count
        full, empty = ("#", "-") if self._console.options.ascii_only else (FULL, EMPTY)
        return full * done + empty * (width - done)

    def complete(self, parts: Iterable[int], everything: bool) -> None:
        """Tell that all cases of these parts pass, and whether there are no others."""
        for part in parts:
            self.say((f"Part {part} is complete: every case passes.", "bold green"))
        if everything:
            self.say(("All cases pass: what is left is training, and the written questions.", "green"))

    def next(self, case: Case, verdict: Verdict | None, explained: bool) -> None:
        """Tell which case is next, and unless that was just `explained`, what it is about and what is missing."""
        if explained:
            self.say(("next: ", "cyan"), (case.id, "bold"))
            return
        self.say(("next: ", "cyan"), (case.id, "bold"), f"  {case.title}")
        if verdict:
            self._explain(verdict)

    def hint(self, case: Case, verdict: Verdict | None, step: int) -> None:
        """Print one of the steps of a hint, an index from 0."""
        if step == hints.STEPS:
            self.say(f"{case.id}: these are all hints; the docstring of the function is the whole contract.")
            return
        self.say((f"hint {step + 1} of {hints.STEPS}", "cyan"), f" for {case.id}: {LABELS[step].lower()}")
        self.say(visible(hints.steps(case, verdict)[step]), indent=2)

    def list(self, progress: Progress) -> None:
        """Print the cases of the part that the student is at with what became of them, and how far all parts are."""
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

    def problem(self, told: str, waiting: int = 0) -> None:
        """Print what is wrong with the student's files, and how many cases wait until it is mended."""
        self.say((shown(told), "red"))
        if waiting:
            self.say(f"{_cases(waiting)} to grade once that is mended", indent=2)


def _cases(count):
    return "1 case" if count == 1 else f"{count} cases"
