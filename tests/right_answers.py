"""A tier for tests of all that is around it: it knows the answers, and runs nothing."""

import threading

from grader.case import Ended, InfrastructureError, Observation


class Tier:
    """Gives every submission the right answers, but does what a line in its theory.py says.

    `# fault N`: the first N runs of a case fail for a fault of ours; `# bug`: the grader has one; `# hang`: nothing
    comes until the tier is closed; `# stub`: it is not implemented.
    """

    def __init__(self, known):
        self.known, self.tier, self.runs, self.closed = known, "process", {}, threading.Event()

    def observe(self, case, folder, seed, limits, arguments=None, device="cpu"):
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

    def close(self):
        self.closed.set()
