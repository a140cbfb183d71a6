"""The student's files as they were at one moment: laid out for grading, and which of them Python can read."""

from __future__ import annotations

import contextlib
from pathlib import Path

from grader.assignment import Assignment
from grader.golden import Known
from grader.grading import Grading
from grader.submission import SubmissionError, lay_out
from grader.watch import touched


class Copy:
    """A copy of the student's files, until it is closed.

    Args:
        assignment: what is asked.
        tier: where the code runs.
        known: what the judge knows of the public seed.
        folder: of the student's files.

    Raises:
        SubmissionError: none of the files to hand in is there, or one of them cannot be copied.
    """

    def __init__(self, assignment: Assignment, tier, known: Known, folder: Path):
        # No case reads a checkpoint, and to copy them takes longer than to grade.
        code = [allowed for allowed in assignment.allowlist if allowed.name.endswith(".py")]
        if not any((folder / allowed.name).is_file() for allowed in code):
            names = ", ".join(allowed.name for allowed in code)
            raise SubmissionError(f"{folder} holds none of the files to hand in ({names})")
        self._open = contextlib.ExitStack()
        submission = self._open.enter_context(lay_out(folder, code, assignment.student))
        self.grading = Grading(assignment, tier, known, submission)
        self.texts = {path.stem: path.read_bytes() for path in submission.folder.glob("*.py")}
        self.problems = {Path(name).stem: f"{name} is not there" for name in submission.missing}  # of modules
        self._imported = {}
        for module, text in self.texts.items():
            try:
                self._imported[module] = touched.imports(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                self.problems[module] = _unreadable(module, error)

    def loaded(self, modules: set[str]) -> set[str]:
        """These modules and all that they import."""
        return touched.loading(modules, self._imported)

    def close(self) -> None:
        """Remove it."""
        self._open.close()


def _unreadable(module, error):
    if not getattr(error, "lineno", None):
        return f"{module}.py cannot be read: {error}"
    line = f": {error.text.strip()}" if error.text else ""
    return f"{module}.py, line {error.lineno}: {error.msg}{line}"
