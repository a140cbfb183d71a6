"""`grader release`: the handout of students. Only what is listed here goes in.

A trust zone is a package, so whole packages go in. `tests/release/test_handout.py` follows the imports of what students
run: it fails if they need a module that is not listed.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from grader import ROOT
from grader.authoring import notebooks, stubs
from grader.authoring.points_table import points_table
from grader.course.assignment import Assignment
from grader.course.parts import Part
from grader.grading.deciding_code import OF_PART
from grader.release.bundle import BundleError

# Of grader/: what runs a student's code, judges it, and shows the result.
RUN = ("__init__.py", "runtime/*.py", "sandbox/*.py", "parts/__init__.py", *(f"parts/*/{name}" for name in OF_PART))
JUDGE = ("assignment.toml", *(f"{name}/*.py" for name in ("submission", "course", "grading", "accuracy", "util")))
SHOW = ("report/*.py",)
DOORS = (
    *("conftest.py", "test_submission.py", "written/*.py", "notebook/*.py", "watch/*.py"),
    *(f"commands/{name}.py" for name in ("__init__", "collect", "running", "students", "watch")),
)
RESOURCES = ("allowlist.txt", "goldens/*.npz", "fingerprints/*")  # of test_resources/; each part adds its own
VERBATIM = ("LICENSE", "requirements.txt", "collect_submission.sh", ".gitignore")
# Of the dependencies in pyproject.toml: for code and its grading; and for the commands and notebooks of students.
PACKAGES = ("torch", "torchvision", "numpy", "matplotlib", "pillow", "scipy", "pytest", "tqdm", "rich", "pydantic")
PACKAGES_OF_DOORS = ("typer", "ipykernel", "ipython", "nbformat", "nbconvert", "jinja2", "latex2mathml")
_TEMPLATES = Path(__file__).parent / "templates"


def handout(assignment: Assignment) -> dict[str, bytes]:
    """Path and content of every file that students get.

    Args:
        assignment: with its solution, from which the stubs are made anew.

    Raises:
        BundleError: a file of the list is not there.
    """
    made = notebooks.build(assignment)
    files = {f"student/{name}": content for name, content in stubs.student_files(assignment).items()}
    files |= {f"notebooks/{name}": text.encode() for name, text in made.texts.items()}
    files |= listed("grader", (*RUN, *JUDGE, *SHOW, *DOORS))
    files |= listed("test_resources", (*RESOURCES, *_resources(assignment.parts)))
    files |= listed(".", VERBATIM)
    texts: dict[str, dict[str, Any]] = {
        "README.md": {
            "title": assignment.policy.title,
            "students": (ROOT / "docs" / "students.md").read_text().partition("\n")[2].strip(),
            "points": points_table(assignment, made.questions),
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


def _resources(parts: Iterable[Part]) -> Iterator[str]:
    """Patterns of the files of test_resources/ that students get for these parts."""
    for part in parts:
        yield from (f"classifiers/{name}.pt" for name in part.handout.classifiers)
        yield from part.handout.resources


def listed(folder: str, patterns: Iterable[str]) -> dict[str, bytes]:
    """The files of a folder that match patterns, by their path from the root.

    Raises:
        BundleError: a pattern matches nothing.
    """
    files: dict[str, bytes] = {}
    for pattern in patterns:
        paths = sorted(path for path in (ROOT / folder).glob(pattern) if path.is_file())
        if not paths:
            raise BundleError(f"{folder}/{pattern} belongs in the bundle, but is not there: restore it with git")
        files |= {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}
    return files


def rendered(template: str, **values: Any) -> bytes:
    """A text of `templates/`, filled in."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template(f"{template}.j2").render(**values).encode()


def dependencies(packages: Iterable[str]) -> list[str]:
    """The requirements of packages, as pyproject.toml spells them.

    Raises:
        BundleError: it does not name one.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = [
        *project["dependencies"],
        *(r for extra in project["optional-dependencies"].values() for r in extra),
    ]
    by_name = {re.split(r"[^\w.-]", requirement, maxsplit=1)[0]: requirement for requirement in requirements}
    if missing := [package for package in packages if package not in by_name]:
        raise BundleError(f"pyproject.toml has no dependency {', '.join(missing)}, which the handout needs")
    return [by_name[package] for package in packages]


def entries_of_students(changelog: str) -> str:
    """The changelog's entries for students, untagged, below those of its headings that have one."""
    lines: list[str] = []
    headings: list[str] = []
    for block in re.split(r"^(?=- |#)", changelog, flags=re.MULTILINE):
        if mark := re.match(r"#+ ", block):
            above = [heading for heading in headings if len(heading.split()[0]) < len(mark[0].strip())]
            headings = [*above, block.splitlines()[0]]
        elif block.startswith("- student: "):
            lines += [line for heading in headings for line in ("", heading, "")]
            lines.append(block.replace("student: ", "", 1).strip())
            headings = []
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def manifest_of(files: Iterable[str]) -> bytes:
    """What MANIFEST.json says of these files, and of no other."""
    manifest, names = json.loads((ROOT / "test_resources" / "MANIFEST.json").read_text()), set(files)
    return (json.dumps({name: entry for name, entry in manifest.items() if name in names}, indent=1) + "\n").encode()
