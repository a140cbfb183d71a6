"""docs/adding-a-case.md and docs/adding-a-part.md, word for word, and a repository without each of its parts."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize("gone", load_parts(), ids=lambda part: part.name)
def test_without_a_part_everything_else_still_works(gone, tmp_path):
    copy = copy_of_repository(tmp_path)
    shutil.rmtree(copy / "grader" / "parts" / gone.name)
    others = [part for part in load_parts() if part != gone]
    grade = ".venv/bin/grader grade solution --no-accuracy --public-only --trust-submissions --json"
    graded, _ = json.JSONDecoder().raw_decode(run(grade, copy))
    assert {verdict["part"] for verdict in graded["cases"]} == {part.number for part in others}
    assert {verdict["outcome"] for verdict in graded["cases"]} == {"PASSED", "NOT_MARKED"}
    last = others[-1]
    run(f".venv/bin/grader update {last.name}", copy)
    run(f".venv/bin/grader check {last.name} --other-seeds 1", copy)
    printed = run(f".venv/bin/grader grade solution --part {last.number} --no-accuracy --trust-submissions", copy)
    assert "FAILED" not in printed
    assert "PASSED" in printed
    run(".venv/bin/grader release --out handout", copy)
    for path in [*gone.files, f"../notebooks/{gone.notebook}.ipynb"]:
        assert not (copy / "handout" / "student" / path).exists()
    assert (copy / "handout" / "student" / last.files[0]).exists()
