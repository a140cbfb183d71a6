"""The written questions, as the generated notebooks carry them: plain JSON, read wherever grades are made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.runtime.case import Question
from grader.runtime.errors import UserError

PLACEHOLDER = "*Your answer here.*"  # of an answer that is not there yet


class QuestionError(UserError):
    """The questions are not as they must be, in a notebook or in its source; the message says where and what to do."""


def read_questions(folder: Path) -> list[Question]:
    """The questions of all notebooks in a folder, by name of file and in their order.

    Raises:
        QuestionError: there is no notebook, or one that cannot be read: then a total would lack points unnoticed.
    """
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        raise QuestionError(f"{folder} holds no notebooks with the written questions: run `grader update`")
    questions = []
    for path in paths:
        try:
            questions += questions_of(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise QuestionError(
                f"{path} is not a notebook as `grader update` writes it ({type(error).__name__}: {error}): "
                f"restore it with `git checkout {path}`"
            ) from error
    return questions


def questions_of(notebook: Mapping[str, Any]) -> list[Question]:
    """The questions of one generated notebook."""
    metadata = [cell["metadata"] for cell in notebook["cells"] if "question" in cell["metadata"]]
    return [Question(m["question"], m["title"], float(m["points"]), bool(m.get("bonus"))) for m in metadata]
