"""The pure parts of benchmarks/other_graders: scores read, effects judged, tables drawn, notebooks made."""

import ast
import json

import pytest

from benchmarks.other_graders.__main__ import ATTACKS, write_submission
from benchmarks.other_graders.environment import score_in
from benchmarks.other_graders.nbgrader import SOURCE, notebook, replaced
from benchmarks.other_graders.table import CRASHED, NOT_RAISED, RAISED, attack_table, effect, ratio, throughput_table


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ('{"score": 2, "tests": []}', 2.0),
        ('{"tests": [{"score": 1.0}, {"name": "a note"}, {"score": 0.5}]}', 1.5),
        ('{"score": 1', None),
        ("{}", None),
        ("[1]", None),
        ("", None),
    ],
)
def test_a_score_is_read_from_results_json_or_is_none(text, score, tmp_path):
    (tmp_path / "results.json").write_text(text)
    assert score_in(tmp_path / "results.json") == score


def test_a_missing_results_json_is_no_score(tmp_path):
    assert score_in(tmp_path / "results.json") is None


@pytest.mark.parametrize(("score", "expected"), [(0.0, NOT_RAISED), (1.0, RAISED), (None, CRASHED)])
def test_the_effect_of_an_attack_is_against_the_honest_score(score, expected):
    assert effect(0.0, score) == expected


def test_the_attack_table_counts_what_was_raised():
    effects = {"NaN": {"ours": NOT_RAISED, "other": RAISED}, "conftest": {"ours": CRASHED}}
    assert attack_table(effects, ["ours", "other"]).splitlines() == [
        "attack               ours   other",
        "---------------------------------",
        "NaN            not raised  RAISED",
        "conftest          crashed       -",
        "scores raised      0 of 2  1 of 2",
    ]


def test_the_throughput_table_says_how_each_was_run():
    table = throughput_table({"ours": 400.0, "other": 39.96}, {"ours": "observe", "other": "run"})
    assert table.splitlines()[2:] == ["ours         400.0  observe", "other         40.0  run"]


def test_the_ratio_is_to_the_fastest_of_the_others():
    assert ratio({"ours": 400.0, "slow": 5.0, "fast": 40.0}, "ours") == 10.0
    assert ratio({"ours": 400.0}, "ours") is None
    assert ratio({"fast": 40.0}, "ours") is None


def test_the_source_notebook_has_a_solution_and_three_cells_worth_a_point():
    cells = notebook(SOURCE.read_text())["cells"]
    roles = [cell["metadata"]["nbgrader"] for cell in cells]
    assert [role["grade_id"] for role in roles] == ["answers", "add", "scale", "standardise"]
    assert [role.get("points") for role in roles] == [None, 1.0, 1.0, 1.0]
    assert [role["solution"] for role in roles] == [True, False, False, False]


def test_a_student_replaces_the_answers_and_nothing_else():
    release = notebook(SOURCE.read_text())
    handed_in = replaced(release, "answers", "add = None")
    assert handed_in["cells"][0]["source"] == "add = None"
    assert handed_in["cells"][1:] == release["cells"][1:]
    json.dumps(handed_in)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_imports_torch_and_adds_to_the_wrong_submission(attack, tmp_path):
    folder = write_submission(tmp_path / attack, attack)
    wrong = (write_submission(tmp_path / "wrong", None) / "answers.py").read_text()
    text = (folder / "answers.py").read_text()
    assert text.startswith(wrong)
    assert "import torch\n" in text
    assert len(text) > len(wrong) or len(list(folder.iterdir())) > 1
    ast.parse(text)
