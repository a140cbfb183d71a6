"""What of the parts runs beside student code: every case, and nothing that knows an answer."""

import subprocess
import sys

from grader import ROOT
from grader.runtime import discovery

ANSWERS = {"mistakes", "variants", "oracles", "part"}  # packages and files of a part that know answers


def test_the_module_of_every_case_is_found(assignment):
    assert {case.observe.__module__ for case in assignment.cases} <= set(discovery.modules())


def test_how_every_accuracy_builds_its_model_is_found(assignment):
    builders = {policy.build.split(":")[0] for policy in assignment.policy.accuracy.values()}
    assert builders
    assert builders <= set(discovery.modules())


def test_no_module_that_knows_an_answer_is_found():
    modules = list(discovery.modules())
    assert len(modules) == len(set(modules)) > 6
    assert [name for name in modules if ANSWERS & set(name.split("."))] == []


def test_the_paths_exist_and_hold_the_modules_and_no_answer():
    paths = list(discovery.paths())
    assert [path for path in paths if not path.exists()] == []
    files = {file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])}
    assert [file for file in files if ANSWERS & {file.stem, *file.relative_to(discovery.FOLDER).parts}] == []
    for name in discovery.modules():
        place = ROOT.joinpath(*name.split("."))
        assert {place.with_suffix(".py"), place / "__init__.py"} & files, name


def test_a_part_that_is_added_is_found(tmp_path, monkeypatch):
    for name in ("cases/__init__.py", "cases/first.py", "mistakes/__init__.py", "accuracy.py", "__init__.py"):
        (tmp_path / "new" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "new" / name).touch()
    monkeypatch.setattr(discovery, "FOLDER", tmp_path)
    assert list(discovery.modules()) == [f"grader.parts.new.{name}" for name in ("cases", "cases.first", "accuracy")]
    names = [str(path.relative_to(tmp_path)) for path in discovery.paths()]
    assert names == ["__init__.py", "new/__init__.py", "new/cases", "new/accuracy.py"]


def first_to_load_torch(imports):
    """The first of these modules that loads torch, in a new interpreter; '' if none does."""
    script = f"import importlib, sys\nfor name in {imports!r}:\n    importlib.import_module(name)\n"
    script += "    if 'torch' in sys.modules:\n        sys.exit(name)\n"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    return done.stderr.strip()


def test_reading_the_cases_does_not_import_torch(assignment):
    """Nor does anything that a case needs before its experiment runs."""
    imports_torch = {"probes", "fake_gpu", "descent"}  # cases import these lazily
    runtime = {path.stem for path in (ROOT / "grader" / "runtime").glob("*.py")} - imports_torch
    names = [f"grader.runtime.{name}" for name in sorted(runtime)]
    names += [f"grader.sandbox.{name}" for name in ("worker", "serial", "pool")]
    names += sorted({case.observe.__module__ for case in assignment.cases})
    assert first_to_load_torch(names) == ""
