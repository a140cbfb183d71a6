"""The results of one submission as JSON: our own document, and Gradescope's results.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from grader import files
from grader.case import Outcome, Verdict, total
from grader.report.terminal import explanation, not_marked


def document(
    submission: str, tier: str, seeds: Sequence[str], verdicts: Sequence[Verdict], changed: Sequence[str] = ()
) -> dict:
    """What `grader grade --json` prints: the totals, one entry for each case or question, and what was `changed`.

    Seeds are told by name alone. `points` holds what was earned of the bonus points, of which there are `bonus`; `max`
    does not hold those. Of `max`, the points `not_marked` are those of written questions that wait for a TA.
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


def _entry(verdict):
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


def gradescope(tier: str, seeds: Sequence[str], verdicts: Sequence[Verdict], changed: Sequence[str] = ()) -> dict:
    """Gradescope's results.json. What was `changed` outside the TODOs is in its extra data, which no student is shown:
    a hidden test would hide the student's total as well. The leaderboard tells the mean accuracies.

    After an infrastructure fault it holds no score, so that nobody reads a zero. Nor does a question that waits
    for a TA, and the text says what the score lacks.
    """
    complete = all(v.outcome is not Outcome.INFRASTRUCTURE for v in verdicts)
    results = {
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
        results["output"] += f" {waiting:g} points of written questions are not marked yet: the score is without them."
    if not complete:
        results["output"] += (
            " The grader itself failed on some cases: this is not your fault, and will be graded again."
        )
        return results
    return results | {"score": total(verdicts).earned}


def _score(verdict, complete):
    """Points, and whether a case passed: a mark is neither passed nor failed."""
    if verdict.outcome is Outcome.NOT_MARKED:
        return {}
    score = {"score": verdict.points, "max_score": verdict.case.points} if complete else {}
    if verdict.outcome is Outcome.MARKED:
        return score
    return score | {"status": "passed" if verdict.outcome is Outcome.PASSED else "failed"}


def write_atomically(path: Path, content: dict) -> None:
    """Write JSON whole or not at all."""
    files.replace(path, json.dumps(content, indent=2).encode())
