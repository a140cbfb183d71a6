"""otter-grader: its API for grading without containers, with a prebuilt autograder zip, in one process."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from benchmarks.other_graders.environment import HERE, Environment, UnavailableError
from benchmarks.other_graders.table import Graded

SOURCE = HERE / "assignment" / "otter"


class Otter:
    """Runs tests in otter's ok format, with a separate notebook kernel for every submission."""

    name, package = "otter-grader", "otter-grader"
    command = "otter.api.grade_submission(answers.py, autograder.zip), in a loop"

    def __init__(self, environment: Environment, scratch: Path):
        self._environment, self._zip = environment, scratch / "otter" / "autograder.zip"
        command = ["otter", "generate", "--tests-dir", SOURCE / "tests", "--output-path", self._zip, "--no-environment"]
        self._zip.parent.mkdir(parents=True)
        if environment.run([environment.folder / "bin" / command[0], *command[1:]], scratch, self._zip.parent):
            raise UnavailableError(f"otter generate failed: {(self._zip.parent / 'log.txt').read_text()[-300:]}")

    def grade(self, submissions: list[Path], run: Path) -> Graded:
        """Grade submissions in one process, without counting its start."""
        run.mkdir(parents=True)
        handed_in = [_hand_in(s, run / f"submission{i}") for i, s in enumerate(submissions)]
        out = run / "out.json"
        self._environment.run([self._environment.python, SOURCE / "grade.py", self._zip, out, *handed_in], run, run)
        done = json.loads(out.read_text()) if out.exists() else {"seconds": 0.0, "scores": [None] * len(submissions)}
        return Graded(done["seconds"], lambda: done["scores"])


def _hand_in(submission, target):
    """Hand in the single file, or a zip with only one .py file at its top, because otter refuses more."""
    if [path.name for path in submission.iterdir()] == ["answers.py"]:
        return submission / "answers.py"
    ignored = {path.name for path in submission.glob("*.py")} - {"answers.py"}
    shutil.copytree(submission, target, ignore=lambda folder, names: ignored if Path(folder) == submission else ())
    return shutil.make_archive(str(target), "zip", target)
