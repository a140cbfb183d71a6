"""Every command in README, CONTRIBUTING and docs/ exists, and has the options that it is shown with."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from grader import ROOT
from tests.docs.following import blocks

FOLLOWED = ("adding-a-case.md", "adding-a-part.md")  # each line of these is run, by test_adding.py
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
PAGES += [page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in FOLLOWED]
SHELL = {"cp", "cd", "git", "mkdir", "sed", "pip", "uv", "sh", "python3", "unzip", "ssh", "sbatch"}


def lines():
    for page in PAGES:
        for block in blocks(page):
            if block.language == "sh":
                text = block.text.replace("\\\n", " ")
                for line in (line.split("  #")[0].strip() for line in text.splitlines()):
                    if line and not line.startswith("#"):
                        yield pytest.param(line, block.options.get("in", "."), id=f"{page.name}: {line}")


@cache
def help_of(*command):
    done = subprocess.run(
        [sys.executable, *command, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={"COLUMNS": "300", "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("line", "folder"), list(lines()))
def test_a_command_of_the_documents_exists(line, folder):
    words = [word for word in shlex.split(line) if "=" not in word.split("/")[0] or word.startswith("--")]
    program = words[0]
    if program == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), line
    elif program.endswith("bin/grader") or words[1:3] == ["-m", "grader"]:
        rest = words[1:] if program.endswith("grader") else words[3:]
        assert_options(help_of("-m", "grader", rest[0]), rest[1:], line)
    elif program.endswith("bin/pytest"):
        text = (ROOT / "grader" / "conftest.py").read_text()
        for option in (word for word in words[1:] if word.startswith("--")):
            assert f'"{option.split("=")[0]}"' in text or option in ("--pdb",), line
    elif program.endswith("bin/python"):
        assert_script(words[1:], folder, line)
    elif program == "sh":
        assert (ROOT / words[1]).exists(), line
    else:
        assert program in SHELL or program.endswith(("bin/pre-commit", "bin/ruff", "bin/mypy")), line


def assert_script(words, folder, line):
    if words[0] == "-m":
        module = words[1].replace(".", "/")
        assert (ROOT / f"{module}.py").exists() or (ROOT / module / "__main__.py").exists() or words[1] == "pip", line
        return
    place = ROOT / folder.replace("student", "solution")
    path = place / words[0] if (place / words[0]).exists() else ROOT / words[0].replace("student/", "solution/")
    assert path.exists(), line
    text = path.read_text()
    for option in (word.split("=")[0] for word in words[1:] if word.startswith("--")):
        assert option in text or option.removeprefix("--").replace("-", "_") in text, line


def assert_options(text, words, line):
    for option in (word.split("=")[0] for word in words if word.startswith("--")):
        assert option in text, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_no_host_and_no_path_of_this_machine(page):
    text = page.read_text()
    assert "://" not in text
    for folder in {ROOT.parent, Path.home()} - {Path("/")}:
        assert f"{folder}/" not in text


def test_every_page_is_linked_from_the_readme():
    linked = set(re.findall(r"\]\(docs/([\w-]+\.md)", (ROOT / "README.md").read_text()))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} <= linked | {Path("notation.md").name}
