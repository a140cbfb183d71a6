"""What a person is asked to look at, and what not."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from grader.accuracy.grade import accuracies_of
from grader.report.attention import MEANING, Kind, reasons
from grader.report.record import Record, Student
from grader.runtime.case import Outcome, Verdict


@pytest.fixture
def ddpm(assignment):
    return next(accuracy for accuracy in accuracies_of(assignment.policy) if accuracy.name == "ddpm")


def record(*verdicts, **fields):
    return Record("r1", "folder", verdicts, (Student("Ada"),), **fields)


def accuracy(ddpm, mean, low, high, **figures):
    usual = {"copies": 0, "samples": 200, "recognised": mean, "confirmed": mean, "suspicious": False}
    return Verdict(ddpm.case, Outcome.FAILED, 0.0, figures={**usual, "mean": mean, "interval": (low, high), **figures})


def test_a_usual_submission_needs_nobody(assignment, ddpm):
    case = assignment.cases[0]
    usual = record(Verdict(case, Outcome.FAILED, 0.0), accuracy(ddpm, 0.8, 0.76, 0.84))
    assert reasons([usual], assignment.policy) == {"r1": []}
    assert set(MEANING) == set(Kind)


@pytest.mark.parametrize(
    ("mean", "low", "high", "text"),
    [
        (0.74, 0.70, 0.78, "4.ddpm_accuracy: 0.75 lies between 0.700 and 0.780"),
        (0.84, 0.74, 0.90, "4.ddpm_accuracy: 0.75 and 0.85 lie between 0.740 and 0.900"),
        (0.86, 0.82, 0.90, None),  # earns everything by its mean as well
        (0.60, 0.55, 0.65, None),
    ],
)
def test_an_accuracy_is_borderline_if_its_interval_holds_a_threshold(mean, low, high, text, assignment, ddpm):
    found = reasons([record(accuracy(ddpm, mean, low, high))], assignment.policy)["r1"]
    assert [(r.kind, r.text) for r in found] == ([(Kind.BORDERLINE, text)] if text else [])


def test_everything_unusual_is_told_the_most_urgent_first(assignment, ddpm):
    fault = Verdict(assignment.cases[0], Outcome.INFRASTRUCTURE, 0.0, "the disk is full\nindeed")
    waiting = Verdict(assignment.questions[0], Outcome.NOT_MARKED, 0.0)
    suspicious = accuracy(ddpm, 0.9, 0.87, 0.93, suspicious=True, copies=3, confirmed=0.7)
    unusual = record(waiting, suspicious, fault, changed=("models.py: \u202e",), problem="not a zip")
    other = Record("r2", "other", ())
    found = reasons(
        [unusual, other],
        assignment.policy,
        [SimpleNamespace(first="r1", second="r2", share=0.914, what="models.py")],
        [SimpleNamespace(record="r1", case="1.x", before=None, after=0.5, reason="a new case")],
    )
    order = ("INFRASTRUCTURE", "PROBLEM", "SUSPICIOUS", "SIMILAR", "CHANGED", "REGRADED", "NOT_MARKED")
    assert [r.kind.name for r in found["r1"]] == list(order)
    assert [r.text for r in found["r1"]] == [
        f"{assignment.cases[0].id}: the disk is full indeed",
        "not a zip",
        "4.ddpm_accuracy: 3 of 200 samples are copies of training images; the given classifier recognises "
        "0.900, the auditor 0.700",
        "91% the same as other: models.py",
        "models.py: \\u202e",
        "1.x: none before, 0.5 now: a new case",
        "2 points",
    ]
    assert [(r.kind, r.text) for r in found["r2"]] == [(Kind.SIMILAR, "91% the same as Ada: models.py")]


def test_one_fault_in_many_cases_is_told_once(assignment):
    verdicts = [Verdict(case, Outcome.INFRASTRUCTURE, 0.0, "not graded yet") for case in assignment.cases[:5]]
    (found,) = reasons([record(*verdicts)], assignment.policy)["r1"]
    assert found.text == f"{assignment.cases[0].id} and 4 more: not graded yet"


def test_pairs_and_changes_of_submissions_that_are_gone_are_left_out(assignment):
    pair = SimpleNamespace(first="r1", second="gone", share=1.0, what="models.py")
    change = SimpleNamespace(record="gone", case="1.x", before=0.0, after=0.5, reason="")
    assert reasons([replace(record(), students=())], assignment.policy, [pair], [change]) == {"r1": []}
