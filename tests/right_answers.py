"""A tier for the tests of what uses one: it knows the answers, and runs no code."""

import threading

from grader.runtime.case import Ended, Observation
from grader.runtime.errors import InfrastructureError


class Tier:
    """Gives every submission the right answers, unless a line in its theory.py says otherwise.

    `# fault N`: the first N runs of a case fail because of the grader; `# bug`: the grader has one; `# hang`: nothing
    comes until the tier is closed; `# stub`: it is not implemented.
    """

    name, size = "process", 1

    def __init__(self, known):
        self.known, self.runs, self.closed = known, {}, threading.Event()

    def observe(self, job):
        case, folder = job.case, job.folder
        word, _, number = (folder / "theory.py").read_text().strip().removeprefix("# ").partition(" ")
        key = word, number, case.id
        self.runs[key] = self.runs.get(key, 0) + 1
        if word == "fault" and self.runs[key] <= int(number):
            raise InfrastructureError("out of pids")
        if word == "bug":
            raise ZeroDivisionError("a bug")
        if word == "stub":
            return Observation(Ended.NOT_IMPLEMENTED, message="TODO")
        if word == "hang":
            self.closed.wait(60)
            raise InfrastructureError("closed")
        return Observation(Ended.COMPLETED, self.known.goldens[case.id]["solution"], seconds=0.01)

    observe_alone = observe

    def abandon(self):
        self.close()

    def close(self):
        self.closed.set()
