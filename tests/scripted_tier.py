"""A tier for tests of `grader watch`, which runs nothing. `python -m tests.scripted_tier watch` has it."""

import threading
import time

from grader import sandbox
from grader.commands import students
from grader.course import assignment as assignments
from grader.grading import goldens
from grader.runtime.case import Ended, Observation
from grader.runtime.errors import InfrastructureError

PATIENCE = 60  # seconds; only a test that fails waits so long


class Scripted:
    """Gives the right answers, but for the cases that a line of theory.py names: '# stub 6.query', '# wrong', '# slow',
    '# hang' until it is abandoned or closed, '# fault' and '# bug' of the grader's.
    """

    name, size = "process", 1

    def __init__(self, known):
        self.known, self.ran, self.abandoned, self.ended = known, [], 0, threading.Event()

    def observe(self, job):
        case, folder = job.case, job.folder
        self.ran.append(case.id)
        text = (folder / "theory.py").read_text() if (folder / "theory.py").exists() else ""
        lines = [line.removeprefix("# ").split() or [""] for line in text.splitlines()]
        word = next((word for word, *ids in lines if case.id in ids), "")
        if word == "stub":
            return Observation(
                Ended.NOT_IMPLEMENTED, message=f"TODO({case.id})", where="theory.py, line 7, in f: raise"
            )
        if word == "wrong":
            return Observation(Ended.COMPLETED, self.known.fingerprints[case.id][0].arrays)
        if word == "slow":
            time.sleep(0.1)
        if word == "fault":
            raise InfrastructureError("out of pids")
        if word == "bug":
            raise ZeroDivisionError("a bug")
        if word == "hang":
            self.ended.wait(PATIENCE)
            self.ended.clear()
            return Observation(Ended.DIED, message="was abandoned")
        return Observation(Ended.COMPLETED, self.known.goldens[case.id]["solution"])

    def abandon(self):
        self.abandoned += 1
        self.ended.set()

    def close(self):
        self.ended.set()


if __name__ == "__main__":
    sandbox.start = lambda tier: Scripted(goldens.load(assignments.load().resources))
    students.main()
