"""The layout: what lies where, who names whom, and that nothing repeats what the parts say."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from grader import ROOT
from grader.course.parts import load_parts

PACKAGE = ROOT / "grader"
ENGINE = [
    path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".j2", ".html", ".js") and "parts" not in path.parts
]
DOORS = {"__init__.py", "__main__.py", "conftest.py", "test_submission.py"}
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
README_BYTES = 12 * 1024


def test_only_the_doors_lie_directly_in_the_package():
    assert {path.name for path in PACKAGE.glob("*.py")} == DOORS


def test_no_engine_module_names_a_part():
    names = [re.escape(part.name) for part in load_parts()]
    named = re.compile(rf"""grader\.parts\.\w|["'](?:{"|".join(names)})["']|\bpart ?[1-9]\b|\bPart [1-9]\b""")
    words = re.compile(r"cifar|fashion.?mnist|\bmnist\b|i-?clevr|svhn", re.IGNORECASE)
    examples = re.compile(r"e\.g\. |, like |as in |`grader|metavar|help=")  # what a user types is shown by an example
    for path in ENGINE:
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if (named.search(line) or words.search(line)) and not examples.search(line):
                pytest.fail(f"{path.relative_to(ROOT)}, line {number} names a part: {line.strip()}")


def test_no_two_modules_of_the_engine_have_one_name():
    names = Counter(path.stem for path in ENGINE if path.suffix == ".py" and path.name not in DOORS)
    doors = {"collect", "compare", "demo", "batch", "watch"}  # a command, and the package that does its work
    assert {name for name, count in names.items() if count > 1} - doors == set()


def test_no_module_of_the_engine_is_longer_than_a_reader_likes():
    long = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in ENGINE if p.suffix == ".py"}
    assert {name: lines for name, lines in long.items() if lines > 250} == {}


def test_the_readme_is_short():
    assert (ROOT / "README.md").stat().st_size <= README_BYTES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page):
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_package_says_what_it_is_for():
    for folder in {path.parent for path in ENGINE if path.suffix == ".py"}:
        init = folder / "__init__.py"
        assert init.exists(), folder
        assert init.read_text().startswith('"""'), init


@pytest.mark.slow
@pytest.mark.parametrize("tool", [("mypy",), ("importlinter.cli", "lint")], ids=["types", "layers"])
def test_types_and_layers_hold(tool):
    command = (
        [sys.executable, "-m", *tool] if tool[0] == "mypy" else [str(Path(sys.executable).with_name("lint-imports"))]
    )
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
