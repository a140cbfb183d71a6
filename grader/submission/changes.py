"""What a submission has changed outside the TODOs of the handout, for a TA to look at. It never costs points.

This compares syntax trees, so format, comments, docstrings and annotations do not matter; nor do additions and imports.
A given function must be unchanged. One with a TODO must keep its signature, its decorators and its given statements,
in their order; everything else in it is the student's. Classes keep their bases, constants and attributes their values.

Nothing is executed. But Python's parser may take minutes for a hostile text, or crash, so each file is read in a
process of its own, which runs this very file by itself.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

MOST_BYTES = 100_000  # of a file; the handout's have less than a fifth
SECONDS = 20.0  # for one file
LISTED = 5  # changes of one file; if there are more, you see their number and the first
QUOTED = 80  # characters of code or of an error
_BLOCKS = ("body", "orelse", "finalbody")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def changed_parts(handout: Path, folder: Path, names: Iterable[str], part: int | None = None) -> list[str]:
    """Compare a submission with the handout.

    Args:
        handout: the folder of stubs.
        folder: the submission, laid out.
        names: files with TODOs; those that were not handed in are skipped.
        part: the number of a part, to look at its files alone.

    Returns:
        A line for each change, e.g. "models.py: DDPM.guided_noise differs from the handout", or one for many.
    """
    lines = []
    for name in names:
        stub, file = handout / name, folder / name
        if file.is_file() and (part is None or f'NotImplementedError("TODO({part}.' in stub.read_text()):
            lines += [f"{name}: {line}" for line in _compared_elsewhere(stub, file)]
    return lines


def _compared_elsewhere(stub: Path, file: Path) -> list[str]:
    """What `compare` returns, from another process."""
    if file.stat().st_size > MOST_BYTES:
        return [f"cannot be compared with the handout: it has more than {MOST_BYTES} bytes"]
    command = [sys.executable, "-I", __file__, str(stub), str(file)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=True)
    except subprocess.TimeoutExpired:
        return [f"cannot be compared with the handout: Python takes more than {SECONDS:g} seconds to read it"]
    except subprocess.CalledProcessError as error:
        return [f"cannot be compared with the handout: Python crashed while reading it (exit code {error.returncode})"]
    lines: list[str] = json.loads(done.stdout)
    return lines


def compare(stub: bytes, source: bytes) -> list[str]:
    """The changes of one file, at most LISTED of them, or why it cannot be compared."""
    try:
        own, given = (dict(_parts(plain(text).body)) for text in (source, stub))
        faults = {name: _fault(part, own.get(name)) for name, part in given.items()}
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        return [f"cannot be compared with the handout: {type(error).__name__}: {str(error)[:QUOTED]}".rstrip(": ")]
    # If a class is missing, its methods need no lines of their own.
    changes = [f"{n} {fault}" for n, fault in faults.items() if fault and _class_of(n, given) == _class_of(n, own)]
    if len(changes) > LISTED:
        return [f"{len(changes)} of {len(faults)} given parts are missing or differ, the first: {changes[0]}"]
    return changes


def plain(source: bytes) -> ast.Module:
    """The syntax tree of a file without what does not matter: docstrings, and annotations of functions."""
    tree = ast.parse(source)
    _Plain().visit(tree)
    return tree


class _Plain(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if text else self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815


def _parts(body: Iterable[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.stmt]]:
    """What a module or class defines, by name: 'DDPM', 'DDPM.forward', 'NOISE_DIM', '`if __name__ == ...`'."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            yield prefix + node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield prefix + ast.unparse(target), node
        else:
            yield f"{prefix}`{_quoted(node)}`", node
        if isinstance(node, ast.ClassDef):
            yield from _parts(node.body, f"{prefix}{node.name}.")


def _class_of(name: str, parts: Mapping[str, ast.stmt]) -> bool:
    """Whether the owner of this name is a class here: of 'DDPM.forward', whether 'DDPM' is one."""
    return isinstance(parts.get(name.rpartition(".")[0]), ast.ClassDef)


def _fault(given: ast.stmt, own: ast.stmt | None) -> str:
    """What is wrong with a part of a submission; '' if nothing is."""
    if own is None:
        return "is missing"
    if isinstance(given, ast.ClassDef) and isinstance(own, ast.ClassDef):
        return "" if _header(given) == _header(own) else "has other bases or decorators"
    if not (isinstance(given, _FUNCTIONS) and isinstance(own, type(given)) and _has_todo(given)):
        return "" if ast.dump(given) == ast.dump(own) else "differs from the handout"
    if ast.dump(given.args) != ast.dump(own.args):
        return f"has another signature: ({ast.unparse(own.args)[:QUOTED]})"
    if _header(given) != _header(own):
        return "has other decorators"
    lost = _lost(given.body, own.body)
    return f"has lost or changed the given `{_quoted(lost)}`" if lost else ""


def _lost(given: Iterable[ast.stmt], own: Iterable[ast.stmt]) -> ast.stmt | None:
    """The first given statement that the submission's own lack, in order; None if they have all."""
    rest = iter(own)
    return next((n for n in given if not _is_todo(n) and not any(_holds(other, n) for other in rest)), None)


def _holds(own: ast.stmt, given: ast.stmt) -> bool:
    """Whether a statement is the given one. One with a TODO inside may hold more where the TODO was."""
    if not _has_todo(given):
        return ast.dump(own) == ast.dump(given)
    if type(own) is not type(given) or _header(own) != _header(given):
        return False
    return all(_lost(getattr(given, block, []), getattr(own, block, [])) is None for block in _BLOCKS)


def _header(node: ast.stmt) -> str:
    """A class, function or other compound statement without its blocks."""
    rest = {name: value for name, value in ast.iter_fields(node) if name not in _BLOCKS}
    blocks: dict[str, Any] = {name: [] for name in _BLOCKS if hasattr(node, name)}
    return ast.dump(type(node)(**rest, **blocks))


def _is_todo(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise) and ast.unparse(node).startswith("raise NotImplementedError('TODO(")


def _has_todo(node: ast.AST) -> bool:
    return any(map(_is_todo, ast.walk(node)))


def _quoted(node: ast.AST) -> str:
    return ast.unparse(node).partition("\n")[0][:QUOTED]


if __name__ == "__main__":
    print(json.dumps(compare(*(Path(path).read_bytes() for path in sys.argv[1:]))))
