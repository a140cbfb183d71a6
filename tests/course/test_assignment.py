"""Everything that an assignment consists of fits together."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from dataclasses import fields, replace

import pytest

from grader.course import assignment as assignments
from grader.course.assignment import load
from grader.grading import goldens
from grader.runtime.case import Case
from grader.sandbox.exchange import Limits


def test_staff_get_what_students_do_not(assignment):
    for_students = load()
    assert for_students.solution is None
    assert (for_students.mistakes, for_students.variants, for_students.oracles) == ((), (), ())
    assert for_students.cases == assignment.cases
    assert assignment.cases
    assert assignment.mistakes
    assert assignment.variants
    assert assignment.oracles
    assert assignment.solution.is_dir()


def test_no_case_and_question_share_an_id(assignment):
    assert assignment.questions
    assert not {question.id for question in assignment.questions} & assignment.by_id.keys()


@pytest.mark.parametrize("kind", ["cases", "questions", "mistakes", "variants"])
def test_every_id_is_unique_and_starts_with_its_part(assignment, kind):
    ids = [thing.id for thing in getattr(assignment, kind)]
    assert [id for id, count in Counter(ids).items() if count > 1] == []
    assert [id for id in ids if not re.fullmatch(r"[1-6]\.[a-z0-9_]+", id)] == []


def test_mistakes_and_variants_do_not_share_ids(assignment):
    assert not {m.id for m in assignment.mistakes} & {v.id for v in assignment.variants}


def test_everything_that_names_a_case_names_one_that_exists(assignment):
    named = {
        **{f"{c.id} needs": c.needs for c in assignment.cases},
        **{f"{m.id} fails": m.fails for m in assignment.mistakes},
        **{f"{v.id} is an alternative for": v.alternative_for for v in assignment.variants},
        **{f"the oracle of {o.case} ({o.variant})": (o.case,) for o in assignment.oracles},
    }
    assert {who: ids for who, ids in named.items() if not set(ids) <= assignment.by_id.keys()} == {}


def test_every_mistake_fails_something_and_has_a_hint(assignment):
    assert [m.id for m in assignment.mistakes if not m.fails or len(m.hint) < 20] == []


def test_every_oracle_of_a_variant_is_of_one_that_is_an_alternative_for_the_case(assignment):
    alternatives = {(id, v.id) for v in assignment.variants for id in v.alternative_for}
    assert {(o.case, o.variant) for o in assignment.oracles if o.variant} <= alternatives


def test_no_case_needs_itself_directly_or_in_a_circle(assignment):
    def needed(id, path=()):
        assert id not in path, f"{' -> '.join(path)} -> {id}"
        for other in assignment.by_id[id].needs:
            needed(other, (*path, id))

    for id in assignment.by_id:
        needed(id)


def test_a_worker_finds_every_case_by_its_reference(assignment):
    for case in assignment.cases:
        module, name = case.reference.split(":")
        found = getattr(importlib.import_module(module), name)
        assert isinstance(found, Case)
        assert found == case


def test_the_parts_of_cases_are_numbers(assignment):
    assert {case.part for case in assignment.cases} <= set(range(1, 7))


def test_every_array_of_every_golden_has_a_text_for_students_and_the_other_way_round(assignment):
    known = goldens.load(assignment.resources)
    assert known.goldens.keys() == assignment.by_id.keys()
    for case in assignment.cases:
        for source, arrays in known.goldens[case.id].items():
            assert (case.id, source, arrays.keys()) == (case.id, source, case.shows.keys())


def test_the_limits_of_a_case_are_those_of_the_policy(assignment):
    policy = assignment.policy.limits.model_dump()
    assert vars(assignment.limits) == {limit.name: policy[limit.name] for limit in fields(Limits)}


def test_the_allowlist_holds_every_graded_checkpoint(assignment):
    names = {allowed.name for allowed in assignment.allowlist}
    assert {a.checkpoint for a in assignment.policy.accuracy.values()} <= names


def test_a_case_that_has_a_name_and_is_in_a_tuple_is_collected_once(assignment, monkeypatch):
    theory = next(part for part in assignment.parts if part.name == "theory")
    package = importlib.import_module("grader.parts.theory.cases")
    monkeypatch.setattr(package, "alone", package.CASES[0], raising=False)
    assert assignments._collect([theory], "cases", Case) == package.CASES


def test_questions_of_a_part_that_was_taken_away_are_not_asked(assignment):
    gone, *others = assignment.parts
    asked = {question.part for question in replace(assignment, parts=tuple(others)).questions}
    assert asked == {question.part for question in assignment.questions} - {gone.number}
    assert gone.number in {question.part for question in assignment.questions}
