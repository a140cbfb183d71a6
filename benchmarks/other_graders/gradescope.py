"""gradescope-utils: run_autograder as in Gradescope's sample, with a new interpreter for every submission."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from benchmarks.other_graders.environment import HERE, Environment, score_in
from benchmarks.other_graders.table import Graded

SOURCE = HERE / "assignment" / "gradescope"


class Gradescope:
    """Runs the unittest suite with JSONTestRunner."""

    name, package = "gradescope-utils", "gradescope-utils"
    command = "bash run_autograder: python3 run_tests.py, for each submission"

    def __init__(self, environment: Environment, scratch: Path):
        self._environment = environment

    def grade(self, submissions: list[Path], run: Path) -> Graded:
        """Grade submissions one after another."""
        places = [run / f"autograder{i}" for i in range(len(submissions))]
        for place, submission in zip(places, submissions, strict=True):
            shutil.copytree(SOURCE, place / "source")
            shutil.copytree(submission, place / "submission")
            (place / "results").mkdir()
        start = time.perf_counter()
        for place in places:
            self._environment.run(["bash", place / "source" / "run_autograder"], place, run, AUTOGRADER=str(place))
        seconds = time.perf_counter() - start
        return Graded(seconds, lambda: [score_in(place / "results" / "results.json") for place in places])
