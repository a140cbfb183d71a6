"""A mark that differs from the one that was given before, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """A mark that differs from the one before."""

    record: str  # its id
    case: str  # its id
    before: float | None  # None if the case is new
    after: float
    reason: str

    @property
    def in_words(self) -> str:
        """The change in one line."""
        before = "no mark" if self.before is None else f"{self.before:g}"
        return f"{self.record}: {self.case}: {before} before, {self.after:g} now: {self.reason}"
