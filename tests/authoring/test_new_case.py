"""`grader new-case` writes five skeletons, registers them, and `grader check` says what to fill in."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from grader import ROOT
from grader.authoring import completeness, new_case
from grader.authoring.new_case import NewCaseError, _registered, _with_function
from grader.course.assignment import load
from grader.grading.goldens import Known

KINDS = ("cases", "mistakes", "variants", "oracles")


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the solution and of one part, in the place of ours."""
    (tmp_path / "solution").mkdir()
    for path in (ROOT / "solution").glob("*.py"):
        shutil.copy(path, tmp_path / "solution")
    shutil.copytree(ROOT / "grader" / "parts" / "theory", tmp_path / "grader" / "parts" / "theory")
    for module in (new_case, completeness):
        monkeypatch.setattr(module, "ROOT", tmp_path)
        monkeypatch.setattr(module, "FOLDER", tmp_path / "grader" / "parts")
    return tmp_path


@pytest.fixture(scope="module")
def assignment():
    return load(staff=True)


def test_the_five_places_are_written_and_registered(copied, assignment):
    written = list(new_case.new_case(assignment, "theory.entropy"))
    assert [path for path, _ in written] == [
        "solution/theory.py",
        *(f"grader/parts/theory/{kind}/entropy.py" for kind in KINDS),
    ]
    for path, what in written:
        compile((copied / path).read_text(), path, "exec")
        assert what
    for kind in KINDS:
        text = (copied / "grader" / "parts" / "theory" / kind / "__init__.py").read_text()
        assert f"from grader.parts.theory.{kind} import" in text
        assert text.splitlines()[-1].startswith("ENTROPY = ")
    solution = (copied / "solution" / "theory.py").read_text()
    assert solution.count("# BEGIN ANSWER(6.entropy) [5 min, easy]") == 1


def test_what_is_written_is_in_our_style(copied, assignment):
    list(new_case.new_case(assignment, "theory.entropy"))
    shutil.copy(ROOT / "pyproject.toml", copied)
    ours = 'lint.isort.known-first-party = ["grader"]'  # most of which is not in the copy
    for command in (["check", "--config", ours], ["format", "--check"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=copied, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_check_lists_what_is_left_to_fill_in_then_what_is_missing(copied, assignment):
    list(new_case.new_case(assignment, "theory.entropy"))
    bare = replace(
        assignment, solution=copied / "solution", cases=(replace(assignment.by_id["6.query"], id="6.entropy", look=""),)
    )
    lines = completeness.missing(bare, Known())
    assert lines[0].startswith("solution/theory.py, line ")
    assert lines[0].endswith(": fill in what the function does, in one sentence.")
    places = [line.split(",")[0] for line in lines if ": fill in " in line]
    assert list(dict.fromkeys(places)) == [
        "solution/theory.py",
        *(f"grader/parts/theory/{k}/entropy.py" for k in KINDS),
    ]
    assert lines[len(places) :] == [
        "6.entropy: has no hint: write look=... beside its equation (grader/runtime/case.py)",
        "6.entropy: no mistake makes this case fail, so it shows nothing",
        "6.entropy: no oracle for the golden of solution",
        "6.entropy: there is no golden: run `grader update theory`",
    ]


@pytest.mark.parametrize(
    ("name", "file", "reason"),
    [
        ("theori.entropy", None, r"there is no part 'theori'; write PART\.CASE with one of gan, .*theory"),
        (
            "theory.Entropy",
            None,
            "'Entropy' is no name for a case: use small letters, digits and _, as in theory",
        ),
        ("theory", None, "'' is no name for a case"),
        ("theory.query", None, "6.query is taken: choose another name"),
        ("theory.walks", None, "6.walks is taken"),
        ("theory.entropy", "models.py", r"models\.py is not a file of theory; its files are theory\.py"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is(name, file, reason, copied, assignment):
    before = (copied / "solution" / "theory.py").read_bytes()
    with pytest.raises(NewCaseError, match=reason):
        list(new_case.new_case(assignment, name, file))
    assert (copied / "solution" / "theory.py").read_bytes() == before


def test_a_function_stands_before_what_runs_as_a_script():
    script = 'X = 1\n\n\nif __name__ == "__main__":\n    main()\n'
    text = _with_function(script, "\n\ndef f():\n    return 1\n")
    assert text == 'X = 1\n\n\ndef f():\n    return 1\n\n\nif __name__ == "__main__":\n    main()\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"""A."""\n\nX = ()\n', '"""A."""\n\nfrom p import new\nX = ()\n\nNEW = new.CASES\n'),
        (
            '"""A."""\n\nfrom p import old\n\nX = ()\n',
            '"""A."""\n\nfrom p import new, old\n\nX = ()\n\nNEW = new.CASES\n',
        ),
    ],
)
def test_a_package_that_registers_imports_once(text, expected):
    registered = _registered(text, "p", "new", "new.CASES")
    ast.parse(registered)
    assert registered == expected


@pytest.mark.parametrize("part", [part.name for part in load().parts])
def test_every_part_holds_what_its_part_toml_says(part, assignment):
    assert list(completeness.wrong(assignment.only([part]))) == []


def test_points_that_do_not_add_up_are_reported(assignment):
    parts = tuple(replace_points(part) if part.name == "theory" else part for part in assignment.parts)
    lines = list(completeness.wrong(replace(assignment.only(["theory"]), parts=parts)))
    assert lines == ["theory/part.toml: says points = 31, but what it holds comes to 30"]


def replace_points(part):
    return part.model_copy(update={"points": 31.0})


def test_files_that_are_not_written_by_students_are_reported(assignment):
    theory = next(part for part in assignment.parts if part.name == "theory")
    for file, reason in (
        ("nowhere.py", "there is no solution/nowhere.py"),
        ("plots.py", "solution/plots.py has no BEGIN ANSWER"),
        ("models.py", "solution/models.py belongs to part 6, but has an answer of part 4"),
    ):
        wrong = replace(assignment.only(["theory"]), parts=(theory.model_copy(update={"files": (file,)}),))
        assert any(reason in line for line in completeness.wrong(wrong)), file
