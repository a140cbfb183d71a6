"""The parent's end of a job: hand it over, collect what comes back, and make an observation of it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from grader import protocol
from grader.case import Case, Ended, InfrastructureError, Observation
from grader.sandbox import view

STARTUP_SECONDS = 120  # to import torch, on the slowest disk
ABANDON = b"abandon"  # tells a fork server to end the job that runs
CLOSED = "the tier was closed while a case was running"


@dataclass(frozen=True)
class Limits:
    """What one case may use. The figures are in assignment.toml."""

    seconds: float  # wall-clock, the import of the student's files included
    memory_bytes: int  # of all its processes, beyond what the imported libraries take
    processes: int  # threads included
    scratch_bytes: int  # of files
    reply_bytes: int  # of arrays
    output_bytes: int  # of what it prints; the rest is forgotten


@dataclass(frozen=True)
class Job:
    """One case to run on one submission."""

    case: Case
    folder: Path  # of the submission
    seed: int
    limits: Limits
    arguments: dict
    device: str = "cpu"

    @property
    def seconds(self) -> float:
        """Its limit."""
        return self.case.seconds or self.limits.seconds

    def request(self) -> dict:
        """What the process that starts the job must know: nothing of the submission, and no seed."""
        limits = asdict(self.limits) | {"seconds": self.seconds}
        return {"case": self.case.reference, "device": self.device, "limits": limits}

    def text(self) -> bytes:
        """What the process that runs it must know, as JSON."""
        job = {"folder": str(self.folder), "seed": self.seed, "arguments": self.arguments}
        return json.dumps(self.request() | job).encode()


def observation(job: Job, answer: dict, reply: bytes, output: bytes) -> Observation:
    """What a job has left.

    Args:
        job: what was asked.
        answer: `exit` (a code, minus a signal, or why it was stopped) and `seconds`.
        reply: bytes of a frame, or anything else that hostile code may write.
        output: what it printed.

    Raises:
        InfrastructureError: it failed before any code of the student's had run.
    """
    if answer["exit"] == "fault":
        raise InfrastructureError(answer["message"])
    common = {"output": output.decode("utf-8", "replace"), "seconds": answer["seconds"]}
    limits, exit = job.limits, answer["exit"]
    late = isinstance(exit, int) and answer["seconds"] >= job.seconds
    if exit == "time" or (late and (exit != 0 or reply.startswith(TOLD_LATE))):
        # Telling the line that hangs may itself end the process; or the job ends after all, with its frame behind it.
        return Observation(Ended.TIMED_OUT, where=_innermost(reply, job.folder), **common)
    if exit in _STOPPED:
        return Observation(Ended.DIED, message=_STOPPED[exit](limits), **common)
    if len(reply) > limits.reply_bytes:
        return Observation(Ended.DIED, message=f"its reply exceeds {limits.reply_bytes} bytes", **common)
    try:
        return Observation(**{**vars(protocol.decode(bytes(reply))), **common})
    except protocol.ProtocolError as error:
        how = f"signal {-exit}" if exit < 0 else f"exit code {exit}"
        return Observation(Ended.DIED, message=f"the process ended with {how} and no result ({error})", **common)


TOLD_LATE = b"Timeout (", b"Stack ("  # how faulthandler begins to tell the line that hangs
_STOPPED: dict[str, Callable[[Limits], str]] = {
    "abandoned": lambda limits: "was abandoned",
    "memory": lambda limits: f"was stopped: it used more than the {limits.memory_bytes / 2**20:.0f} MB of memory",
    "processes": lambda limits: f"was stopped: it started more than {limits.processes} processes and threads",
}


def _innermost(traceback, folder):
    """The innermost line of the student's code in the traceback that faulthandler left before the time was up."""
    for path, line, function in re.findall(r'File "([^"]+)", line (\d+) in (.+)', traceback.decode("utf-8", "replace")):
        if Path(path).parent == folder or Path(path).parent.name == view.WORK:
            return f"{Path(path).name}, line {line}, in {function}"
    return ""


def clean_environment() -> dict[str, str]:
    """What a process that runs student code may know of our environment."""
    keep = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    return environment | {
        "MALLOC_MMAP_MAX_": "0",  # glibc else returns a large tensor's pages and takes them anew in every layer, which
        "MALLOC_TRIM_THRESHOLD_": str(2**33),  # is a quarter of the time in which a diffusion model samples on a CPU
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",  # an experiment is small, and OpenMP's pool would not survive a fork
        "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads slow down everybody else on a shared machine
        "PYTHONDONTWRITEBYTECODE": "1",
        "TQDM_DISABLE": "1",  # bars of progress would fill the report
    }
