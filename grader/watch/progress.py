"""Where a student stands: the verdicts so far, the cases that wait, and the case they are working on. Pure."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Sequence

from grader.runtime.case import Case, Outcome, Total, Verdict, total


class Progress:
    """The state of the cases that are watched.

    Args:
        cases: at least one, in the order of the assignment.
    """

    def __init__(self, cases: Sequence[Case]):
        self.cases = tuple(cases)
        self.verdicts: dict[str, Verdict] = {}  # by the ids of their cases
        self.waiting: list[Case] = []  # to be graded, in this order
        self._at = 0  # index of the case the student works on, or of one that passes before it

    @property
    def focus(self) -> Case | None:
        """The case that the student works on; None if all pass."""
        around = (*self.cases[self._at :], *self.cases[: self._at])
        return next((case for case in around if not self._passes(case)), None)

    def skip(self) -> None:
        """Move to the next case that does not pass."""
        if self.focus:
            self._at = (self.cases.index(self.focus) + 1) % len(self.cases)

    def follow(self, changed: Collection[Case]) -> None:
        """Move to where the student works: the first case that a save has changed, unless theirs is among them."""
        in_order = [case for case in self.cases if case in changed]
        if in_order and self.focus not in in_order:
            self._at = self.cases.index(in_order[0])

    def wait(self, cases: Iterable[Case], touched: Container[str] = (), first: Container[str] = ()) -> None:
        """Put these cases, and no others, in line for grading.

        Args:
            cases: any number of them. The one that the student works on comes first, those that pass come last, and
                near ones come before far ones.
            touched: ids of cases that a save touches; they come before the rest.
            first: ids of cases that come before even those.
        """

        def urgency(case: Case) -> tuple[bool, bool, bool, bool, int]:
            ahead = (self.cases.index(case) - self._at) % len(self.cases)
            sort = case.id not in first, case.id not in touched, case is not self.focus, self._passes(case)
            return *sort, ahead

        self.waiting = sorted(cases, key=urgency)

    @property
    def parts(self) -> list[int]:
        """The numbers of the parts that are watched."""
        return sorted({case.part for case in self.cases})

    def of(self, part: int) -> tuple[int, int, Total]:
        """Count the cases of a part that pass and all of them, and add up their points so far."""
        cases = [case for case in self.cases if case.part == part]
        points = total(self.verdicts.get(c.id) or Verdict(c, Outcome.NOT_IMPLEMENTED, 0.0) for c in cases)
        return sum(map(self._passes, cases)), len(cases), points

    def complete(self) -> set[int]:
        """The parts of which every case passes."""
        return {part for part in self.parts if all(self._passes(case) for case in self.cases if case.part == part)}

    def _passes(self, case: Case) -> bool:
        return passes(self.verdicts.get(case.id))


def passes(verdict: Verdict | None) -> bool:
    """Whether there is a verdict and it says that the case passes."""
    return verdict is not None and verdict.outcome is Outcome.PASSED


Gist = tuple[Outcome | None, str]  # None without a verdict


def gist(verdict: Verdict | None) -> Gist:
    """Return the outcome and the first line of the message: line numbers below it change with every edit."""
    return (verdict.outcome, verdict.message.partition("\n")[0]) if verdict else (None, "")
