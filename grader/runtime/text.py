"""Makes text from a student's files or process safe to show: the same function for every report and message."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_KEPT = "\n\t"


def visible(text: str) -> str:
    """Show characters that act instead of being read, such as control or bidirectional ones, as `\\x1b` or `\\u202e`.

    A terminal obeys the first, an editor or a browser reorders a line for the second, and half a surrogate pair cannot
    be printed at all. Line ends of every kind, including those of a progress bar, become newlines.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c.encode("unicode_escape").decode() if _acts(c) else c for c in text)


def say(console: Console, line: str) -> None:
    """Print a line exactly as it is on rich's console: students' text may look like markup, and wide names wrap."""
    console.print(visible(line), markup=False, highlight=False, soft_wrap=True)


def _acts(character: str) -> bool:
    # Categories: control, format, surrogate, private use, unassigned; separators of lines and paragraphs.
    category = unicodedata.category(character)
    return character not in _KEPT and (category[0] == "C" or category in ("Zl", "Zp"))


def shown(text: str, most: int | None = None) -> str:
    """Make text `visible` on one line, for names and notes in a table.

    Args:
        text: any text.
        most: the number of characters after which it is cut.
    """
    line = " ".join(visible(text).split())
    return line if most is None or len(line) <= most else f"{line[: most - 1]}…"
