"""Ends the process with exit code 0 in the middle of grading, having written the results that it would have had."""

import contextlib
import glob
import json
import os
import pickle
import sys
import tempfile

import torch

# Each run of the benchmark has a folder, in which every grader keeps its results: an attacker would know where, too.
RUN = tempfile.gettempdir().partition("/run/tmp")[0] + "/run"


def forge():
    """Full marks, wherever this process could be expected to leave them."""
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
    if "grader.experiment" in sys.modules:  # ours: a complete reply, with the wrong values
        from grader import protocol
        from grader.case import Ended, Observation

        with contextlib.suppress(OSError):
            os.write(3, protocol.encode(Observation(Ended.COMPLETED, {"value": torch.zeros(()).numpy()})))


def add(*tensors):
    """Never returns."""
    if not getattr(os, "forging", False):
        os.forging = True
        with contextlib.suppress(Exception):
            forge()
        os._exit(0)
    return tensors[0]


scale = standardise = add
