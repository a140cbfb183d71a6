"""Which cases a saved file touches: at least those that load it, as running them shows."""

from dataclasses import replace

import pytest

from grader.runtime.rng import case_seed
from grader.sandbox.exchange import Job
from grader.submission.layout import lay_out
from grader.watch import touched
from tests.experiments import modules_loaded


def test_a_case_is_touched_by_every_file_that_it_loads_and_by_no_other(assignment, tier):
    modules = touched.modules_of(assignment.cases)
    more = []
    with lay_out(assignment.solution, assignment.allowlist, assignment.student) as submission:
        imported = {path.stem: touched.imports(path.read_bytes()) for path in submission.folder.glob("*.py")}
        for case in assignment.cases:
            asking, arguments = replace(case, observe=modules_loaded.observe), {"reference": case.reference}
            seed = case_seed(assignment.policy.public_seed, case.id)
            seen = tier.observe(Job(asking, submission.folder, seed, assignment.limits, arguments))
            found, told = set(seen.arrays["modules"].tolist()), touched.loading(modules[case.id], imported)
            assert found, case.id
            assert found <= told, case.id
            if found & modules[case.id] != modules[case.id]:
                more.append(case.id)
    assert more == []


def test_a_file_touches_the_cases_of_those_that_import_it():
    imported = {"assignment": {"models"}, "models": {"math", "torch", "blocks"}, "blocks": {"torch"}, "theory": set()}
    assert touched.loading({"assignment"}, imported) == {"assignment", "models", "blocks"}
    assert touched.loading({"theory"}, imported) == {"theory"}


def test_files_that_import_each_other_and_one_that_is_not_there_are_no_trouble():
    assert touched.loading({"a"}, {"a": {"b"}, "b": {"a"}}) == {"a", "b"}
    assert touched.loading({"gone"}, {}) == {"gone"}


def test_imports_count_wherever_they_stand():
    text = b"import a, b.c as d\nfrom e.f import g\nfrom . import h\ndef i():\n    import j\n    x = '\\d'\n"
    assert touched.imports(text) == {"a", "b", "e", "j"}


@pytest.mark.parametrize("text", [b"def (", b"\x00", b"\xff", b"# coding: no-such\n", b"(" * 10_000])
def test_what_python_cannot_read_raises_what_is_promised(text):
    with pytest.raises((SyntaxError, ValueError, RecursionError, MemoryError)):
        touched.imports(text)


def test_a_todo_is_answered_when_nothing_raises_it_any_more():
    raising = b'raise NotImplementedError("TODO(4.noise)")\nraise NotImplementedError("TODO(4.x)")\n'
    stub = b"# TODO(4.noise): draw it\n" + raising
    assert touched.answered(stub, b"# TODO(4.noise): draw it\nreturn 1\n") == {"TODO(4.noise)", "TODO(4.x)"}
    assert touched.answered(stub, stub + b"\n") == set()
