"""The secret seed of TAs: inputs that no student has seen, so that a hard-coded answer earns nothing.

The seed lies in a file outside the repository and never enters a process that runs student code: only the `case_seed`
of one case does. Its goldens are made from the solution by a trusted process, once, and kept beside the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from grader import ROOT, sandbox
from grader.authoring import building, patching
from grader.authoring.stubs import solution_of
from grader.course import assignment as assignments
from grader.course.assignment import Assignment
from grader.grading import goldens
from grader.grading.deciding_code import deciding_code
from grader.grading.goldens import Known, Secret
from grader.runtime.errors import InfrastructureError, UserError
from grader.sandbox.tier import Tier

if TYPE_CHECKING:
    from rich.console import Console


class SecretError(UserError):
    """The file of the secret seed cannot be used; the message says what mends it."""


def load(assignment: Assignment, make_tier: Callable[[], Tier], path: Path | None = None) -> Secret:
    """The secret seed, and its goldens: made at first use, and whenever anything that they depend on has changed.

    Args:
        assignment: with its solution and variants.
        make_tier: makes a trusted tier, not the one that runs students; called only if goldens must be made.
        path: the file; by default `default_path()`.

    Raises:
        SecretError: the file cannot be used.
        GoldenError: the solution does not complete a case.
    """
    path = path or default_path()
    seed = read(path)
    kept = path.with_name(f"{path.name}.goldens")
    folder = kept / _key(assignment, seed)
    known = _load(assignment, folder)
    if known is None:
        with contextlib.closing(make_tier()) as tier:
            known = building.build_goldens(assignment, tier, seed)
        _keep(known, folder)
    return Secret(seed, known)


def load_here(console: Console) -> Secret | None:
    """The secret seed with its goldens; None where there is no solution to make them from, as students have it.

    Args:
        console: rich's, for messages.
    """
    if not (ROOT / "solution").is_dir():
        console.print("there is no solution/ here to make hidden goldens from: grading with the public inputs only")
        return None
    with console.status("making the goldens of the hidden inputs, once"):
        return load(assignments.load(staff=True), lambda: sandbox.start("process"))


def default_path() -> Path:
    """$GRADER_SECRET, or a file among the user's settings."""
    if chosen := os.environ.get("GRADER_SECRET"):
        return Path(chosen)
    if sys.platform == "win32":
        settings = os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming"
    else:
        settings = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(settings) / "generative-models-grader" / "secret"


def read(path: Path) -> int:
    """The secret seed, 128 bits; the file is made if it is not there.

    Raises:
        SecretError: it lies in the repository, others can read it, or it holds something else.
    """
    if path.resolve().is_relative_to(ROOT):
        raise SecretError(f"{path} lies in the repository, which students get: set GRADER_SECRET to a file elsewhere")
    try:
        if not path.exists():
            _create(path)
        mode, text = path.stat().st_mode, path.read_text(errors="replace")
    except OSError as error:
        raise SecretError(
            f"{path} cannot be read or made ({error.strerror}): set GRADER_SECRET to a file that can, or grade with "
            "--public-only"
        ) from error
    if sys.platform != "win32" and mode & 0o077:
        raise SecretError(f"others can read {path}: make a new one with rm {path}, or keep it with chmod 600 {path}")
    if not re.fullmatch(r"[0-9a-f]{32}\n?", text):
        raise SecretError(f"{path} does not hold 32 hexadecimal digits: rm {path}, and a new one is made")
    return int(text, 16)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:  # of mode 0600
        file.write(f"{secrets.token_hex(16)}\n")
        file.flush()
        with contextlib.suppress(FileExistsError):  # another grader was faster: its secret is the one
            os.link(file.name, path)  # whole or not at all


def _key(assignment: Assignment, seed: int) -> str:
    """A hash of everything that the goldens depend on."""
    alternatives = [v for v in assignment.variants if v.alternative_for]
    versions = [sys.version, *(metadata.version(package) for package in ("torch", "numpy"))]
    cases = [(case.id, case.reference) for case in assignment.cases]
    files = {
        *solution_of(assignment).glob("*.py"),
        *(solution_of(assignment) / allowed.name for allowed in assignment.allowlist),
        *assignment.student.iterdir(),
        *deciding_code(),
        *(Path(module.__file__ or "") for module in (building, patching)),
        *(Path(inspect.getfile(case.observe)) for case in assignment.cases),
    }
    digest = hashlib.blake2b(repr((seed, assignment.limits, versions, cases, alternatives)).encode(), digest_size=16)
    for file in sorted(f for f in files if f.is_file()):
        content = file.read_bytes()
        digest.update(f"{file} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _load(assignment: Assignment, folder: Path) -> Known | None:
    """The goldens that were kept; None if they are not there, or damaged."""
    with contextlib.suppress(InfrastructureError):
        known = goldens.load(folder)
        if known.goldens.keys() == assignment.by_id.keys():
            return known
    return None


def _keep(known: Known, folder: Path) -> None:
    """Write the goldens whole or not at all, and remove those of before. The folder is the user's alone."""
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent.parent) as temporary:
        goldens.save(known, Path(temporary) / "known")
        shutil.rmtree(folder, ignore_errors=True)  # if it is here, it is damaged
        with contextlib.suppress(OSError):  # another grader was faster
            os.rename(Path(temporary) / "known", folder)
    for older in folder.parent.iterdir():
        if older != folder:
            shutil.rmtree(older, ignore_errors=True)
