"""Classes of made-up students, as records: with the real cases, mistakes and hints, and pictures."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from grader.accuracy.grade import accuracies_of
from grader.accuracy.statistics import points_share, wilson_interval
from grader.course.assignment import Assignment
from grader.report import grid
from grader.report.record import Record, Student
from grader.runtime.case import Outcome, Verdict
from grader.runtime.text import shown

FIRST = ["Ada", "Chidi", "Emmy", "Fatima", "Hồng", "Ibrahim", "José", "Łucja", "Mei", "Noor", "Priya", "Søren", "محمد"]
LAST = ["Adeyemi", "Deng", "Erdős", "Fujita", "García", "Hopper", "Ivanova", "Kołodziej", "Müller", "Noether"]
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "</script><script>document.title='owned'</script>",
    "=cmd|' /C calc'!A0",
    "\u202eecilA",
    "{{ 7 * 7 }}{% raw %}",
    "long " * 2000,
    "x' onmouseover='alert(1)",
)


def a_class(assignment: Assignment, size: int, folder: Path, seed: int = 0) -> list[Record]:
    """A class of records; the pictures are shared by many, and lie in `folder`.

    Args:
        assignment: with its mistakes.
        size: how many submissions.
        folder: for the pictures.
        seed: another one, another class.
    """
    pictures = {accuracy.id: _pictures(accuracy, folder, seed) for accuracy in accuracies_of(assignment.policy)}
    return [_record(assignment, i, random.Random(f"{seed} {i}"), pictures) for i in range(size)]


def hostile(assignment: Assignment, folder: Path) -> list[Record]:
    """A class whose names, messages and notes try to act."""
    records = a_class(assignment, len(HOSTILE), folder)
    case = assignment.cases[0]
    return [
        Record(
            f"hostile-{i}",
            name,
            (Verdict(case, Outcome.FAILED, 0.0, name, "1.x", f"hint {shown(name, 60)}", name), *record.verdicts[1:]),
            (Student(name, name, name),),
            changed=(name,),
            problem=name if i == 1 else "",
            images=record.images,
        )
        for i, (name, record) in enumerate(zip(HOSTILE, records, strict=True))
    ]


def _record(assignment, i, chance, pictures) -> Record:
    able = min(1.0, chance.betavariate(4, 1.3))
    kind = chance.choices(("usual", "stubs", "problem", "fault"), (92, 3, 2, 3))[0]
    verdicts = [_verdict(case, assignment, able, kind, chance) for case in assignment.cases]
    accuracies = [_accuracy(accuracy, able, kind, chance) for accuracy in accuracies_of(assignment.policy)]
    questions = [_question(question, able, chance) for question in assignment.questions]
    group = [f"{chance.choice(FIRST)} {chance.choice(LAST)}" for _ in range(chance.choice((1, 1, 1, 2)))]
    return Record(
        f"submission_{1000 + i}",
        f"submission_{1000 + i}",
        (*verdicts, *accuracies, *questions),
        tuple(Student(name, f"{20260000 + 2 * i + j}", f"s{2 * i + j}@example.org") for j, name in enumerate(group)),
        late=chance.random() < 0.08,
        tier="sandbox",
        seeds=("public", "secret"),
        changed=("models.py: the class UNet has been changed",) if chance.random() < 0.06 else (),
        problem="the submission holds none of the files to hand in" if kind == "problem" else "",
        images={v.case.id: chance.choice(pictures[v.case.id]) for v in accuracies if v.figures},
    )


def _verdict(case, assignment, able, kind, chance) -> Verdict:
    if kind == "problem":
        return Verdict(case, Outcome.ERROR, 0.0, "the submission holds none of the files to hand in")
    if kind == "stubs":
        return Verdict(case, Outcome.NOT_IMPLEMENTED, 0.0, f"TODO({case.id}) is left")
    if kind == "fault" and chance.random() < 0.02:
        return Verdict(case, Outcome.INFRASTRUCTURE, 0.0, "the fork server has ended: No space left on device")
    if chance.random() < able:
        return Verdict(case, Outcome.PASSED, case.points, seconds=0.1)
    known = [mistake for mistake in assignment.mistakes if case.id in mistake.fails]
    if known and chance.random() < 0.6:
        mistake = known[min(int(chance.expovariate(1.0)), len(known) - 1)]
        message = "the result differs: expected 0.5123 at [0, 1], got 0.2561"
        return Verdict(case, Outcome.FAILED, 0.0, message, mistake.id, mistake.hint, "step 1\nstep 2", 0.2)
    if chance.random() < 0.3:
        return Verdict(case, Outcome.ERROR, 0.0, "RuntimeError: mat1 and mat2 shapes cannot be multiplied", seconds=0.2)
    if chance.random() < 0.3:
        return Verdict(case, Outcome.NOT_IMPLEMENTED, 0.0, f"TODO({case.id}) is left")
    return Verdict(case, Outcome.FAILED, 0.0, "the result differs: expected shape (5, 2), got (2, 5)", seconds=0.2)


def _accuracy(accuracy, able, kind, chance) -> Verdict:
    if kind in ("problem", "stubs") or chance.random() > able + 0.2:
        return Verdict(accuracy.case, Outcome.NOT_IMPLEMENTED, 0.0, f"{accuracy.policy.checkpoint} was not handed in")
    p, samples = accuracy.policy, accuracy.policy.samples_per_round
    full = p.nothing_at + 1.5 * (p.everything_at - p.nothing_at)  # most models work well, or not at all
    mean = min(1.0, max(0.1, chance.gauss(full if chance.random() < able else 0.7 * p.nothing_at, 0.06)))
    share, copies = points_share(mean, p.nothing_at, p.everything_at), 7 if chance.random() < 0.01 else 0
    figures = {
        "accuracies": [mean],
        "samples": samples,
        "mean": mean,
        "interval": wilson_interval(round(mean * samples), samples),
        "recognised": mean,
        "confirmed": mean,
        "copies": copies,
        "suspicious": bool(copies),
    }
    outcome = Outcome.PASSED if share == 1.0 else Outcome.FAILED
    message = f"accuracy of each round: {mean:.3f}\nmean {mean:.3f} over {samples} samples"
    return Verdict(accuracy.case, outcome, share * p.points, message, seconds=60.0, figures=figures)


def _question(question, able, chance) -> Verdict:
    if chance.random() < 0.02:
        return Verdict(question, Outcome.NOT_MARKED, 0.0, "a TA has not marked this yet")
    points = round(question.points * min(1.0, max(0.0, chance.gauss(able, 0.2))) * 2) / 2
    return Verdict(question, Outcome.MARKED, min(points, question.points), "Say why the minimum is unique.")


def _pictures(accuracy, folder, seed) -> list[Path]:
    """Three grids of blurred blobs in the shape of the model's images."""
    paths = [folder / f"{accuracy.id}-{i}.png" for i in range(3)]
    channels, height, width = accuracy.policy.image_shape
    y, x = np.mgrid[:height, :width]
    for i, path in enumerate(paths):
        rng = np.random.default_rng([seed, i, len(accuracy.id)])
        labels = np.arange(8 * accuracy.policy.classes) % accuracy.policy.classes
        centre = rng.normal(height / 2, height / 8, (len(labels), channels, 3, 2, 1, 1))
        blobs = np.exp(
            -((y - centre[..., 0, :, :]) ** 2 + (x - centre[..., 1, :, :]) ** 2)
            / (4.0 + labels[:, None, None, None, None])
        )
        grid.save(2 * blobs.max(2) - 1, labels, path, -1.0)
    return paths


def pairs_and_changes(records: list[Record]) -> Mapping:
    """Pairs that are alike and marks that have changed, of the first records of a class."""
    from types import SimpleNamespace

    a, b, *_ = records
    return {
        "similar": [SimpleNamespace(first=a.id, second=b.id, share=0.93, what="models.py, assignment.py")],
        "changes": [
            SimpleNamespace(record=b.id, case="4.noise", before=0.0, after=0.25, reason="grader: 4.noise changed")
        ],
    }
