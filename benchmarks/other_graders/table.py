"""The results of the graders, and their tables. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

RAISED, NOT_RAISED, CRASHED = "RAISED", "not raised", "crashed"


@dataclass(frozen=True)
class Graded:
    """The result of grading some submissions."""

    seconds: float  # for all of them
    scores: Callable[[], list[float | None]]  # reads the current scores; None for a submission without one


def total_of_results(results: Mapping) -> float:
    """The total score in a Gradescope results.json: its own score, or the sum of the tests' scores."""
    if "score" in results:
        return float(results["score"])
    return float(sum(test.get("score", 0.0) for test in results["tests"]))


def effect(honest: float, score: float | None) -> str:
    """Compare the score under an attack with the score that the submission gets without it."""
    if score is None:
        return CRASHED
    return RAISED if score > honest else NOT_RAISED


def per_minute(count: int, seconds: float) -> float:
    """Compute submissions per minute."""
    return 60 * count / seconds


def ratio(rates: Mapping[str, float], ours: str) -> float | None:
    """How many times faster our grader is than the fastest other one; None if one side is missing."""
    others = [rate for name, rate in rates.items() if name != ours]
    return rates[ours] / max(others) if others and ours in rates else None


def text_table(rows: Sequence[Sequence[str]]) -> str:
    """Align columns, the first to the left and the rest to the right, and put a rule under the first row."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def attack_table(effects: Mapping[str, Mapping[str, str]], graders: Sequence[str]) -> str:
    """Format `effects[attack][grader]`, with the number of raised scores."""
    rows = [["attack", *graders]]
    rows += [[attack, *(of.get(grader, "-") for grader in graders)] for attack, of in effects.items()]
    totals = [sum(of.get(grader) == RAISED for of in effects.values()) for grader in graders]
    return text_table([*rows, ["scores raised", *(f"{n} of {len(effects)}" for n in totals)]])


def throughput_table(rates: Mapping[str, float], commands: Mapping[str, str]) -> str:
    """Format each grader's submissions per minute and the command that ran it."""
    rows = [["grader", "per minute"], *([name, f"{rate:.1f}"] for name, rate in rates.items())]
    head, rule, *lines = text_table(rows).splitlines()
    with_commands = [f"{line}  {commands[name]}" for line, name in zip(lines, rates, strict=True)]
    return "\n".join([f"{head}  run as", rule, *with_commands])
