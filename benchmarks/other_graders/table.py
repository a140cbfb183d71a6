"""What a grading gave, and the tables of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

RAISED, NOT_RAISED, CRASHED = "RAISED", "not raised", "crashed"


@dataclass(frozen=True)
class Graded:
    """Submissions that were graded."""

    seconds: float  # for all of them
    scores: Callable[[], list[float | None]]  # as they stand when they are read; None where there is none


def total_of_results(results: Mapping) -> float:
    """The score that a Gradescope results.json gives: its own, or else the sum of its tests'."""
    if "score" in results:
        return float(results["score"])
    return float(sum(test.get("score", 0.0) for test in results["tests"]))


def effect(honest: float, score: float | None) -> str:
    """What an attack did to the score that the same submission deserves without it."""
    if score is None:
        return CRASHED
    return RAISED if score > honest else NOT_RAISED


def per_minute(count: int, seconds: float) -> float:
    """Submissions per minute."""
    return 60 * count / seconds


def ratio(rates: Mapping[str, float], ours: str) -> float | None:
    """How many times faster ours is than the fastest of the others; None if one side is missing."""
    others = [rate for name, rate in rates.items() if name != ours]
    return rates[ours] / max(others) if others and ours in rates else None


def text_table(rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned, the first to the left and the others to the right; a rule under the first row."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def attack_table(effects: Mapping[str, Mapping[str, str]], graders: Sequence[str]) -> str:
    """`effects[attack][grader]` with a total of the raised scores."""
    rows = [["attack", *graders]]
    rows += [[attack, *(of.get(grader, "-") for grader in graders)] for attack, of in effects.items()]
    totals = [sum(of.get(grader) == RAISED for of in effects.values()) for grader in graders]
    return text_table([*rows, ["scores raised", *(f"{n} of {len(effects)}" for n in totals)]])


def throughput_table(rates: Mapping[str, float], commands: Mapping[str, str]) -> str:
    """Submissions per minute of each grader, and how it was run."""
    rows = [["grader", "per minute"], *([name, f"{rate:.1f}"] for name, rate in rates.items())]
    head, rule, *lines = text_table(rows).splitlines()
    told = [f"{line}  {commands[name]}" for line, name in zip(lines, rates, strict=True)]
    return "\n".join([f"{head}  run as", rule, *told])
