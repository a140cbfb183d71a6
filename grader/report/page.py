"""HTML for people: the report of a class, one file that opens without a server, and a page for each submission.

Everything is escaped by jinja2, and the browser is told by hash which style and script are ours: nothing else can run,
and nothing can be loaded.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from grader.assignment import Assignment
from grader.case import Outcome, Question
from grader.record import Record
from grader.report import grid, overview, scores
from grader.report.attention import MEANING, Kind, Reason
from grader.report.terminal import labelled, not_marked
from grader.text import shown

TEMPLATES = Path(__file__).parent / "templates"
NAME = 80  # characters of a name in a report; longer ones are cut
TEXT = 5000  # characters of one message on a feedback page
HARDEST = 12  # cases and mistakes that are shown at once; the others open on demand
SYMBOLS = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.ERROR: "!",
    Outcome.NOT_IMPLEMENTED: "○",
    Outcome.INFRASTRUCTURE: "⚠",
    Outcome.MARKED: "✎",
    Outcome.NOT_MARKED: "…",
}
REGRADE = "The grader itself failed here. This is not your fault, and will be graded again."


def report(
    records: Sequence[Record], assignment: Assignment, reasons: Mapping[str, Sequence[Reason]], made: datetime
) -> str:
    """The report of a class, for its instructor.

    Args:
        records: of the class.
        assignment: what was asked.
        reasons: what to look at in each submission, as `attention.reasons` gives them.
        made: when.
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
        urgent=sum(any(r.kind is not Kind.NOT_MARKED for r in told) for told in reasons.values()),
        attention=_attention(records, reasons),
        distributions=distributions,
        hardest=[s for s in standings if s.missed and not isinstance(s.case, Question)],
        questions=sorted((s for s in standings if s.counts.get(Outcome.MARKED)), key=lambda s: s.mean),
        mistakes=overview.diagnosed(records),
        parts=scores.parts(records),
        reasons=reasons,
        samples=_samples(records, asked),
        data=_data(records, asked, reasons),
    )


def feedback(record: Record, assignment: Assignment) -> str:
    """The page of one submission, for its students: nothing of others, and nothing that only staff may see."""
    parts = [(part, scores.of_part(record, part)) for part in scores.parts([record])]
    return _render(
        "feedback.html",
        script=None,
        title=assignment.policy.title,
        record=record,
        parts=parts,
        waiting=not_marked(record.verdicts),
        told={v.case.id: _told(v, record.verdicts) for v in record.verdicts},
        images={id: grid.whole(path) for id, path in record.images.items()},
    )


def _told(verdict, verdicts):
    if verdict.outcome is Outcome.INFRASTRUCTURE:
        return [("", REGRADE)]  # what failed is our machine, and none of theirs
    return [(label, text if len(text) <= TEXT else f"{text[:TEXT]} …") for label, text in labelled(verdict, verdicts)]


def _attention(records, reasons):
    """By kind: what to look at, and the submissions that it was found in, each with what was found."""
    found = {kind: [] for kind in Kind}
    for record in records:
        for kind, told in itertools.groupby(reasons[record.id], lambda reason: reason.kind):
            found[kind].append((record, "\n".join(reason.text for reason in told)))
    return [(kind, MEANING[kind], items) for kind, items in found.items() if items]


def _samples(records, asked):
    """Previews of generated images: (case, [(record, its verdict, preview)]) for each accuracy that has any."""
    found = {}
    for record in records:
        verdicts = {v.case.id: v for v in record.verdicts}
        for id, path in record.images.items():
            found.setdefault(id, []).append((record, verdicts.get(id), grid.preview(path)))
    return [(case, found[id]) for id, case in asked.items() if id in found]


def _data(records, asked, reasons):
    """What the script filters by and opens: a letter for each case of a record, and what was found in it."""
    letters = dict(zip(Outcome, "PFNEIMW", strict=True))
    told = {}
    for record in records:
        verdicts = () if record.problem else record.verdicts  # nothing was tried: what they say is not of its code
        outcomes = {v.case.id: letters[v.outcome] for v in verdicts}
        searched = [record.id, record.submission, *(t for s in record.students for t in (s.name, s.id, s.email))]
        told[record.id] = {
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
        "records": told,
    }


def _render(template, script, **context):
    """A page with its style and script in it, and the hashes of both."""
    from markupsafe import Markup

    style = (TEMPLATES / "style.css").read_text()
    code = (TEMPLATES / script).read_text() if script else ""
    policy = f"default-src 'none'; img-src data:; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    if code:
        policy += f"; script-src {_hash(code)}"
    ours = {"policy": policy, "style": Markup(style), "code": Markup(code)}
    return _templates().get_template(template).render(**ours, **context)


@functools.cache
def _templates():
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
    }
    return environment


def _hash(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
