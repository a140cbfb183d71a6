"""Verdicts survive the ledger."""

import json

import pytest

from grader.report.record import Record, Student, everything_asked, verdict_from_json, verdict_to_json
from grader.runtime.case import Outcome, Verdict


@pytest.fixture
def asked(assignment):
    return everything_asked(assignment, assignment.questions)


def test_a_verdict_comes_back_from_json_as_it_was(asked):
    for case in asked.values():
        verdict = Verdict(case, Outcome.FAILED, 0.5, "it differs \u202e", "4.x", "a hint", "out", 1.5, {"mean": 0.5})
        assert verdict_from_json(json.loads(json.dumps(verdict_to_json(verdict))), asked) == verdict


def test_everything_that_earns_points_is_asked_once_and_in_order(assignment, asked):
    ids = [c.id for c in assignment.cases], [q.id for q in assignment.questions]
    names = [f"{a.part}.{name}_accuracy" for name, a in assignment.policy.accuracy.items()]
    assert list(asked) == [*ids[0], *names, *ids[1]]


def test_a_record_is_incomplete_after_a_fault_of_the_grader_and_is_named_by_its_students(asked):
    first, second, *_ = asked.values()
    passed, fault = Verdict(first, Outcome.PASSED, first.points), Verdict(second, Outcome.INFRASTRUCTURE, 0.0)
    assert Record("a", "a", (passed,)).complete
    assert not Record("a", "a", (passed, fault)).complete
    assert Record("a", "folder", ()).who == "folder"
    assert Record("a", "folder", (), (Student("Ada"), Student("Alan"))).who == "Ada, Alan"
    assert Record("a", "a", (passed, fault)).total.earned == first.points
