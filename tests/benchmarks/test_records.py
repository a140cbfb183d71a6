"""docs/benchmarks.md holds what the result files hold, and nothing else."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from datetime import date
from types import SimpleNamespace

import pytest

from benchmarks import page, record
from benchmarks.record import RecordError, figure
from grader import ROOT

FIGURES = [
    figure("Grading, 122 cases", 10.2, "s", baseline=("`import torch`", 2.9), ratio=10.2 / 2.9),
    figure("Attacks that raise a score", 0),
    figure("Share in common", "0 to 3%"),
]
REQUIRED = ("name", "about", "date", "command", "machine", "versions", "figures")
HELPERS = {"record.py", "page.py"}


@pytest.fixture
def results(tmp_path, monkeypatch):
    """An empty folder into which `record` writes."""
    monkeypatch.setenv(record.FOLDER_VARIABLE, str(tmp_path / "results"))
    monkeypatch.setattr(sys, "argv", [str(ROOT / "benchmarks" / "unit_grading.py"), "--rounds", "1"])
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__doc__="Measures grading.\n\nMore.", __spec__=None))
    return tmp_path / "results"


@pytest.fixture
def made(results, tmp_path):
    """A result file and the page that is made of it: (result, page)."""
    written = record.record("unit_grading", FIGURES, note="Medians.")
    assert page.main(["--results", str(results), "--page", str(tmp_path / "page.md")]) == 0
    return written, tmp_path / "page.md"


def check(results, path):
    return page.main(["--check", "--results", str(results), "--page", str(path)])


# ----------------------------------------------------------------------------------------------------- the result files


def test_a_record_holds_every_required_field(made, capsys):
    stored = json.loads(made[0].read_text())
    assert set(REQUIRED) <= stored.keys()
    assert date.fromisoformat(stored["date"])
    assert stored["machine"].keys() >= {"cores", "processor"}
    assert stored["versions"].keys() == {"python", "torch", "numpy"}
    assert stored["about"] == "Measures grading."
    assert stored["command"] == "python benchmarks/unit_grading.py --rounds 1"
    assert stored["figures"][0] == {
        "what": "Grading, 122 cases",
        "value": 10.2,
        "unit": "s",
        "baseline": {"what": "`import torch`", "value": 2.9},
        "ratio": 3.51724,
    }
    assert [one["value"] for one in stored["figures"][1:]] == [0, "0 to 3%"]


def test_a_record_does_not_name_the_machine(made):
    assert os.uname().nodename not in made[0].read_text()
    assert str(ROOT) not in made[0].read_text()


@pytest.mark.parametrize("field", REQUIRED)
def test_a_result_without_a_required_field_is_refused(field, made, results, capsys):
    stored = json.loads(made[0].read_text())
    made[0].write_text(json.dumps({name: value for name, value in stored.items() if name != field}))
    with pytest.raises(RecordError, match=f"unit_grading.json: {field}: Field required"):
        record.read(made[0])
    assert check(results, made[1]) == 2
    assert "run its benchmark again" in capsys.readouterr().err


def test_a_result_under_another_name_is_refused(made):
    with pytest.raises(RecordError, match=r"other.json holds the result of 'unit_grading': rename it"):
        record.read(made[0].rename(made[0].with_name("other.json")))


@pytest.mark.parametrize(
    ("name", "figures", "message"),
    [
        ("../x", FIGURES, "is not the name of a result"),
        ("x", [], "x: there is no figure to record"),
        ("x", [{"what": "Time"}], "x: figures.0.value.*: Field required"),
        ("x", [figure("Time", float("nan"))], "x: figures.0.value.*finite number"),
        ("x", [{"what": "Time", "value": 1, "speed": 2}], "x: figures.0.speed: Extra inputs are not permitted"),
    ],
)
def test_what_is_not_a_result_is_not_written(name, figures, message, results):
    with pytest.raises(RecordError, match=message):
        record.record(name, figures)
    assert not results.exists()


def test_a_baseline_of_the_record_is_that_of_figures_without_their_own(results):
    written = record.record("x", FIGURES, baseline={"what": "nothing", "value": 1})
    assert [one.baseline.what for one in record.read(written).figures] == ["`import torch`", "nothing", "nothing"]


@pytest.mark.parametrize(
    ("argv", "spec", "expected"),
    [
        (["benchmarks/a.py", "--size", "20"], None, "python benchmarks/a.py --size 20"),
        (["benchmarks/a.py", "--setting", "no guidance"], None, "python benchmarks/a.py --setting 'no guidance'"),
        (
            ["x", "--keep", "/tmp/mine", "--out=/tmp/mine"],
            "benchmarks.b",
            "python -m benchmarks.b --keep PATH --out=PATH",
        ),
        (["x", str(ROOT / "outputs")], "benchmarks.b.__main__", "python -m benchmarks.b outputs"),
    ],
)
def test_a_command_is_as_somebody_else_can_run_it(argv, spec, expected, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert record.command(argv, spec and SimpleNamespace(name=spec)) == expected


def test_options_that_make_another_result_are_in_its_name():
    assert record.named("first_run", "3.12") == "first_run_3_12"
    assert record.named("part4_accuracy", None, "without guidance") == "part4_accuracy_without_guidance"


# ------------------------------------------------------------------------------------------------------------- the page


def test_the_page_in_docs_is_what_the_result_files_make():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.page", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_page_shows_what_a_result_holds(made):
    text = made[1].read_text()
    assert "## What grading costs\n\n### Unit grading\n\nMeasures grading. Medians.\n" in text
    assert "| Grading, 122 cases | 10.2 s | `import torch`: 2.90 s | 3.52 |" in text
    assert "| Attacks that raise a score | 0 |  |  |" in text
    assert "| Share in common | 0 to 3% |  |  |" in text
    assert "\n`python benchmarks/unit_grading.py --rounds 1` · " in text


def test_the_same_results_make_the_same_page_in_any_order(made):
    first = record.read(made[0])
    records = [first, first.model_copy(update={"name": "first_run_3_12"}), first.model_copy(update={"name": "else"})]
    text = page.page(records)
    assert text == page.page(records[::-1])
    assert text.index("### Unit grading") < text.index("### First run 3 12") < text.index("## Other benchmarks")


@pytest.mark.parametrize(
    "old_and_new", [("10.2 s", "9.2 s"), ("| 0 to 3% |  |  |\n", "| 0 to 3% |  |  |\n| More | 7 | | |\n")]
)
def test_a_figure_that_is_in_no_result_file_fails_the_check(old_and_new, made, results, capsys):
    assert check(results, made[1]) == 0
    made[1].write_text(made[1].read_text().replace(*old_and_new))
    assert check(results, made[1]) == 1
    assert "is not what the result files make: run python -m benchmarks.page" in capsys.readouterr().err


def test_a_new_result_fails_the_check_until_the_page_is_made(made, results):
    record.record("class_report", FIGURES)
    assert check(results, made[1]) == 1
    assert page.main(["--results", str(results), "--page", str(made[1])]) == 0
    assert check(results, made[1]) == 0


def test_without_results_the_page_says_how_to_make_them():
    assert "There are no results yet. Run `make bench`." in page.page([])


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.0473, "", "0.0473"),
        (10.24, "s", "10.2 s"),
        (95.83, "%", "95.8%"),
        (513.4, "MB", "513 MB"),
        (18009, "", "18,009"),
        (0.0, "s", "0.00 s"),
        (-12345.6, "", "-12,346"),
        ("0 to 3%", "", "0 to 3%"),
    ],
)
def test_a_number_has_three_digits_on_the_page(value, unit, expected):
    assert page.shown(value, unit) == expected


# ------------------------------------------------------------------------------------------------------- the benchmarks


def benchmarks():
    """{name: syntax tree} of the scripts in benchmarks/ that record."""
    paths = [p for p in (ROOT / "benchmarks").glob("*.py") if p.name not in HELPERS]
    paths.append(ROOT / "benchmarks" / "other_graders" / "__main__.py")
    names = {path: path.parent.name if path.name == "__main__.py" else path.stem for path in paths}
    return {names[path]: ast.parse(path.read_text()) for path in paths if "import figure" in path.read_text()}


def test_every_benchmark_has_its_place_on_the_page():
    assert benchmarks().keys() == {name for names in page.GROUPS.values() for name in names}


@pytest.mark.parametrize("name", benchmarks())
def test_a_benchmark_records_only_when_it_is_run_as_a_command(name):
    def calls(tree):
        return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "record"]

    tree = benchmarks()[name]
    assert len(calls(tree)) == len(calls(tree.body[-1])) == 1
    assert ast.unparse(tree.body[-1].test) == "__name__ == '__main__'"
