"""docs/adding-a-case.md and docs/adding-a-part.md, word for word, and a repository without each of its parts."""

from __future__ import annotations

import shutil

import pytest

from grader import ROOT
from grader.course.parts import load_parts
from tests.docs.following import copy_of_repository, follow, run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("page", ["adding-a-case", "adding-a-part"])
def test_a_worked_example_leads_from_nothing_to_green(page, tmp_path):
    copy = copy_of_repository(tmp_path)
    follow(ROOT / "docs" / f"{page}.md", copy)
    run(".venv/bin/grader update theory --check", copy)  # nothing is left to generate


@pytest.mark.parametrize("name", [part.name for part in load_parts()])
def test_without_a_part_everything_else_still_works(name, tmp_path):
    copy = copy_of_repository(tmp_path)
    other = next(part for part in reversed(load_parts()) if part.name != name)
    shutil.rmtree(copy / "grader" / "parts" / name)
    run(f".venv/bin/grader update {other.name}", copy)
    run(f".venv/bin/grader check {other.name} --other-seeds 1", copy)
    printed = run(f".venv/bin/grader grade solution --part {other.number} --no-accuracy --trust-submissions", copy)
    assert "FAILED" not in printed
    assert "PASSED" in printed
    run(".venv/bin/grader release --out handout", copy)
    gone = next(part for part in load_parts() if part.name == name)
    for path in [*gone.files, f"../notebooks/{gone.notebook}.ipynb"]:
        assert not (copy / "handout" / "student" / path).exists()
    assert (copy / "handout" / "student" / other.files[0]).exists()
