"""Writes a bundle, {path: content}, as a zip or into a folder. What begins with #! becomes executable."""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

from grader.runtime.errors import UserError
from grader.util import files

EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files give the same zip, byte for byte


class BundleError(UserError):
    """A bundle cannot be made or written; the message says what mends it."""


def write_zip(bundle: Mapping[str, bytes], path: Path) -> None:
    """Write a zip whole or not at all, for its owner alone."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in sorted(bundle.items()):
            member = zipfile.ZipInfo(name, EPOCH)
            member.external_attr = (0o100000 | _mode(content)) << 16
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    files.replace(path, whole.getvalue())


def write_folder(bundle: Mapping[str, bytes], folder: Path) -> None:
    """Write into a folder that is new or empty, or replace what a git repository tracks.

    Raises:
        BundleError: something would be lost: other files, or changes that are not committed.
    """
    if folder.exists() and any(folder.iterdir()):
        for name in _tracked(folder):
            (folder / name).unlink()
    for name, content in bundle.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(_mode(content))


def _tracked(folder: Path) -> list[str]:
    """The files of a repository whose root this is, all of them as they were committed."""
    prefix, changes, tracked = (
        subprocess.run(["git", "-C", folder, *command.split()], capture_output=True, text=True)
        for command in ("rev-parse --show-prefix", "status --porcelain", "ls-files -z")
    )
    if prefix.returncode or prefix.stdout.strip():
        raise BundleError(f"{folder} is not empty: give a new folder, or the root of a git repository to replace")
    if changes.stdout:
        raise BundleError(f"{folder} has changes that would be lost: commit or stash them, then repeat")
    return tracked.stdout.split("\0")[:-1]


def _mode(content: bytes) -> int:
    return 0o755 if content.startswith(b"#!") else 0o644
