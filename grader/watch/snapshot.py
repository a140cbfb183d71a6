"""The student's files as they were at one moment: laid out for grading, and which of them Python can read."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from grader.course.assignment import Assignment
from grader.grading.goldens import Known
from grader.grading.run import Grading
from grader.sandbox.tier import Tier
from grader.submission.archive import SubmissionError
from grader.submission.layout import lay_out
from grader.watch import touched


class Snapshot:
    """A copy of the student's files, until it is closed.

    Args:
        assignment: what is asked.
        tier: where the code runs.
        known: what the judge knows of the public seed.
        folder: of the student's files.

    Attributes:
        grading: of these files.
        texts: of each module.
        problems: of each module that is missing or that Python cannot read.

    Raises:
        SubmissionError: none of the files to hand in is there, or one of them cannot be copied.
    """

    def __init__(self, assignment: Assignment, tier: Tier, known: Known, folder: Path):
        # No case reads a checkpoint, and copying them takes longer than grading.
        code = [allowed for allowed in assignment.allowlist if allowed.name.endswith(".py")]
        if not any((folder / allowed.name).is_file() for allowed in code):
            names = ", ".join(allowed.name for allowed in code)
            raise SubmissionError(f"{folder} holds none of the files to hand in ({names})")
        self._open = contextlib.ExitStack()
        submission = self._open.enter_context(lay_out(folder, code, assignment.student))
        self.grading = Grading(assignment, tier, known, submission)
        self.texts = {path.stem: path.read_bytes() for path in submission.folder.glob("*.py")}
        self.problems = {Path(name).stem: f"{name} is missing" for name in submission.missing}
        self._imported: dict[str, set[str]] = {}
        for module, text in self.texts.items():
            try:
                self._imported[module] = touched.imports(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                self.problems[module] = _unreadable(module, error)

    def loaded(self, modules: set[str]) -> set[str]:
        """These modules and all that they import."""
        return touched.loading(modules, self._imported)

    def blocked(self, asked: Mapping[str, set[str]]) -> dict[str, str]:
        """Find the cases that load a file that is missing or that Python cannot read, and the problem of each.

        Args:
            asked: the modules that each case asks for, by its id.
        """
        blocked = {}
        for id, modules in asked.items():
            if problems := self.loaded(modules) & self.problems.keys():
                blocked[id] = self.problems[min(problems)]
        return blocked

    def close(self) -> None:
        """Remove the copy."""
        self._open.close()


def _unreadable(module: str, error: Exception) -> str:
    if not (isinstance(error, SyntaxError) and error.lineno):
        return f"{module}.py cannot be read: {error}"
    line = f": {error.text.strip()}" if error.text else ""
    return f"{module}.py, line {error.lineno}: {error.msg}{line}"
