"""Shows a sentence where Jupyter would show a traceback, for whatever a student can repair."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import TracebackType
from typing import Any


class NotebookError(Exception):
    """A notebook cannot continue; the message says why and how to repair it."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for it
        return [str(self)]


def say_sentences(student: Path) -> None:
    """Make IPython show a sentence when a cell reaches a TODO, or raises an error that a given file defines.

    Args:
        student: the folder of the student's files, including the given ones.
    """
    from IPython import get_ipython

    def show(
        shell: Any,
        kind: type[BaseException],
        error: BaseException,
        traceback: TracebackType | None,
        tb_offset: int | None = None,
    ) -> None:
        sentence = ""
        if issubclass(kind, NotImplementedError):
            sentence = _of_todo(error, traceback)
        elif _is_of_given_file(kind, student):
            sentence = str(error)
        shown = (NotebookError, NotebookError(sentence), traceback) if sentence else (kind, error, traceback)
        shell.showtraceback(shown, tb_offset=tb_offset)

    if shell := get_ipython():
        shell.set_custom_exc((Exception,), show)


def _is_of_given_file(kind: type[BaseException], student: Path) -> bool:
    """Whether a given file defines this kind of error; such errors say how to repair what is wrong."""
    file = Path(getattr(sys.modules.get(kind.__module__), "__file__", None) or "")
    return file.parent == student and file.read_text(encoding="utf-8").startswith('"""Given: ')


def _of_todo(error: BaseException, traceback: TracebackType | None) -> str:
    """Say which TODO was reached, and where; '' for another NotImplementedError, such as torch's own."""
    if not (traceback and re.fullmatch(r"TODO\([\w.]+\)", str(error))):
        return ""
    while traceback.tb_next:
        traceback = traceback.tb_next
    return not_done(str(error), f"{Path(traceback.tb_frame.f_code.co_filename).name}, line {traceback.tb_lineno}")


def not_done(todo: str, where: str) -> str:
    """Say what a student reads at the first TODO that a notebook reaches."""
    return f"{todo} is not done yet: {where}. Write what it asks for, save the file, and run this cell again."
