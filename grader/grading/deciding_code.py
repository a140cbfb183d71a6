"""Which files of this package decide verdicts: when one of them changes, what was graded before is graded again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grader import ROOT

PACKAGES = ("runtime", "sandbox", "submission", "course", "grading", "accuracy")
OF_PART = ("part.toml", "*.py", "cases/**/*.py")


def deciding_code() -> Iterator[Path]:
    """The engine's packages that lie below reports, and of each part all but what proves it."""
    package = ROOT / "grader"
    for name in PACKAGES:
        yield from (package / name).rglob("*.py")
    for pattern in OF_PART:
        yield from (package / "parts").glob(f"*/{pattern}")
