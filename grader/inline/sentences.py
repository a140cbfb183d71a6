"""Sentences where Jupyter would show a traceback, for whatever a student can mend."""

from __future__ import annotations

import re
from pathlib import Path


class NotebookError(Exception):
    """A notebook cannot go on; the message says why and what mends it."""

    def _render_traceback_(self):  # IPython asks for it
        return [str(self)]


def say_sentences(*kinds: type[Exception]) -> None:
    """Have IPython say in a sentence that a TODO was reached, or what an error of these kinds says."""
    from IPython import get_ipython

    def told(shell, kind, error, traceback, tb_offset=None):
        sentence = _of_todo(error, traceback) if issubclass(kind, NotImplementedError) else str(error)
        said = (NotebookError, NotebookError(sentence), traceback) if sentence else (kind, error, traceback)
        shell.showtraceback(said, tb_offset=tb_offset)

    if shell := get_ipython():
        shell.set_custom_exc((NotImplementedError, *kinds), told)


def _of_todo(error, traceback):
    """Which TODO was reached, and where; '' of another NotImplementedError, such as torch's own."""
    if not re.fullmatch(r"TODO\([\w.]+\)", str(error)):
        return ""
    while traceback.tb_next:
        traceback = traceback.tb_next
    return not_done(str(error), f"{Path(traceback.tb_frame.f_code.co_filename).name}, line {traceback.tb_lineno}")


def not_done(todo: str, where: str) -> str:
    """What a student reads at the first TODO that a notebook reaches."""
    return f"{todo} is not done yet: {where}. Write what it asks for, save the file, and run this cell again."
