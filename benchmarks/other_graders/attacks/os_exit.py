"""Writes forged results, then ends the process with exit code 0 in the middle of grading."""

import contextlib
import glob
import json
import os
import pickle
import sys
import tempfile

import torch

# Every grader keeps its results in the folder of the run. A real attacker would know this place, too.
RUN = tempfile.gettempdir().partition("/run/tmp")[0] + "/run"


def forge():
    """Write full marks wherever this process should leave its results."""
    for path in glob.glob(f"{RUN}/**/results.json", recursive=True):  # gradescope-utils
        with open(path, "w") as file:
            json.dump({"score": 3.0, "tests": [{"name": "all", "score": 3.0, "max_score": 3.0}]}, file)
    if "otter" in sys.modules:
        from otter.test_files import GradingResults, OKTestFile

        files = [OKTestFile.from_file(path) for path in glob.glob("tests/*.py")]
        for file in files:
            file.run({"add": add})
            for result in file.test_case_results:
                result.passed = True
        for path in glob.glob(f"{tempfile.gettempdir()}/*.pkl"):
            with open(path, "wb") as file:
                pickle.dump(GradingResults(files), file)
    if "grader.runtime.experiment" in sys.modules:  # our grader: a complete reply, with wrong values
        from grader.runtime import frames
        from grader.runtime.case import Ended, Observation

        with contextlib.suppress(OSError):
            os.write(3, frames.encode(Observation(Ended.COMPLETED, {"value": torch.zeros(()).numpy()})))


def add(*tensors):
    """Forge the results, and never return."""
    if not getattr(os, "forging", False):
        os.forging = True
        with contextlib.suppress(Exception):
            forge()
        os._exit(0)
    return tensors[0]


scale = standardise = add
