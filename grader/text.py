"""Text that a student's files or process sent, made safe to show: one function, for every report and message."""

from __future__ import annotations

import unicodedata

_KEPT = "\n\t"


def visible(text: str) -> str:
    """Show what would act instead of being read: control, escape and bidirectional characters, as `\\x1b` or `\\u202e`.

    A terminal obeys the one, an editor or a browser reorders a line for the other, and half a surrogate pair cannot be
    printed at all. Line ends of any kind, those of a progress bar too, become newlines.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c.encode("unicode_escape").decode() if _acts(c) else c for c in text)


def say(console, line: str) -> None:
    """Print a line as it is on rich's console: what a student chose may look like its markup, and wide names wrap."""
    console.print(visible(line), markup=False, highlight=False, soft_wrap=True)


def _acts(character):
    # Categories: control, format, surrogate, private use, unassigned; separators of lines and paragraphs.
    category = unicodedata.category(character)
    return character not in _KEPT and (category[0] == "C" or category in ("Zl", "Zp"))


def shown(text: str, most: int | None = None) -> str:
    """`visible`, in one line, of at most so many characters: for names and notes beside others."""
    line = " ".join(visible(text).split())
    return line if most is None or len(line) <= most else f"{line[: most - 1]}…"
