"""What students get: enough to grade themselves, and nothing that only staff may have."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from grader import ROOT
from grader import conftest as door
from grader.commands.staff import app
from grader.course.parts import load_parts
from grader.course.questions import PLACEHOLDER
from grader.release import handout
from grader.release.bundle import BundleError, write_folder, write_zip
from tests.authoring.test_stubs import answers

# What students run: `pytest grader/`, `grader`, collect_submission.sh, the notebooks, and what those start as processes
# of their own.
STARTED = (
    *("conftest", "test_submission", "commands.students", "commands.collect", "notebook"),
    *("sandbox.forkserver", "sandbox.worker", "accuracy.scorer_process", "parts.gan.challenge"),
)
# Imported where their files are, or at tiers of trust, that students do not have.
NOT_THEIRS = {
    "grader.accuracy.staff.auditor",
    "grader.accuracy.staff.frechet",
    *(f"grader.parts.{part.name}.{kind}" for part in load_parts() for kind in ("mistakes", "variants", "oracles")),
}
STAFF = ("authoring", "batch", "release", "similarity", "accuracy.staff", "commands.staff", "commands.authors")
PACKAGES_NOT_THEIRS = {"pyseccomp"}
GIVEN_FILES = {"datasets", "gan_oracle", "ema"}  # of student/, which parts of the grader import
# What whole files of variants share with the harness, and does not answer anything.
COMMONPLACE = re.compile(r"(import|from|def|class) |labels = labels\.to\(device\)$")
DOTTED = re.compile(r"grader(\.\w+)+")  # a module that is named in a string
LONG = 25  # characters of a line that does not stand somewhere by chance


@pytest.fixture(scope="module")
def files(assignment):
    return handout.handout(assignment)


@pytest.fixture(scope="module")
def folder(files, tmp_path_factory):
    path = tmp_path_factory.mktemp("released") / "handout"
    write_folder(files, path)
    return path


# ---------------------------------------------------------------------------------------------------- what is in it


def test_the_modules_are_those_that_students_run_and_nothing_that_only_staff_has(files):
    assert files["grader/__main__.py"] != (ROOT / "grader" / "__main__.py").read_bytes()
    own = {"grader/__main__.py"}  # made of a template, to start grader/commands/students.py
    released = {_module(name) for name in files.keys() - own if name.startswith("grader/") and name.endswith(".py")}
    cases = {module for module in released if ".cases" in module}
    assert closure({f"grader.{name}" for name in STARTED} | cases) - NOT_THEIRS <= released
    assert {module for module in released for package in STAFF if module.startswith(f"grader.{package}")} == set()


def test_every_package_that_is_imported_is_a_dependency(files):
    imported = {
        name.partition(".")[0]
        for path, content in files.items()
        if path.endswith(".py")
        for name in imports(content.decode())
    }
    own = {Path(path).stem for path in files if path.startswith("student/")} | {"grader"}
    spelt = {"PIL": "pillow", "IPython": "ipython", "markupsafe": "jinja2", "pydantic_core": "pydantic"}
    needed = {spelt.get(name, name) for name in imported - own - sys.stdlib_module_names - PACKAGES_NOT_THEIRS}
    asked = tomllib.loads(files["pyproject.toml"].decode())["project"]["dependencies"]
    assert needed <= {re.match(r"[\w-]+", requirement)[0] for requirement in asked}


def _module(path):
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(text):
    """Every name that a module may import, wherever in it; also a module that it names in a string."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED.fullmatch(node.value):
            yield node.value


def closure(modules):
    """These modules of grader/ and all that they import, packages included."""
    found, waiting = set(), list(modules)
    while waiting:
        module = waiting.pop()
        place = ROOT / module.replace(".", "/")
        path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if module in found | NOT_THEIRS or not path.is_file():
            continue
        found.add(module)
        waiting += [module.rpartition(".")[0], *imports(path.read_text())]
    return found


def staff_lines(assignment):
    """(where, line) of every text that no student may have."""
    for path in assignment.solution.glob("*.py"):
        yield from ((path.name, line) for line in answers(path.read_text()))
    for change in (*assignment.mistakes, *assignment.variants):
        for old_and_new in change.patches:
            yield from ((change.id, line) for text in old_and_new for line in text.splitlines())
        for path in sorted(change.files.rglob("*.py")) if getattr(change, "files", None) else ():
            yield from ((change.id, line) for line in path.read_text().splitlines())
    for path in (ROOT / "notebooks" / "source").glob("*.py"):
        for block in re.findall(r"^# %% \[markdown\] answer=.*?\n(.*?)(?=^# %%|\Z)", path.read_text(), re.M | re.S):
            yield from ((path.name, line.removeprefix("#")) for line in block.splitlines())


def texts(files):
    """Every file as text, with the members of those that are archives."""
    for name, content in files.items():
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as members:
                yield from ((f"{name}: {m}", members.read(m).decode("latin-1")) for m in members.namelist())
        yield name, content.decode("utf-8", "replace")


def test_no_answer_mistake_variant_or_reference_answer_is_in_it(files, assignment):
    # What stands in the stubs is given: `test_release.py` proves that no answer does.
    stubs = "\n".join(content.decode() for name, content in files.items() if re.match(r"student/.*\.py", name))
    lines = {(where, line.strip()) for where, line in staff_lines(assignment) if len(line.strip()) > LONG}
    secret = {(where, line) for where, line in lines if line not in stubs}
    assert len(secret) > 1000
    assert {where.partition(".")[2] for where, _ in secret} > {"py"}
    everything = dict(texts({n: c for n, c in files.items() if not n.startswith("student/")}))
    found = {(where, line, n) for where, line in secret for n, text in everything.items() if line in text}
    assert {hit for hit in found if not COMMONPLACE.match(hit[1])} == set()


def test_nothing_of_the_staff_is_named_hashed_or_shipped(files, assignment):
    manifest = json.loads((ROOT / "test_resources" / "MANIFEST.json").read_text())
    hashes = {told["sha256"] for name, told in manifest.items() if name not in files}
    assert len(hashes) > 10
    for text in (text for _, text in texts(files)):
        assert not {digest for digest in hashes if digest in text}
    for word in ("solution", "auditor", "mnist.pt", "cifar10.pt", "secret", "mistakes", "variants", "bundle"):
        named = [n for n in files if word in n and "oracles/" not in n and "fashion_mnist.pt" not in n]
        assert named == [], word
    bytes_of_staff = {path.read_bytes() for path in (ROOT / "solution" / "checkpoints").iterdir()}
    assert not bytes_of_staff & set(files.values())


def test_notebooks_hold_every_question_and_a_place_for_its_answer(files, assignment):
    cells = [c for name, text in files.items() if name.endswith(".ipynb") for c in json.loads(text)["cells"]]
    sources = {c["metadata"]["answer"]: "".join(c["source"]) for c in cells if "answer" in c["metadata"]}
    assert sources == {question.id: PLACEHOLDER for question in assignment.questions}


def test_the_readme_is_our_page_for_students_with_the_points(files):
    readme = files["README.md"].decode()
    assert (ROOT / "docs" / "students.md").read_text().partition("\n")[2].strip() in readme
    assert "| `4.add_noise` |" in readme
    for staff in ("grader grade", "make ", "solution/", "grader update", "benchmarks"):
        assert staff not in readme


def test_the_changelog_has_the_entries_of_students_alone():
    changelog = """# Changelog

Each entry starts with the people it concerns.

## [Unreleased]

### Added

- student: A stub
  and more of it.
- grader: A case that
  students need not know.
- student: A script.

### Changed

- solution: An answer.

### Fixed

- student: A typo.

## [0.2]

### Added

- grader: A command.

## [0.1]

### Added

- student: The first stub.
"""
    expected = """# Changelog

## [Unreleased]

### Added

- A stub
  and more of it.
- A script.

### Fixed

- A typo.

## [0.1]

### Added

- The first stub.
"""
    assert handout.entries_of_students(changelog) == expected


def test_the_workflow_installs_and_grades_as_the_readme_says(files):
    steps = yaml.safe_load(files[".github/workflows/grade.yml"])["jobs"]["grade"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert commands[0].removeprefix("python ") in files["README.md"].decode()
    assert commands[1] == "python -m pytest grader/"


def test_no_file_chooses_where_packages_come_from(files):
    assert [name for name, text in texts(files) if "index-url" in text] == []


# ------------------------------------------------------------------------------------------------------ it works


def in_folder(folder, *command):
    """Run a command in the handout, whose own grader it must find, though ours is installed."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, env=environment)


def grade(folder, *arguments):
    return in_folder(folder, sys.executable, "-m", "pytest", "grader/", "-p", "no:cacheprovider", *arguments)


def test_the_stubs_of_the_handout_are_not_implemented_each_of_them(folder, assignment):
    done = grade(folder)
    assert f"{len(assignment.cases)} not implemented" in done.stdout, done.stdout + done.stderr
    assert str(folder / "student") in done.stdout


def test_the_solution_passes_in_the_handout_and_can_be_collected(folder, tmp_path):
    copy = tmp_path / "handout"
    shutil.copytree(folder, copy)
    for path in (ROOT / "solution").glob("*.py"):
        shutil.copy(path, copy / "student")
    done = grade(copy, "-k", "1.generator or 2.schedule or 3.loss or 4.vae_loss or 6.elbo")
    words = re.findall(r"test_case\[\S+\] (\w+)", done.stdout)
    assert len(words) > 5, done.stdout + done.stderr
    assert set(words) == {"PASSED"}
    (copy / ".venv" / "bin").mkdir(parents=True)
    python = copy / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    theory = copy / "notebooks" / "theory.ipynb"
    theory.write_text(theory.read_text().replace(PLACEHOLDER, "Because $p = q$.", 1))
    collected = in_folder(copy, "sh", "collect_submission.sh")
    assert "submission.zip: ready to upload" in collected.stdout, collected.stderr
    assert "models.py" in zipfile.ZipFile(copy / "submission.zip").namelist()
    assert "written questions without an answer: 1.final_image, " in collected.stdout
    assert len(list(copy.glob("written.*"))) == 1


def test_hints_and_nothing_of_staff_are_commands_of_the_handout(folder, tmp_path):
    copy = tmp_path / "handout"
    shutil.copytree(folder, copy)
    models = (ROOT / "solution" / "models.py").read_text()
    right, wrong = "(1 - alpha_bar).sqrt() * noise", "(1 - alpha_bar.sqrt()).sqrt() * noise"
    assert models.count(right) == 1
    (copy / "student" / "models.py").write_text(models.replace(right, wrong))
    done = in_folder(copy, sys.executable, "-m", "grader", "hint", "4.add_noise", "--step", "3")
    assert (
        "3. Diagnosis: A known mistake: Your code multiplies the noise by sqrt(1 - sqrt(alpha_bar_t))" in done.stdout
    ), done.stderr
    assert in_folder(copy, sys.executable, "-m", "grader", "batch").returncode != 0
    assert "batch" not in in_folder(copy, sys.executable, "-m", "grader", "--help").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pexpect needs a pseudo-terminal")
def test_the_handout_watches_what_its_students_save(folder, tmp_path):
    import pexpect

    copy = tmp_path / "handout"
    shutil.copytree(folder, copy)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"NO_COLOR": "1"}
    watch = pexpect.spawn(sys.executable, ["-m", "grader", "watch", "--part", "6"], 120, cwd=copy, env=environment)
    try:
        watch.expect("0/16 cases")
        shutil.copy(ROOT / "solution" / "theory.py", copy / "student")
        watch.expect("PASSED.*6.gaussian_kl.*Part 6 is complete")
        watch.send("q")
        watch.expect(pexpect.EOF)
    finally:
        watch.close(force=True)
    assert watch.exitstatus == 0


def test_accuracies_whose_classifier_is_not_there_are_left_to_the_tas(monkeypatch, assignment):
    shipped = {f"{classifier}.pt" for part in assignment.parts for classifier in part.handout.classifiers}
    monkeypatch.setattr(door, "is_there", lambda name: name in shipped)
    judged, others = door._accuracies(SimpleNamespace(accuracy=True, part=None), assignment)
    assert {task.part for task in judged} == {1, 4, 5}
    assert [task.id for task in others] == ["2.cifar10_accuracy", "3.mnist_accuracy", "3.mnist_own_accuracy"]
    assert door._accuracies(SimpleNamespace(accuracy=False, part=None), assignment) == ([], [])


# ------------------------------------------------------------------------------------------------- where it is written

FILES = {"a.txt": b"a", "b/run": b"#!/bin/sh\n"}


def git(folder, *arguments):
    identity = ("-c", "user.name=A", "-c", "user.email=a@b")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init")
    (folder / "old.txt").write_text("old")
    (folder / ".gitignore").write_text("ignored\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "old")
    return folder


def test_a_repository_is_replaced_and_what_it_ignores_is_left(repository):
    (repository / "ignored").write_text("mine")
    write_folder(FILES, repository)
    there = {path.relative_to(repository).as_posix() for path in repository.rglob("*") if ".git/" not in str(path)}
    assert there == {".git", "a.txt", "b", "b/run", "ignored"}
    assert [os.access(repository / name, os.X_OK) for name in FILES] == [False, True]


def test_nothing_of_the_handout_is_ignored_by_its_repository(files, tmp_path):
    write_folder(files, tmp_path / "handout")
    git(tmp_path / "handout", "init")
    git(tmp_path / "handout", "add", "-A")
    listed = subprocess.run(["git", "ls-files"], cwd=tmp_path / "handout", capture_output=True, text=True).stdout
    assert set(listed.splitlines()) == set(files)


def test_what_would_be_lost_is_not_overwritten(repository, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    (repository / "below").mkdir()
    (repository / "below" / "x").write_text("mine")
    for folder in (tmp_path / "full", repository / "below"):
        with pytest.raises(BundleError, match="is not empty: give a new folder, or the root of a git repository"):
            write_folder(FILES, folder)
    with pytest.raises(BundleError, match="has changes that would be lost: commit or stash them"):
        write_folder(FILES, repository)
    assert (repository / "old.txt").exists()


def test_the_same_files_give_the_same_zip_for_its_owner_alone(tmp_path):
    for name in ("a.zip", "b.zip"):
        write_zip(FILES, tmp_path / "new" / name)
    assert (tmp_path / "new" / "a.zip").read_bytes() == (tmp_path / "new" / "b.zip").read_bytes()
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"a.zip", "b.zip"}
    assert (tmp_path / "new" / "a.zip").stat().st_mode & 0o077 == 0
    modes = {m.filename: m.external_attr >> 16 for m in zipfile.ZipFile(tmp_path / "new" / "a.zip").infolist()}
    assert modes == {"a.txt": 0o100644, "b/run": 0o100755}


def test_the_command_writes_a_zip_with_one_folder_in_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(handout, "handout", lambda assignment: FILES)
    app(["release", "--out", str(tmp_path / "gm.zip")], standalone_mode=False)
    assert sorted(zipfile.ZipFile(tmp_path / "gm.zip").namelist()) == ["gm/a.txt", "gm/b/run"]
    app(["release", "--out", str(tmp_path / "gm")], standalone_mode=False)
    assert (tmp_path / "gm" / "b" / "run").is_file()
    assert "2 files" in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------------- refusals


def test_a_file_of_the_list_that_is_not_there_is_told():
    with pytest.raises(BundleError, match=r"grader/nowhere\*\.py belongs in the bundle, but is not there"):
        handout.listed("grader", ("nowhere*.py",))


def test_a_package_that_pyproject_does_not_name_is_told():
    with pytest.raises(BundleError, match=r"pyproject\.toml has no dependency tensorflow"):
        handout.dependencies(["torch", "tensorflow"])
