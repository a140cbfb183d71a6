"""Our grader: each case runs on a warm worker with a public and a hidden seed, and is compared with the reference."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import tempfile
import time
from pathlib import Path

from benchmarks.other_graders.cases import CASES
from benchmarks.other_graders.environment import HERE, score_in
from benchmarks.other_graders.table import Graded
from grader.course import assignment as assignments
from grader.grading.judge import judge
from grader.runtime.case import Ended, Outcome
from grader.runtime.errors import InfrastructureError
from grader.sandbox import start
from grader.sandbox.doctor import strongest
from grader.sandbox.exchange import Job
from grader.submission.layout import lay_out, parse_allowlist

ASSIGNMENT = HERE / "assignment"
LIMITS = assignments.load().limits
COMMAND = "tier.observe and judge, 3 cases x 2 seeds on one warm worker (tier {tier})"


def open_tier():
    """Open the strongest tier that this machine has, as for strangers' submissions. The table names it."""
    return start(strongest().tier)


class Ours:
    """A case earns its points only if it passes with every seed."""

    name, package = "ours", None
    command = COMMAND

    def __init__(self, environment, scratch: Path):
        self._allowlist = parse_allowlist((ASSIGNMENT / "allowlist.txt").read_text())
        self._nothing = scratch / "given"  # no files are given to students
        self._nothing.mkdir()
        self._seeds = (0, secrets.randbits(32))
        with contextlib.closing(start("process")) as trusted:  # it runs only the reference
            self._goldens = {(c.id, seed): golden for c, seed, golden in self._observed(trusted, ASSIGNMENT)}
        for observation in self._goldens.values():
            if observation.ended is not Ended.COMPLETED:
                raise RuntimeError(f"the reference does not complete a case: {observation}")

    def grade(self, submissions: list[Path], run: Path) -> Graded:
        """Grade submissions on one worker, without counting its start, and write a results.json for each."""
        results = [run / f"submission{i}" / "results.json" for i in range(len(submissions))]
        with _temporary_files_in(run / "tmp"), contextlib.closing(open_tier()) as tier:
            self.command = COMMAND.format(tier=tier.name)
            self._score(tier, ASSIGNMENT)  # waits until torch is imported
            begun = time.perf_counter()
            for submission, path in zip(submissions, results, strict=True):
                path.parent.mkdir()
                if (score := self._score(tier, submission)) is not None:
                    path.write_text(json.dumps({"score": score}))
            seconds = time.perf_counter() - begun
            # Submissions share the worker, so one that spoils it for the next has crashed the grading.
            spoiled = self._score(tier, ASSIGNMENT) != len(CASES)
        return Graded(seconds, lambda: [None if spoiled else score_in(path) for path in results])

    def _score(self, tier, folder):
        """The points of a submission, or None if the grader failed."""
        try:
            passed = [
                judge(case, observation, [self._goldens[case.id, seed].arrays]).outcome is Outcome.PASSED
                for case, seed, observation in self._observed(tier, folder)
            ]
        except InfrastructureError:
            return None
        return float(sum(all(passed[i : i + len(self._seeds)]) for i in range(0, len(passed), len(self._seeds))))

    def _observed(self, tier, folder):
        with lay_out(folder, self._allowlist, self._nothing) as submission:
            for case in CASES:
                for seed in self._seeds:
                    yield case, seed, tier.observe(Job(case, submission.folder, seed, LIMITS))


@contextlib.contextmanager
def _temporary_files_in(folder):
    """Make this process and the worker that it starts put temporary files there, as the other graders do."""
    folder.mkdir(parents=True)
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"], tempfile.tempdir = str(folder), None
    try:
        yield
    finally:
        tempfile.tempdir = None
        os.environ.pop("TMPDIR")
        if before is not None:
            os.environ["TMPDIR"] = before
