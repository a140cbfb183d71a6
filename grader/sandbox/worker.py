"""Runs one job: an experiment beside a student's code. The only importer of student code outside a debugger.

A job is a dict that came as JSON. It leaves a frame, and what the code prints goes its own way. Jobs run in forked
children of `forkserver.py`; in a new interpreter inside bubblewrap (`worker once`); or, where there is no fork, one
after the other in one interpreter (`worker serial`).
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from grader.runtime import discovery, experiment, frames
from grader.runtime.case import Ended, Experiment, Observation
from grader.sandbox.exchange import Answer, Limits

REPLY, FAULTS = 3, 4  # descriptors of the frame, and of faults before the job, in a process of its own

LAST_WORDS = 0.5  # seconds from the end of its time until a process is ended, to report which line hangs
STARTED = b"started"  # a process writes it to FAULTS before it runs any student code

# A child in the sandbox no longer sees our files; torch imports the last one at every child's first backward.
_BESIDE_STUDENT_CODE = (
    *(f"grader.runtime.{name}" for name in ("probes", "fake_gpu", "adversarial", "denoising", "descent")),
    "torch.nested._internal.nested_tensor",
)


def prepare(modules: Iterable[str] = ()) -> None:
    """Import once what every experiment needs, and these modules."""
    import torch

    for module in (*_BESIDE_STUDENT_CODE, *discovery.modules(), *modules):
        importlib.import_module(module)
    torch.set_num_threads(1)  # unit cases are small, and a process that has run a parallel kernel must not fork
    image = torch.zeros(1, 1, 3, 3)
    torch.nn.functional.conv2d(image, image)  # makes torch look at the processor, which the sandbox does not show
    # The first call of each takes milliseconds, which no child need spend again.
    torch.manual_seed(0)
    frames.encode(Observation(Ended.COMPLETED, {"image": image.numpy()}))


def redirect(output: int, reply: int, faults: int) -> None:
    """Arrange the descriptors of a process that runs one job: no input, what it prints, REPLY, FAULTS, and no other."""
    with open(os.devnull, "rb") as nothing:
        # First copied out of the way: any of them may have the number of another's place.
        descriptors = [os.dup(descriptor) for descriptor in (nothing.fileno(), output, output, reply, faults)]
    for place, descriptor in enumerate(descriptors):
        os.dup2(descriptor, place)
    os.closerange(len(descriptors), 65536)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115  (for the process's life)


def run(job: dict[str, Any], observe: Experiment, folder: Path) -> NoReturn:
    """Run a job in a process that `redirect` has arranged, and end the process.

    Args:
        job: `seed`, `arguments` and `limits` of the experiment.
        observe: the experiment.
        folder: the submission, as this process sees it.
    """
    os.write(FAULTS, STARTED)
    os.close(FAULTS)  # what goes wrong from here on is the student's
    with open(REPLY, "wb") as reply:
        reply.write(_frame(job, observe, folder, REPLY))
    os._exit(0)


def _frame(job: dict[str, Any], observe: Experiment, folder: Path, reply: int) -> bytes:
    began = os.getpid()
    with reporting_hangs(job["limits"]["seconds"], reply):
        observation = experiment.run(observe, folder, job["seed"], job["arguments"])
    if os.getpid() != began:
        os._exit(0)  # a fork that the code has left to return here as well, but there is only one reply
    frame = frames.encode(observation)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    return frame


@contextlib.contextmanager
def reporting_hangs(seconds: float, reply: int | BinaryIO) -> Iterator[None]:
    """Let faulthandler write which line of the main thread runs when the time is up, in place of the reply."""
    if hasattr(signal, "setitimer"):
        faulthandler.register(signal.SIGALRM, file=reply, all_threads=False)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.unregister(signal.SIGALRM)
    else:  # Windows: another thread looks, and sees nothing if the stack changes meanwhile, as in a training
        faulthandler.dump_traceback_later(seconds, file=reply)
        yield
        faulthandler.cancel_dump_traceback_later()


def once(reply: int, faults: int) -> NoReturn:
    """Read a job from standard input and run it in this interpreter, which bubblewrap has isolated."""
    from grader.sandbox import isolation, view

    try:
        job = json.load(sys.stdin)
        prepare()
        observe = experiment.find(job["case"])
        folder = view.lay_links(Path(view.SCRATCH), Path(view.SUBMISSION))
        isolation.limit(Limits(**job["limits"]), address_space=not job["device"].startswith("cuda"))
        redirect(1, reply, faults)
        faults = FAULTS
        isolation.restrict_files(["/"], ["/dev", view.SCRATCH])
    except BaseException as error:
        report_fault(faults, error)
    run(job, observe, folder)


def report_fault(faults: int, error: BaseException) -> NoReturn:
    """Report a fault of the grader's own, and end the process before any student code has run."""
    os.write(faults, f"{type(error).__name__}: {error}".encode()[:1000])
    os._exit(1)


def serial() -> None:
    """Read a job from each line, and run it in this very process: the next job gets what the last one left of it.

    A job names two files, for the frame and for what is printed. The answer is an empty line when the job begins, and
    a line with the seconds that it took when it has ended.
    """
    jobs, answers = sys.stdin, os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdin = open(os.devnull)  # noqa: SIM115  (for the process's life)
    prepare()
    for line in jobs:
        job = json.loads(line)
        answer: Answer
        try:
            observe = experiment.find(job["case"])
        except Exception as error:  # ours: no student code has run yet
            answer = {"exit": "fault", "message": f"{job['case']}: {error!r}"}
        else:
            print(file=answers, flush=True)
            answer = {"exit": 0, "seconds": _serve(job, observe)}
        print(json.dumps(answer), file=answers, flush=True)


def _serve(job: dict[str, Any], observe: Experiment) -> float:
    """Run a job. Returns the seconds that it took."""
    start, folder = time.monotonic(), Path(job["folder"])
    kept, path = [os.dup(1), os.dup(2)], list(sys.path)
    with open(job["output"], "wb") as output, open(job["reply"], "wb", buffering=0) as reply:
        for place in (1, 2):
            os.dup2(output.fileno(), place)
        reply.write(_frame(job, observe, folder, reply.fileno()))
    for place, descriptor in zip((1, 2), kept, strict=True):
        os.dup2(descriptor, place)
        os.close(descriptor)
    sys.path[:] = path
    experiment.forget(folder)
    return time.monotonic() - start


if __name__ == "__main__":
    if sys.argv[1] == "once":
        once(*map(int, sys.argv[2:]))
    else:
        serial()
