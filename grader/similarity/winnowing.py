"""Hashes of Python files: alike where code is alike except for names, comments, docstrings, annotations and format.

This is winnowing (Schleimer, Wilkerson and Aiken 2003), by copydetect. Of all windows of GRAM characters of the
normalised code it keeps some, and any copied stretch of GRAM + WINDOW - 1 characters shares at least one of them.

Students' text is hostile: Python's parser may take minutes for it, or crash. So `pairs` starts this module in a process
of its own to read files: it gets paths on stdin, and prints a line of JSON for each.
"""

from __future__ import annotations

import ast
import io
import json
import keyword
import signal
import sys
import tokenize
from pathlib import Path

from copydetect.utils import hashed_kgrams, winnow

from grader.submission.changes import MOST_BYTES, QUOTED, plain

GRAM = 50  # characters, of which a name is one: about two lines. Any two solutions have shorter stretches in common
WINDOW = 10
MEMORY_BYTES = 2**31
_STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_START", None)}  # of an f-string, from Python 3.12 on, its start


def winnowed_hashes(source: bytes) -> list[int]:
    """The winnowed hashes of a file, ascending. They are equal in two processes with the same PYTHONHASHSEED."""
    hashes: list[int] = winnow(hashed_kgrams(normalised(source), GRAM), WINDOW)[0].tolist()
    return hashes


def every_hash(source: bytes) -> list[int]:
    """The hashes of all windows of a file, for code that does not count wherever it stands."""
    hashes: list[int] = hashed_kgrams(normalised(source), GRAM).tolist()
    return hashes


def normalised(source: bytes) -> str:
    """The code of a file as a string in which names, strings and format do not show.

    Raises:
        ValueError: the file is too large, or Python cannot parse it.
    """
    if len(source) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES} bytes")
    try:
        text = ast.unparse(plain(source))
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {str(error)[:QUOTED]}".rstrip(": ")) from error
    # copydetect's own filter takes five times as long, because of pygments, and keeps names of builtins and modules.
    return "".join(map(_letters, tokenize.generate_tokens(io.StringIO(text).readline)))


def _letters(token: tokenize.TokenInfo) -> str:
    """What remains of a token: every name is V, every string S, and indentation is nothing."""
    if token.type == tokenize.NAME:
        return token.string if keyword.iskeyword(token.string) else "V"
    if token.type in _STRINGS:
        return "S"
    return token.string if token.type in (tokenize.OP, tokenize.NUMBER) else ""


def main() -> None:
    """Answer for each path on stdin. Arguments: seconds for each, and 'every' for all hashes, not the winnowed ones."""
    seconds, *how = sys.argv[1:]
    hashes = every_hash if how else winnowed_hashes
    _limit_memory()
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_REAL, float(seconds))  # it ends this process, wherever that is
        answer: dict[str, list[int] | str]
        try:
            answer = {"hashes": hashes(Path(line.rstrip("\n")).read_bytes())}
        except ValueError as error:
            answer = {"problem": str(error)}
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(answer), flush=True)


def _limit_memory() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
