"""nbgrader: one `nbgrader autograde` for all students, with a separate notebook kernel for every submission."""

from __future__ import annotations

import csv
import json
import re
import shutil
import time
from pathlib import Path

from benchmarks.other_graders.environment import HERE, Environment, UnavailableError
from benchmarks.other_graders.table import Graded

SOURCE = HERE / "assignment" / "nbgrader" / "answers.py"
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


class Nbgrader:
    """Grades a notebook with a solution cell and three locked test cells."""

    name, package = "nbgrader", "nbgrader"
    command = "nbgrader autograde answers (all students), then nbgrader export"

    def __init__(self, environment: Environment, scratch: Path):
        self._environment, self._course = environment, scratch / "nbgrader" / "course"
        source = self._course / "source" / "answers" / "answers.ipynb"
        source.parent.mkdir(parents=True)
        source.write_text(json.dumps(notebook(SOURCE.read_text())))
        if self._nbgrader(self._course, self._course.parent, "generate_assignment", "answers"):
            raise UnavailableError(f"nbgrader failed: {(self._course.parent / 'log.txt').read_text()[-300:]}")
        self._release = json.loads((self._course / "release" / "answers" / "answers.ipynb").read_text())

    def grade(self, submissions: list[Path], run: Path) -> Graded:
        """Grade submissions with one command, minus its start: the time of the same command with nothing to do."""
        course = run / "course"
        shutil.copytree(self._course, course)
        for i, submission in enumerate(submissions):
            folder = course / "submitted" / f"student{i}" / "answers"
            shutil.copytree(submission, folder)
            handed_in = replaced(self._release, "answers", (folder / "answers.py").read_text())
            (folder / "answers.py").unlink()
            (folder / "answers.ipynb").write_text(json.dumps(handed_in))
        seconds = [self._timed(course, run) for _ in range(2)]
        return Graded(seconds[0] - seconds[1], lambda: self._scores(course, run, len(submissions)))

    def _timed(self, course, run):
        start = time.perf_counter()
        self._nbgrader(course, run, "autograde", "answers")
        return time.perf_counter() - start

    def _scores(self, course, run, count):
        self._nbgrader(course, run, "export")
        grades = course / "grades.csv"
        with open(grades, newline="") as file:
            by_student = {row["student_id"]: row for row in csv.DictReader(file)}
        graded = [(course / "autograded" / f"student{i}" / "answers").is_dir() for i in range(count)]
        return [float(by_student[f"student{i}"]["score"]) if graded[i] else None for i in range(count)]

    def _nbgrader(self, course, run, *words):
        return self._environment.run([self._environment.folder / "bin" / "nbgrader", *words], course, run)


def notebook(text: str) -> dict:
    """Make a source notebook from text in which `# %% ID POINTS|solution` starts a cell; skip the text before."""
    cells = re.split(r"^# %% (\w+) (\w+)\n", text, flags=re.MULTILINE)[1:]
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": KERNEL,
        "cells": [_cell(*three) for three in zip(cells[::3], cells[1::3], cells[2::3], strict=True)],
    }


def _cell(id, worth, source):
    role = {"grade_id": id, "schema_version": 3, "task": False, "locked": worth != "solution"}
    role |= {"solution": worth == "solution", "grade": worth != "solution"}
    role |= {} if worth == "solution" else {"points": float(worth)}
    fields = {"cell_type": "code", "execution_count": None, "outputs": []}
    return {"id": id, "metadata": {"nbgrader": role}, "source": source.strip(), **fields}


def replaced(release: dict, id: str, source: str) -> dict:
    """Replace the source of one cell in the released notebook, which gives a student's submission."""
    cells = [c | {"source": source} if c["metadata"]["nbgrader"]["grade_id"] == id else c for c in release["cells"]]
    return release | {"cells": cells}
