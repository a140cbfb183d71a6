"""Makes HTML for people: the report of a class, one file that opens without a server, and a page for each submission.

jinja2 escapes everything. A content security policy names our style and script by their hashes, so that nothing else
runs and nothing is loaded.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course.assignment import Assignment
from grader.report import grid, overview, scores
from grader.report.attention import MEANING, Kind, Reason
from grader.report.record import Record
from grader.report.terminal import in_words, labelled, not_marked, worth
from grader.runtime.case import Case, Outcome, Question, Verdict, total
from grader.runtime.text import shown

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
NAME = 80  # characters of a name in a report; longer names are cut
TEXT = 5000  # characters of one message on a feedback page
HARDEST = 12  # cases and mistakes in view; the rest opens on demand
SYMBOLS = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.ERROR: "!",
    Outcome.NOT_IMPLEMENTED: "○",
    Outcome.INFRASTRUCTURE: "⚠",
    Outcome.MARKED: "✎",
    Outcome.NOT_MARKED: "…",
}
REGRADE = "The grader itself failed here. This is not your fault, and your work will be graded again."


def report(
    records: Sequence[Record], assignment: Assignment, reasons: Mapping[str, Sequence[Reason]], made: datetime
) -> str:
    """Make the report of a class, for its instructor.

    Args:
        records: of the class.
        assignment: what was asked.
        reasons: what to look at in each submission, as `attention.reasons` gives them.
        made: when the report is made.
    """
    asked = {v.case.id: v.case for record in records for v in record.verdicts}
    distributions, standings = overview.distributions(records), overview.standings(records)
    return _render(
        "report.html",
        script="report.js",
        title=assignment.policy.title,
        made=f"{made:%-d %B %Y, %H:%M}",
        tiers=sorted({record.tier for record in records if record.tier}),
        students=sum(len(record.students) or 1 for record in records),
        records=records,
        most=max((record.total.most for record in records), default=0.0),
        urgent=sum(any(r.kind is not Kind.NOT_MARKED for r in listed) for listed in reasons.values()),
        attention=_attention(records, reasons),
        distributions=distributions,
        hardest=[s for s in standings if s.missed and not isinstance(s.case, Question)],
        questions=sorted((s for s in standings if s.counts.get(Outcome.MARKED)), key=lambda s: s.mean or 0.0),
        mistakes=overview.diagnosed(records),
        parts=scores.parts(records),
        reasons=reasons,
        samples=_samples(records, asked),
        data=_data(records, asked, reasons),
    )


def feedback(record: Record, assignment: Assignment) -> str:
    """Make the page of one submission, for its students: nothing about other students, and nothing for staff only."""
    parts = [(part, scores.of_part(record, part)) for part in scores.parts([record])]
    return _render(
        "feedback.html",
        script=None,
        title=assignment.policy.title,
        record=record,
        parts=parts,
        waiting=not_marked(record.verdicts),
        texts={v.case.id: _texts(v, record.verdicts) for v in record.verdicts},
        images={id: grid.whole(path) for id, path in record.images.items()},
    )


def _texts(verdict: Verdict, verdicts: Sequence[Verdict]) -> list[tuple[str, str]]:
    if verdict.outcome is Outcome.INFRASTRUCTURE:
        return [("", REGRADE)]  # the message is about our machine, which is no business of students
    return [(label, text if len(text) <= TEXT else f"{text[:TEXT]} …") for label, text in labelled(verdict, verdicts)]


def _attention(
    records: Sequence[Record], reasons: Mapping[str, Sequence[Reason]]
) -> list[tuple[Kind, str, list[tuple[Record, str]]]]:
    """List the kinds of reasons with their meaning, and for each the submissions with their texts."""
    by_kind: dict[Kind, list[tuple[Record, str]]] = {kind: [] for kind in Kind}
    for record in records:
        for kind, group in itertools.groupby(reasons[record.id], lambda reason: reason.kind):
            by_kind[kind].append((record, "\n".join(reason.text for reason in group)))
    return [(kind, MEANING[kind], items) for kind, items in by_kind.items() if items]


Preview = tuple[Record, Verdict | None, str]  # the last is a data: URI


def _samples(
    records: Sequence[Record], asked: Mapping[str, Case | Question]
) -> list[tuple[Case | Question, list[Preview]]]:
    """List the previews of generated images, for each accuracy that has any."""
    previews: dict[str, list[Preview]] = {}
    for record in records:
        verdicts = {v.case.id: v for v in record.verdicts}
        for id, path in record.images.items():
            previews.setdefault(id, []).append((record, verdicts.get(id), grid.preview(path)))
    return [(case, previews[id]) for id, case in asked.items() if id in previews]


def _data(
    records: Sequence[Record], asked: Mapping[str, Case | Question], reasons: Mapping[str, Sequence[Reason]]
) -> dict[str, Any]:
    """Collect what the script filters by and opens: a letter for each case of a record, its mistakes and reasons."""
    letters = dict(zip(Outcome, "PFNEIMW", strict=True))
    by_record = {}
    for record in records:
        verdicts = () if record.problem else record.verdicts  # nothing ran, so they say nothing about its code
        outcomes = {v.case.id: letters[v.outcome] for v in verdicts}
        searched = [record.id, record.submission, *(t for s in record.students for t in (s.name, s.id, s.email))]
        by_record[record.id] = {
            "outcomes": "".join(outcomes.get(id, "-") for id in asked),
            "mistakes": sorted({v.diagnosis for v in record.verdicts if v.diagnosis}),
            "kinds": [reason.kind.name for reason in reasons[record.id]],
            "reasons": [f"{reason.kind}: {reason.text}" for reason in reasons[record.id]],
            "searched": " ".join(shown(text, NAME) for text in searched).lower(),
            "submission": shown(record.submission, NAME),
            "late": record.late,
        }
    return {
        "cases": [[id, case.title] for id, case in asked.items()],
        "letters": {letter: [str(outcome), SYMBOLS[outcome]] for outcome, letter in letters.items()},
        "hints": {v.diagnosis: v.hint for record in records for v in record.verdicts if v.diagnosis},
        "records": by_record,
    }


def _render(template: str, script: str | None, **context: object) -> str:
    """Fill in a page, with its style and script in it, and the hashes of both."""
    from markupsafe import Markup

    style = (TEMPLATES / "style.css").read_text()
    code = (TEMPLATES / script).read_text() if script else ""
    policy = f"default-src 'none'; img-src data:; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    if code:
        policy += f"; script-src {_hash(code)}"
    ours = {"policy": policy, "style": Markup(style), "code": Markup(code)}
    return _templates().get_template(template).render(**ours, **context)


@functools.cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["shown"] = lambda text: shown(text, NAME)
    environment.globals |= {
        "Outcome": Outcome,
        "SYMBOLS": SYMBOLS,
        "MISSED": overview.NOT_PASSED,
        "HARDEST": HARDEST,
        "scores": scores,
        "bin_of": overview.bin_of,
        "in_words": in_words,
        "total": total,
        "worth": worth,
    }
    return environment


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
