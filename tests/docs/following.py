"""Follows a worked example of docs/ on a copy of the repository: writes its files, runs its commands, compares output.

A block ```python title="path"``` is the content of a file; in solution/ it replaces the function at the end that
`grader new-case` wrote. A block ```sh``` is run line by line, and must succeed, or end as its `exit=` says. A block
```text``` holds lines that the commands before it print, in this order.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from grader import ROOT

LINKED = ("test_resources/classifiers", "test_resources/oracles")
LEFT_OUT = ("solution/checkpoints", "test_resources/grids")  # large, and nothing in a worked example needs them
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    options: dict[str, str]
    text: str


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page of markdown."""
    return [
        Block(language, dict(re.findall(r'(\w+)="?([^"\s]+)"?', options)), text)
        for language, options, text in FENCE.findall(page.read_text())
    ]


def copy_of_repository(folder: Path) -> Path:
    """Copy what is tracked or new, and link what is large."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in names:
        if not name.startswith((*LINKED, *LEFT_OUT)) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    for name in LINKED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(ROOT / name)
    return folder


def follow(page: Path, copy: Path) -> None:
    """Do what a page says, in a copy of the repository."""
    printed = ""
    for block in blocks(page):
        if "title" in block.options:
            write(copy / block.options["title"], block.text)
        elif block.language == "sh":
            printed = "".join(run(line, copy, int(block.options.get("exit", 0))) for line in block.text.splitlines())
        elif block.language == "text":
            find_in_order(block.text.splitlines(), printed)


def write(path: Path, text: str) -> None:
    """Write a file, or replace a function that stands at the end of one."""
    if function := re.match(r"def \w+\(", text):
        before, found, _ = path.read_text().rpartition(f"\n\n\n{function[0]}")
        assert found, f"{path.name} has no {function[0]}...)"
        text = f"{before}\n\n\n{text}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def run(line: str, copy: Path, code: int = 0) -> str:
    """Run a command of a page. Returns what it prints."""
    command = shlex.split(line)
    tools = {".venv/bin/grader": ["-m", "grader"], ".venv/bin/pytest": ["-m", "pytest", "-p", "no:cacheprovider"]}
    if command[0] in tools:
        command = [sys.executable, *tools[command[0]], *command[1:]]
    environment = os.environ | {"PYTHONPATH": str(copy), "COLUMNS": "200"}
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, env=environment, timeout=570)
    assert done.returncode == code, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def find_in_order(lines: list[str], printed: str) -> None:
    """Whether each line is there, after the one before."""
    rest = printed
    for line in lines:
        assert line in rest, f"{line!r} is not in what is left of the output:\n{printed}"
        rest = rest[rest.index(line) + len(line) :]
