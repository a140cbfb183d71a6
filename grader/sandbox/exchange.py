"""The parent's end of a job: hand it over, collect what comes back, and make an observation of it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

from grader.runtime import frames
from grader.runtime.case import Case, Ended, Observation
from grader.runtime.errors import InfrastructureError
from grader.sandbox import view

STARTUP_SECONDS = 120  # to import torch, on the slowest disk
ABANDON = b"abandon"  # makes a fork server end the job that runs
CLOSED = "the tier was closed while a case was running"


class Answer(TypedDict, total=False):
    """What the process that starts a job says of its end."""

    exit: int | str  # a code, minus a signal, 'fault', or why the job was stopped
    message: str  # of a fault
    seconds: float  # that the job took; absent after a fault


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
    """One case to run on one submission.

    Attributes:
        case: whose experiment runs.
        folder: of the submission, flat; becomes the working directory and the first entry of sys.path.
        seed: of the case, by `case_seed`.
        limits: what it may use.
        arguments: further arguments of the experiment, ready for JSON.
        device: where it may compute.
    """

    case: Case
    folder: Path
    seed: int
    limits: Limits
    arguments: Mapping[str, Any] = field(default_factory=dict)
    device: str = "cpu"

    @property
    def seconds(self) -> float:
        """Its time limit."""
        return self.case.seconds or self.limits.seconds

    def request(self) -> dict[str, Any]:
        """What the process that starts the job must know: nothing of the submission, and no seed."""
        limits = asdict(self.limits) | {"seconds": self.seconds}
        return {"case": self.case.reference, "device": self.device, "limits": limits}

    def text(self) -> bytes:
        """What the process that runs the job must know, as JSON."""
        job = {"folder": str(self.folder), "seed": self.seed, "arguments": self.arguments}
        return json.dumps(self.request() | job).encode()


def observation(job: Job, answer: Answer, reply: bytes | bytearray, output: bytes | bytearray) -> Observation:
    """Make an observation of what a job has left.

    Args:
        job: what was asked.
        answer: how it ended.
        reply: bytes of a frame, or anything else that hostile code may write.
        output: what it printed.

    Raises:
        InfrastructureError: the job failed before any student code ran.
    """
    exit = answer["exit"]
    if exit == "fault":
        raise InfrastructureError(answer["message"])
    limits, text, seconds = job.limits, output.decode("utf-8", "replace"), answer["seconds"]
    observed = partial(Observation, output=text, seconds=seconds)
    late = isinstance(exit, int) and seconds >= job.seconds
    if exit == "time" or (late and (exit != 0 or reply.startswith(HANG_REPORTS))):
        # Reporting the line that hangs may itself end the process; or the job ends after all, with its frame behind it.
        return observed(Ended.TIMED_OUT, where=_innermost(reply, job.folder))
    if isinstance(exit, str):
        return observed(Ended.DIED, message=_STOPPED[exit](limits))
    if len(reply) > limits.reply_bytes:
        return observed(Ended.DIED, message=f"its reply exceeds {limits.reply_bytes} bytes")
    try:
        return replace(frames.decode(bytes(reply)), output=text, seconds=seconds)
    except frames.FrameError as error:
        how = f"signal {-exit}" if exit < 0 else f"exit code {exit}"
        return observed(Ended.DIED, message=f"the process ended with {how} and no result ({error})")


HANG_REPORTS = b"Timeout (", b"Stack ("  # how faulthandler begins to report the line that hangs
_STOPPED: dict[str, Callable[[Limits], str]] = {
    "abandoned": lambda limits: "was abandoned",
    "memory": lambda limits: f"was stopped: it used more than the {limits.memory_bytes / 2**20:.0f} MB of memory",
    "processes": lambda limits: f"was stopped: it started more than {limits.processes} processes and threads",
}


def _innermost(traceback: bytes | bytearray, folder: Path) -> str:
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
        "MALLOC_MMAP_MAX_": "0",  # otherwise glibc returns a large tensor's pages and takes new ones in every layer,
        "MALLOC_TRIM_THRESHOLD_": str(2**33),  # a quarter of the time in which a diffusion model samples on a CPU
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",  # an experiment is small, and OpenMP's pool would not survive a fork
        "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads slow down everybody else on a shared machine
        "PYTHONDONTWRITEBYTECODE": "1",
        "TQDM_DISABLE": "1",  # progress bars would fill the report
    }
