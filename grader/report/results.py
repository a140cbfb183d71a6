"""Writes the results of one submission as JSON: our own document, and Gradescope's results.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grader.report.terminal import explanation, not_marked
from grader.runtime.case import Outcome, Verdict, total
from grader.util import files


def document(
    submission: str, tier: str, seeds: Sequence[str], verdicts: Sequence[Verdict], changed: Sequence[str] = ()
) -> dict[str, Any]:
    """Make what `grader grade --json` prints: totals, an entry for each case or question, and what was `changed`.

    Seeds appear by name only. `points` includes the bonus points that were earned, of the `bonus` that can be; `max`
    does not include the bonus. `not_marked` is the part of `max` that belongs to written questions without a mark.
    """
    summed = total(verdicts)
    return {
        "submission": submission,
        "tier": tier,
        "seeds": list(seeds),
        "points": summed.earned,
        "max": summed.most,
        "bonus": summed.bonus,
        "not_marked": not_marked(verdicts),
        "cases": [_entry(v) for v in verdicts],
        "outside_todos": list(changed),
    }


def _entry(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": verdict.case.id,
        "part": verdict.case.part,
        "points": None if verdict.outcome is Outcome.NOT_MARKED else verdict.points,
        "max": verdict.case.points,
        "bonus": verdict.case.bonus,
        "outcome": str(verdict.outcome),
        "diagnosis": verdict.diagnosis,
        "message": verdict.message,
        "hint": verdict.hint,
        "output": verdict.output,
        "seconds": round(verdict.seconds, 3),
        **({"figures": dict(verdict.figures)} if verdict.figures else {}),
    }


def gradescope(
    tier: str, seeds: Sequence[str], verdicts: Sequence[Verdict], changed: Sequence[str] = ()
) -> dict[str, Any]:
    """Make Gradescope's results.json. Its leaderboard holds the mean accuracies.

    What was `changed` outside the TODOs goes into the extra data, which students do not see: a hidden test would hide
    the student's total as well.

    After an infrastructure fault there is no score, so that nobody reads a zero. A question without a mark has no score
    either, and the text says what the total lacks.
    """
    complete = all(v.outcome is not Outcome.INFRASTRUCTURE for v in verdicts)
    results: dict[str, Any] = {
        "output": f"Graded at trust tier '{tier}', with inputs from these seeds: {', '.join(seeds)}.",
        "output_format": "text",
        "execution_time": round(sum(v.seconds for v in verdicts), 3),
        "stdout_visibility": "hidden",
        "extra_data": {"tier": tier, "seeds": list(seeds), "outside_todos": list(changed)},
        "tests": [
            {
                "name": f"{v.case.id}: {v.case.title}",
                "number": v.case.id,
                **_score(v, complete),
                "output": f"{v.outcome}\n{explanation(v, verdicts)}".strip(),
                "output_format": "text",
                "visibility": "visible",
                "extra_data": {"outcome": str(v.outcome), "diagnosis": v.diagnosis},
            }
            for v in verdicts
        ],
    }
    if ranked := [v for v in verdicts if v.figures]:
        results["leaderboard"] = [{"name": v.case.id, "value": round(v.figures["mean"], 4)} for v in ranked]
    if waiting := not_marked(verdicts):
        results["output"] += (
            f" {waiting:g} points of written questions are not marked yet: the score does not include them."
        )
    if not complete:
        results["output"] += (
            " The grader itself failed on some cases. This is not your fault, and your work will be graded again."
        )
        return results
    return results | {"score": total(verdicts).earned}


def _score(verdict: Verdict, complete: bool) -> dict[str, Any]:
    """Return the points, and whether a case passed: a mark is neither passed nor failed."""
    if verdict.outcome is Outcome.NOT_MARKED:
        return {}
    score = {"score": verdict.points, "max_score": verdict.case.points} if complete else {}
    if verdict.outcome is Outcome.MARKED:
        return score
    return score | {"status": "passed" if verdict.outcome is Outcome.PASSED else "failed"}


def write_atomically(path: Path, content: dict[str, Any]) -> None:
    """Write JSON whole or not at all."""
    files.replace(path, json.dumps(content, indent=2).encode())
