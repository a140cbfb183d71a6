"""Where a student stands: the verdicts so far, what waits to be graded, and the case that they are at. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from grader.case import Case, Outcome, Total, Verdict, total


class Progress:
    """Of the cases that are watched, in the order of the assignment.

    Args:
        cases: at least one.
    """

    def __init__(self, cases: Sequence[Case]):
        self.cases = tuple(cases)
        self.verdicts: dict[str, Verdict] = {}  # by the ids of their cases
        self.waiting: list[Case] = []  # to be graded, in this order
        self._at = 0  # the student is at this case, or at the next one that does not pass

    @property
    def focus(self) -> Case | None:
        """The case that the student is at; None if all pass."""
        around = (*self.cases[self._at :], *self.cases[: self._at])
        return next((case for case in around if not self._passes(case)), None)

    def skip(self) -> None:
        """Go on to the next case that does not pass."""
        if self.focus:
            self._at = (self.cases.index(self.focus) + 1) % len(self.cases)

    def follow(self, changed: Iterable[Case]) -> None:
        """Go where the student works: to the first case that a save has changed, unless theirs is among them."""
        changed = [case for case in self.cases if case in changed]
        if changed and self.focus not in changed:
            self._at = self.cases.index(changed[0])

    def wait(self, cases: Iterable[Case], touched: Container[str] = (), answered: Container[str] = ()) -> None:
        """Have these graded, and no others.

        Args:
            cases: any number of them. The one that the student is at comes first, those that pass last, and of all the
                nearest.
            touched: ids of cases that a save has touched: they come before all others.
            answered: TODOs that it has answered: cases that stopped there come before those.
        """

        def urgency(case):
            is_touched, is_answered = case.id in touched, told(self.verdicts.get(case.id))[1] in answered
            ahead = (self.cases.index(case) - self._at) % len(self.cases)
            return not is_answered, not is_touched, case is not self.focus, self._passes(case), ahead

        self.waiting = sorted(cases, key=urgency)

    @property
    def parts(self) -> list[int]:
        """The parts of the assignment that are watched."""
        return sorted({case.part for case in self.cases})

    def of(self, part: int) -> tuple[int, int, Total]:
        """How many cases of a part pass, how many there are, and their points so far."""
        cases = [case for case in self.cases if case.part == part]
        points = total(self.verdicts.get(c.id) or Verdict(c, Outcome.NOT_IMPLEMENTED, 0.0) for c in cases)
        return sum(map(self._passes, cases)), len(cases), points

    def complete(self) -> set[int]:
        """The parts of which every case passes."""
        return {part for part in self.parts if all(self._passes(case) for case in self.cases if case.part == part)}

    def _passes(self, case):
        return passes(self.verdicts.get(case.id))


def passes(verdict: Verdict | None) -> bool:
    """Whether there is a verdict, and it is that the case passes."""
    return verdict is not None and verdict.outcome is Outcome.PASSED


def told(verdict: Verdict | None) -> tuple[Outcome | None, str]:
    """What tells two verdicts apart: not the lines below the first, where line numbers change with every edit."""
    return (verdict.outcome, verdict.message.partition("\n")[0]) if verdict else (None, "")
