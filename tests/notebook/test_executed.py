"""The notebooks as students run them: from top to bottom on the solution, and on the stubs up to the first TODO."""

from __future__ import annotations

import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from grader import ROOT

PARTS = {"part1": 1, "part2": 2, "part3": 3, "part4": 4, "part5": 5, "theory": 6}
SECONDS = 600  # of a cell: CI has two cores, and other tests run beside this one
FIRST_CELLS = (ROOT / "notebooks" / "source" / "preludes" / "first_cells.py").read_text()


def notebook(name):
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """run(name, folder) executes a notebook on a copy of a folder, in the profile tiny and without data."""

    def execute(name, folder):
        student = tmp_path / "student"
        student.mkdir()
        for path in [*(ROOT / "student").glob("*.*"), *(ROOT / folder).glob("*.py")]:
            shutil.copy(path, student)
        (tmp_path / "test_resources").symlink_to(ROOT / "test_resources")
        environment = {"STUDENT": student, "PROFILE": "tiny", "DATA": tmp_path / "no data"}
        for variable, value in environment.items():
            monkeypatch.setenv(f"GENMODELS_{variable}", str(value))
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        monkeypatch.setenv("OMP_NUM_THREADS", "1")  # beside other tests more of them wait for one another
        made = notebook(name)
        NotebookClient(
            made, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": ROOT / "notebooks"}}
        ).execute()
        return made

    return execute


def shown(cells, kind):
    """What cells have put out, of a MIME type."""
    outputs = [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
    return [output.data[kind] for output in outputs if kind in output.get("data", {})]


# -------------------------------------------------------------------------------------------------------- executed


@pytest.mark.parametrize("name", PARTS)
def test_it_runs_from_top_to_bottom_on_the_solution_and_grades_every_case(name, run, assignment, tmp_path):
    cells = run(name, "solution").cells
    assert all(cell.execution_count for cell in cells if cell.cell_type == "code")
    verdicts = re.findall(r"^(\S+) ([A-Z_]+) ", "\n".join(shown(cells, "text/plain")), re.MULTILINE)
    due = sorted(case.id for case in assignment.cases if case.part == PARTS[name])
    assert sorted(verdicts) == [(id, "PASSED") for id in due]
    assert ("| profile | `tiny`: " in shown(cells, "text/markdown")[0]) is (name != "theory")  # which trains nothing
    assert "| expect | about 1 minute for the whole notebook |" in shown(cells, "text/markdown")[0]
    assert len(shown(cells, "image/png")) >= 5
    assert (tmp_path / "submission.zip").is_file()
    assert not (tmp_path / "student" / "checkpoints").exists()  # a tiny training must not pass for a real one


@pytest.mark.parametrize("name", PARTS)
def test_on_the_stubs_it_stops_at_the_first_todo_with_a_sentence(name, run):
    with pytest.raises(CellExecutionError) as error:
        run(name, "student")
    assert error.value.ename == "NotebookError"
    assert "Traceback" not in str(error.value)
    assert re.fullmatch(
        r"TODO\([\w.]+\) is not done yet: \w+\.py, line \d+\. Write what it asks for, save the file, and run this "
        r"cell again\.",
        error.value.evalue,
    )


@pytest.mark.parametrize("name", PARTS)
def test_what_is_committed_has_no_outputs(name):
    code = [cell for cell in notebook(name).cells if cell.cell_type == "code"]
    assert len(code) > 10
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


# ------------------------------------------------------------------------------------------------------ the first cells


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A current folder from which Python knows of no handout."""
    monkeypatch.setattr(sys, "path", [p for p in sys.path if not (Path(p) / "grader" / "notebook").is_dir()])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(handout=""):
    """Where the first cells find the handout, with an entry in HANDOUT."""
    names = {}
    exec(FIRST_CELLS.replace('HANDOUT = ""', f"HANDOUT = {str(handout)!r}", 1), names)
    return names["ROOT"]


def a_handout(folder):
    for name in ("grader/notebook", "student", "notebooks"):
        (folder / name).mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\ndependencies = ["numpy>=1"]\n')
    return folder


@pytest.mark.parametrize("below", [".", "notebooks", "student"])
def test_the_first_cells_find_the_handout_above_them(below, nowhere, monkeypatch):
    root = a_handout(nowhere / "work")
    monkeypatch.chdir(root / below)
    assert found() == root
    assert sys.path[0] == str(root)


def test_they_find_one_that_is_unpacked_beside_them(nowhere):
    root = a_handout(nowhere / "handout")
    assert found() == root


def test_they_find_one_where_python_looks(nowhere, monkeypatch):
    root = a_handout(nowhere / "far" / "away")
    monkeypatch.syspath_prepend(str(root))
    assert found() == root


def test_they_unpack_a_zip(nowhere):
    root = a_handout(nowhere / "elsewhere" / "handout")
    with zipfile.ZipFile(nowhere / "handout.zip", "w") as archive:
        for path in root.rglob("*"):
            archive.write(path, path.relative_to(root.parent))
    shutil.rmtree(nowhere / "elsewhere")
    assert found("handout.zip") == nowhere / "handout"


def test_they_copy_what_can_only_be_read(nowhere, monkeypatch):
    root = a_handout(nowhere / "input" / "course" / "handout")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert found(root) == nowhere / "assignment"


def test_they_take_a_folder_that_is_named(nowhere):
    root = a_handout(nowhere / "input" / "course" / "handout")
    assert found(root) == root


def test_they_say_in_a_sentence_that_there_is_none(nowhere):
    with pytest.raises(Exception, match=r"There is no handout at or above .*\. Write its address or path") as error:
        found()
    assert error.value._render_traceback_() == [str(error.value)]


def test_they_install_what_is_missing_and_nothing_else(nowhere, monkeypatch):
    root = a_handout(nowhere / "handout")
    (root / "pyproject.toml").write_text('[project]\ndependencies = ["numpy>=1", "no-such-package>=2"]\n')
    commands = []
    monkeypatch.setattr("subprocess.run", lambda command, **_: commands.append(command))
    found()
    assert commands == [[sys.executable, "-m", "pip", "install", "--quiet", "no-such-package>=2"]]


def test_the_sources_are_what_the_committed_notebooks_are_made_of():
    made = {path.stem for path in (ROOT / "notebooks" / "source").glob("*.py")}
    assert made == {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")} == set(PARTS)


@pytest.mark.parametrize("name", PARTS)
def test_it_opens_with_two_settings_and_folds_away_how_the_handout_is_found(name):
    title, settings, finding, begin, *_ = notebook(name).cells
    assert title.source.startswith("# Part ")
    assert re.fullmatch(r'HANDOUT = ""  # .*\nPROFILE = ""  # .*', settings.source)
    assert finding.metadata == {"jupyter": {"source_hidden": True}, "cellView": "form"}
    assert finding.source.startswith("# @title Find and install the handout (runs by itself)\n")
    assert finding.source in FIRST_CELLS
    assert begin.source.startswith("from grader.notebook import begin")
