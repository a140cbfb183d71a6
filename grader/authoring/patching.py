"""Patches of the solution: how a part writes them, and how they are applied."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from grader import ROOT
from grader.authoring.stubs import MarkerError, solution_of
from grader.course.assignment import Assignment, Mistake, Variant


def patched(text: str, patches: tuple[tuple[str, str], ...], name: str) -> str:
    """Apply the patches of a mistake or variant to a file of the solution.

    Raises:
        MarkerError: an old text does not occur exactly once.
    """
    for old, new in patches:
        if text.count(old) != 1:
            raise MarkerError(f"{name}: its old text occurs {text.count(old)} times, not once: {old!r}")
        text = text.replace(old, new)
    return text


def write_patched(assignment: Assignment, change: Mistake | Variant, folder: Path) -> Path:
    """Write the solution with a `Mistake` or `Variant` applied into `folder`; checkpoints stay behind."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in solution_of(assignment).glob("*.py"):
        text = path.read_text()
        if path.name == change.file:
            text = patched(text, change.patches, change.id)
        (folder / path.name).write_text(text)
    if isinstance(change, Variant) and (whole := change.files):
        shutil.copytree(whole, folder, dirs_exist_ok=True)
    return folder


def one_patch(part: int, name: str, old: str, new: str, hint: str, *fails: str, file: str = "models.py") -> Mistake:
    """A mistake with one patch in one file. `fails` names the cases that should fail, without the part's number."""
    return Mistake(f"{part}.{name}", ((old, new),), hint, tuple(f"{part}.{case}" for case in fails), file)


def answer(file: str, todo: str) -> str:
    """The lines of the solution between the markers of a TODO, for a variant that replaces all of them."""
    return _quoted(file, rf"# BEGIN ANSWER\({re.escape(todo)}\)[^\n]*\n(.*?)\n *# END ANSWER")


def definition(file: str, name: str) -> str:
    """The solution's definition of a class, for a variant that replaces all of it."""
    return _quoted(file, rf"^(class {name}\b.*?)(?=\n\n\n\S|\Z)")


def _quoted(file: str, pattern: str) -> str:
    match = re.search(pattern, (ROOT / "solution" / file).read_text(), re.DOTALL | re.MULTILINE)
    if match is None:
        raise MarkerError(f"solution/{file} has nothing like {pattern}, which a variant replaces")
    return match[1]
