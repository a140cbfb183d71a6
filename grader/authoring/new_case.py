"""`grader new-case`: the skeleton of a case, in the five places that a case needs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from grader import ROOT
from grader.course.assignment import Assignment
from grader.course.parts import FOLDER, Part, package
from grader.runtime.errors import UserError

TEMPLATES = Path(__file__).parent / "templates"
KINDS = {  # what `__init__.py` of each package gets, and what an author fills in
    "cases": ("({name}.{name},)", "the experiment, its equation and hints"),
    "mistakes": ("{name}.MISTAKES", "known mistakes, each with a hint"),
    "variants": ("{name}.VARIANTS", "correct files that look different"),
    "oracles": ("{name}.ORACLES", "the result, derived without the solution"),
}
WIDTH = 120


class NewCaseError(UserError):
    """The skeleton cannot be written; the message says why."""


def new_case(assignment: Assignment, full_name: str, file: str | None = None) -> Iterator[tuple[str, str]]:
    """Write the skeleton of a case.

    Args:
        assignment: with its solution.
        full_name: 'part.case', the part by the name of its folder.
        file: of the solution, in which the answer is; by default the part's first one.

    Returns:
        Each file that was written, relative to the repository, and what to fill in there.

    Raises:
        NewCaseError: there is no such part or file, or the name is taken or no name.
    """
    part, name, file = _checked(assignment, full_name, file)
    id, module = f"{part.number}.{name}", file.removesuffix(".py")
    values = {"id": id, "number": part.number, "name": name, "file": file, "module": module}
    solution = ROOT / "solution" / file
    solution.write_text(_with_function(solution.read_text(), _rendered("solution", values)))
    yield f"solution/{file}", "the answer between its two markers, and the docstring, which is the whole contract"
    for kind, (collected, what) in KINDS.items():
        folder = FOLDER / part.name / kind
        (folder / f"{name}.py").write_text(_rendered(kind, values))
        init = folder / "__init__.py"
        init.write_text(
            _registered(init.read_text(), f"{package(part.name)}.{kind}", name, collected.format(name=name))
        )
        yield f"grader/parts/{part.name}/{kind}/{name}.py", what


def _checked(assignment: Assignment, full_name: str, file: str | None) -> tuple[Part, str, str]:
    part_name, _, name = full_name.partition(".")
    parts = {part.name: part for part in assignment.parts}
    if part_name not in parts:
        raise NewCaseError(f"there is no part {part_name!r}; write PART.CASE with one of {', '.join(parts)}")
    part = parts[part_name]
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise NewCaseError(
            f"{name!r} is no name for a case: use small letters, digits and _, as in {part_name}.my_case"
        )
    taken = [FOLDER / part_name / kind / f"{name}.py" for kind in KINDS]
    if f"{part.number}.{name}" in assignment.by_id or any(path.exists() for path in taken):
        raise NewCaseError(f"{part.number}.{name} is taken: choose another name")
    file = file or part.files[0]
    if file not in part.files:
        raise NewCaseError(f"{file} is not a file of {part_name}; its files are {', '.join(part.files)}")
    return part, name, file


def _rendered(template: str, values: dict[str, object]) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template(f"{template}.py.j2").render(**values)


def _with_function(text: str, function: str) -> str:
    """A module with a function at its end, but before what runs when it is a script."""
    body, script, rest = text.partition('\n\n\nif __name__ == "__main__":')
    end = f"{script}{rest}" if script else "\n"
    return f"{body.rstrip()}\n{function.rstrip()}{end}"


def _registered(text: str, package: str, name: str, collected: str) -> str:
    """A package's `__init__.py` that imports the new module, and holds what is collected from it."""
    lines = text.splitlines(keepends=True)
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    own = next((node for node in imports if isinstance(node, ast.ImportFrom) and node.module == package), None)
    names = sorted({*(alias.name for alias in own.names), name}) if own else [name]
    if own:
        lines[own.lineno - 1 : own.end_lineno] = [_import_of(package, names)]
    else:
        lines.insert(_place_of(package, imports, text), _import_of(package, names))
    return f"{''.join(lines).rstrip()}\n\n{name.upper()} = {collected}\n"


def _place_of(package: str, imports: list[ast.Import | ast.ImportFrom], text: str) -> int:
    """The line before which an import of ours belongs: the modules of this project are in the order of their names."""
    for node in imports:
        if (
            isinstance(node, ast.ImportFrom)
            and (node.module or "").startswith("grader")
            and (node.module or "") > package
        ):
            return node.lineno - 1
    docstring = ast.parse(text).body[0]
    return (imports[-1].end_lineno or 0) if imports else (docstring.end_lineno or 0) + 1


def _import_of(package: str, names: list[str]) -> str:
    line = f"from {package} import {', '.join(names)}\n"
    if len(line) <= WIDTH + 1:
        return line
    inside = "".join(f"    {name},\n" for name in names)
    return f"from {package} import (\n{inside})\n"
