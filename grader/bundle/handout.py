"""`grader release`: the handout of students. What goes in is listed here; nothing else of this repository does.

`tests/test_handout.py` follows the imports of what students run: a module that they need and is not listed fails it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from grader import ROOT, notebooks, release
from grader import assignment as assignments
from grader.assignment import Assignment
from grader.bundle.archive import BundleError, write_folder, write_zip

# Of grader/: what runs a student's code, with what it imports.
RUNTIME = (
    *("__init__.py", "case.py", "cases/**/*.py", "experiment.py", "imaginary_gpu.py", "lazy.py", "legacy.py"),
    *("probes.py", "protocol.py", "rng.py", "sampling.py", "text.py"),
    *(f"sandbox/{name}.py" for name in ("__init__", "bubblewrap", "child", "collector", "exchange", "forkserver")),
    *(f"sandbox/{name}.py" for name in ("isolation", "linux", "serial", "servers", "view", "watch", "worker")),
)
# What judges it, without anything that only staff has.
JUDGE = (
    *("accuracy.py", "assignment.py", "assignment.toml", "challenge.py", "classifiers.py", "conditions.py"),
    *("exams.py", "fixed_parts.py", "golden.py", "grading.py", "judge.py", "members.py", "metrics.py", "policy.py"),
    *("questions.py", "rounds.py", "scoring.py", "submission.py", "report/__init__.py", "report/terminal.py"),
)
DOORS = (
    *("collect.py", "conftest.py", "hints.py", "inline/*.py", "student.py", "test_submission.py", "watch/*.py"),
    "written.py",
)
CLASSIFIERS = ("fashion_mnist", "iclevr", "synthetic")  # those of parts 2 and 3 no student has, nor an auditor
RESOURCES = ("allowlist.txt", "gan-checks.npz", "goldens/*.npz", "fingerprints/*", "oracles/*.pt", "iclevr/*.json")
VERBATIM = ("LICENSE", "requirements.txt", "collect_submission.sh", ".gitignore")
# Of the dependencies in pyproject.toml: for code and its grading; and for the commands and notebooks of students.
PACKAGES = ("torch", "torchvision", "numpy", "matplotlib", "pillow", "scipy", "pytest", "tqdm", "rich", "pydantic")
PACKAGES_OF_DOORS = ("typer", "ipykernel", "ipython", "nbformat", "nbconvert", "jinja2", "latex2mathml")
_TEMPLATES = Path(__file__).parent / "templates"


def make_release(
    out: Annotated[Path, typer.Option(help="a folder, new or a git repository to replace; or a zip, by its ending")],
):
    """Write the students' handout: stubs, notebooks, public tests; no solution, mistakes or hidden seed."""
    files = handout(assignments.load(staff=True))
    if out.suffix == ".zip":
        write_zip({f"{out.stem}/{name}": content for name, content in files.items()}, out)
    else:
        write_folder(files, out)
    print(f"{out}: {len(files)} files, {sum(map(len, files.values())) / 1e6:.1f} MB")


def handout(assignment: Assignment) -> dict[str, bytes]:
    """Path and content of every file that students get.

    Args:
        assignment: with its solution, from which the stubs are made anew.

    Raises:
        BundleError: a file of the list is not there, or the README lacks its section for students.
    """
    written, questions = notebooks.build(assignment)
    files = {f"student/{name}": content for name, content in release.student_files(assignment).items()}
    files |= {f"notebooks/{name}": text.encode() for name, text in written.items()}
    files |= listed("grader", (*RUNTIME, *JUDGE, *DOORS))
    files |= listed("test_resources", (*RESOURCES, *(f"classifiers/{name}.pt" for name in CLASSIFIERS)))
    files |= listed(".", VERBATIM)
    readme = (ROOT / "README.md").read_text()
    texts = {
        "README.md": {
            "title": assignment.policy.title,
            "students": section(readme, "Students"),
            "points": release.points_table(assignment, questions),
        },
        "pyproject.toml": {
            "project": tomllib.loads((ROOT / "pyproject.toml").read_text())["project"],
            "dependencies": dependencies((*PACKAGES, *PACKAGES_OF_DOORS)),
        },
        ".github/workflows/grade.yml": {},
        "grader/__main__.py": {},
    }
    files |= {name: rendered(Path(name).name, **values) for name, values in texts.items()}
    files["CHANGELOG.md"] = entries_of_students((ROOT / "CHANGELOG.md").read_text()).encode()
    files["test_resources/MANIFEST.json"] = manifest_of(files)
    return files


def listed(folder: str, patterns: Iterable[str]) -> dict[str, bytes]:
    """The files of a folder that match patterns, by their path from the root.

    Raises:
        BundleError: a pattern matches nothing.
    """
    files = {}
    for pattern in patterns:
        found = sorted(path for path in (ROOT / folder).glob(pattern) if path.is_file())
        if not found:
            raise BundleError(f"{folder}/{pattern} is to be handed out, but is not there: restore it with git")
        files |= {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in found}
    return files


def rendered(template: str, **values) -> bytes:
    """A text of `templates/`, filled in."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template(f"{template}.j2").render(**values).encode()


def section(readme: str, title: str) -> str:
    """The text below a heading, up to the next one of its kind.

    Raises:
        BundleError: there is no such heading.
    """
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
    if not found:
        raise BundleError(f"README.md needs a section '## {title}': the handout's README is made of it")
    return found[1].strip()


def dependencies(packages: Iterable[str]) -> list[str]:
    """The requirements of packages, as pyproject.toml spells them.

    Raises:
        BundleError: it does not name one.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {re.match(r"[\w.-]+", requirement)[0]: requirement for requirement in project["dependencies"]}
    if missing := [package for package in packages if package not in asked]:
        raise BundleError(f"pyproject.toml has no dependency {', '.join(missing)}, which the handout needs")
    return [asked[package] for package in packages]


def entries_of_students(changelog: str) -> str:
    """The changelog's headings with the entries that concern students, untagged."""
    blocks = re.split(r"^(?=- |#)", changelog, flags=re.MULTILINE)
    kept = [re.sub(r"^- student: ", "- ", b) for b in blocks if b.startswith(("# ", "## ", "- student: "))]
    return re.sub(r"Entries are tagged.*?\n\n", "", "".join(kept), flags=re.DOTALL)


def manifest_of(files: Iterable[str]) -> bytes:
    """What MANIFEST.json tells of these files, and of no other."""
    manifest = json.loads((ROOT / "test_resources" / "MANIFEST.json").read_text())
    return (json.dumps({name: told for name, told in manifest.items() if name in files}, indent=1) + "\n").encode()
