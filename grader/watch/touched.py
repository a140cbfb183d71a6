"""Which cases a saved file touches: those that load it, themselves or through a file that imports it. Pure."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Mapping

from grader import ROOT
from grader.case import Case

_TODO = re.compile(rb"NotImplementedError\(\"(TODO\([^)]+\))\"\)")


def modules_of(cases: Iterable[Case]) -> dict[str, set[str]]:
    """The student's modules that each case asks for, by its id: `code.models` is `models`.

    Read off the text of the experiments, for some modules of theirs import torch. A function counts as called where its
    name stands, so that a case may be told to need a module too many, never one too few.
    """
    definitions = {part: _definitions(part) for part in {case.part for case in cases}}
    return {case.id: _asked_for(case.observe.__name__, definitions[case.part]) for case in cases}


def _definitions(part):
    """What every function and class that experiments of a part may use mentions: {name: (names, modules)}."""
    found = {}
    for path in [ROOT / "grader" / "probes.py", *(ROOT / "grader" / "cases" / f"part{part}").glob("*.py")]:
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names, modules = found.setdefault(node.name, (set(), set()))
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Name):
                        names.add(inner.id)
                    elif isinstance(inner, ast.Attribute):
                        of_student = isinstance(inner.value, ast.Name) and inner.value.id == "code"
                        (modules if of_student else names).add(inner.attr)
    return found


def _asked_for(name, definitions):
    seen, waiting, asked = set(), [name], set()
    while waiting:
        name = waiting.pop()
        if name in definitions and name not in seen:
            names, modules = definitions[name]
            waiting += names
            asked |= modules
        seen.add(name)
    return asked


def imports(text: bytes) -> set[str]:
    """The modules that a file imports, wherever in it.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: Python cannot read it.
    """
    with warnings.catch_warnings(action="ignore"):  # of an odd escape in a string, which is the student's own
        tree = ast.parse(text)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def loading(modules: Iterable[str], imported: Mapping[str, set[str]]) -> set[str]:
    """These modules of the student and all that they import.

    Args:
        modules: to begin with.
        imported: what each module of the student imports; of those that cannot be read nothing is known.
    """
    found, waiting = set(), list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += imported.get(module, set()) & imported.keys()
    return found


def answered(before: bytes, after: bytes) -> set[str]:
    """The TODOs, as 'TODO(4.add_noise)', that raised NotImplementedError before a save and no longer do."""
    return {todo.decode() for todo in set(_TODO.findall(before)) - set(_TODO.findall(after))}
