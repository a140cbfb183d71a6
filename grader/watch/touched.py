"""Finds the cases that a saved file touches: those that load it, directly or through another file. Pure."""

from __future__ import annotations

import ast
import functools
import inspect
import re
import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader import ROOT
from grader.runtime.case import Case

_TODO = re.compile(rb"NotImplementedError\(\"(TODO\([^)]+\))\"\)")


def modules_of(cases: Collection[Case]) -> dict[str, set[str]]:
    """Find the student's modules that each case asks for, by the id of the case: `code.models` is `models`.

    It reads the text of the experiments, because importing some of them imports torch. A definition counts as used
    wherever its name stands, so a case may seem to need a module too many, but never one too few.
    """
    return {case.id: _asked_for(Path(inspect.getfile(case.observe)), case.observe.__name__) for case in cases}


Place = tuple[Path, str]  # a file, and the name of what it defines at its top level


@dataclass(frozen=True)
class _Mentions:
    """What a definition mentions."""

    places: set[Place]
    modules: set[str]  # of the student


def _asked_for(file: Path, name: str) -> set[str]:
    """Follow a definition to all that it uses, and collect the student's modules on the way."""
    seen: set[Place] = set()
    asked: set[str] = set()
    waiting = [(file, name)]
    while waiting:
        file, name = place = waiting.pop()
        mentions = None if place in seen else _definitions(file).get(name)
        seen.add(place)
        if mentions:
            waiting += mentions.places
            asked |= mentions.modules
    return asked


@functools.cache
def _definitions(file: Path) -> dict[str, _Mentions]:
    """Find what each function, class and constant at the top level of a file mentions."""
    tree = ast.parse(file.read_bytes())
    named = {name: node for node in tree.body for name in _names_of(node)}
    imported: dict[str, Place] = {}  # by the name in this file; '' in the place of a name stands for a whole module
    for name, statement in list(named.items()):
        if module := _lazy(statement):
            imported[name] = module, ""
            del named[name]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if module := _file_of(f"{node.module}.{alias.name}"):
                    imported[alias.asname or alias.name] = module, ""
                elif module := _file_of(node.module):
                    imported[alias.asname or alias.name] = module, alias.name
    return {name: _mentions(node, file, named.keys(), imported) for name, node in named.items()}


def _names_of(node: ast.stmt) -> list[str]:
    """The names that a statement at the top level of a file defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def _lazy(node: ast.stmt) -> Path | None:
    """The file of the module in `probes = Lazy("grader.runtime.probes")`; None for any other statement."""
    match node:
        case ast.Assign(value=ast.Call(func=ast.Name(id="Lazy"), args=[ast.Constant(value=str(module))])):
            return _file_of(module)
    return None


def _mentions(node: ast.AST, file: Path, named: Collection[str], imported: Mapping[str, Place]) -> _Mentions:
    mentions = _Mentions(set(), set())
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in named:
            mentions.places.add((file, inner.id))
        elif isinstance(inner, ast.Name) and inner.id in imported:
            mentions.places.add(imported[inner.id])
        elif isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
            if inner.value.id == "code":
                mentions.modules.add(inner.attr)
            elif inner.value.id in imported:
                mentions.places.add((imported[inner.value.id][0], inner.attr))
    return mentions


@functools.cache
def _file_of(module: str) -> Path | None:
    """The file of a module of the grader; None for other modules."""
    path = ROOT.joinpath(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in candidates if module.startswith("grader.") and file.is_file()), None)


def imports(text: bytes) -> set[str]:
    """Find the modules that a file imports, anywhere in it.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: Python cannot read it.
    """
    with warnings.catch_warnings(action="ignore"):  # odd escapes in strings are the student's own business
        tree = ast.parse(text)
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module.partition(".")[0])
    return modules


def loading(modules: Iterable[str], imported: Mapping[str, set[str]]) -> set[str]:
    """Find these modules of the student and all that they import.

    Args:
        modules: where to start.
        imported: what each module of the student imports; one that cannot be read is not in it.
    """
    loaded: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in loaded:
            loaded.add(module)
            waiting += imported.get(module, set()) & imported.keys()
    return loaded


def answered(before: bytes, after: bytes) -> set[str]:
    """Find the TODOs, such as 'TODO(4.add_noise)', that raised NotImplementedError before a save and no longer do."""
    return {todo.decode() for todo in set(_TODO.findall(before)) - set(_TODO.findall(after))}
