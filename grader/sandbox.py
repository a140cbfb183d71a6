"""Runs experiments at a stated tier of trust, and turns whatever comes back into observations.

Tiers: `none` runs in this process, for a debugger; `process` runs in children of a worker process, killed when their
time is up, for a student's own machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from grader import protocol
from grader.case import Case, Ended, InfrastructureError, Observation

ROOT = Path(__file__).resolve().parents[1]
STARTUP_SECONDS = 120  # to import torch, on the slowest disk
GRACE_SECONDS = 20  # after which a worker that does not answer has failed


@dataclass(frozen=True)
class Limits:
    """What one case may use."""

    seconds: float = 10.0  # wall-clock, the import of the student's files included
    reply_bytes: int = 16 * 2**20  # of arrays
    output_bytes: int = 20_000  # of what it prints; the rest is forgotten


class InProcess:
    """Tier `none`: the experiment runs right here, so that breakpoints work. Nothing is limited."""

    tier, size = "none", 1

    def __init__(self):
        self._folder = None  # of the submission graded last

    def observe(self, case: Case, folder: Path, seed: int, limits: Limits, arguments=None) -> Observation:
        """Run one case on the submission laid out in `folder`; `arguments` are passed on to `observe`, as JSON."""
        from grader import experiment

        for name in [n for n, m in sys.modules.items() if _lies_in(getattr(m, "__file__", None), self._folder)]:
            del sys.modules[name]  # the next submission has files of the same names
        self._folder = folder
        return experiment.run(case.observe, case.id, folder, seed, arguments or {})

    def close(self):
        """Nothing to stop."""


def _lies_in(path, folder):
    return bool(path and folder) and Path(path).parent == folder


class Process:
    """Tier `process`: one worker imports torch once; each case runs in a forked child of it."""

    tier, size = "process", 1

    def __init__(self):
        self._closed = False
        self.start()

    def start(self):
        """Start the worker. It imports torch while the caller goes on."""
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "grader.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=_clean_environment(),
        )
        self._answers = queue.Queue()
        threading.Thread(target=_read_answers, args=(self._worker.stdout, self._answers), daemon=True).start()
        self._patience = STARTUP_SECONDS  # the first answer waits for the import

    def observe(self, case: Case, folder: Path, seed: int, limits: Limits, arguments=None) -> Observation:
        """Run one case on the submission laid out in `folder`; `arguments` are passed on to `observe`, as JSON.

        Raises:
            InfrastructureError: the worker itself failed. It is started anew for the next case.
        """
        seconds = case.seconds or limits.seconds
        request = {
            "case": case.reference,
            "id": case.id,
            "folder": str(folder),
            "seed": seed,
            "arguments": arguments or {},
            "seconds": seconds,
            "reply_bytes": limits.reply_bytes + 1,  # one more than allowed tells 'full' from 'too much'
            "output_bytes": limits.output_bytes,
        }
        try:
            self._worker.stdin.write(json.dumps(request).encode() + b"\n")
            self._worker.stdin.flush()
            answer = self._answers.get(timeout=seconds + GRACE_SECONDS + self._patience)
        except (OSError, queue.Empty):
            answer = None
        if answer is None and self._closed:
            raise InfrastructureError("the tier was closed while a case was running")
        if answer is None:
            self._stop()
            self.start()
            raise InfrastructureError("the grader's worker process failed; its messages are above")
        self._patience = 0
        if answer[0]["exit"] == "fault":
            raise InfrastructureError(f"the worker cannot find the experiment {answer[1].decode()}")
        return _observation(*answer, folder, limits)

    def close(self):
        """Stop the worker and whatever it runs."""
        self._closed = True
        self._stop()

    def _stop(self):
        self._worker.terminate()  # it takes its child along, which a kill would not
        try:
            self._worker.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._worker.kill()
            self._worker.wait()
        with contextlib.suppress(OSError):
            self._worker.stdin.close()


class Pool:
    """Tier `process` with several workers, for callers with several threads."""

    tier = "process"

    def __init__(self, size: int | None = None):
        self.size = size or os.cpu_count()
        self._all = [Process() for _ in range(self.size)]
        self._idle = queue.SimpleQueue()
        for worker in self._all:
            self._idle.put(worker)

    def observe(self, *arguments) -> Observation:
        """`Process.observe` on whichever worker is idle."""
        worker = self._idle.get()
        try:
            return worker.observe(*arguments)
        finally:
            self._idle.put(worker)

    def close(self):
        """Stop all workers."""
        for worker in self._all:
            worker.close()


def _clean_environment():
    keep = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    return environment | {
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",  # an experiment is small, and OpenMP's pool would not survive a fork
        "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads slow down everybody else on a shared machine
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _read_answers(stream, answers):
    """Feed `answers` with (header, reply, output); None when the worker has gone."""
    try:
        while line := stream.readline():
            header = json.loads(line)
            answers.put((header, stream.read(header["reply"]), stream.read(header["output"])))
    except (OSError, ValueError):
        pass
    answers.put(None)


def _observation(header, reply, output, folder, limits):
    common = {"output": output.decode("utf-8", "replace"), "seconds": header["seconds"]}
    if header["exit"] is None:
        return Observation(Ended.TIMED_OUT, where=_innermost(reply, folder), **common)
    if len(reply) > limits.reply_bytes:
        return Observation(Ended.DIED, message=f"its reply exceeds {limits.reply_bytes} bytes", **common)
    try:
        observation = protocol.decode(reply)
    except protocol.ProtocolError as error:
        how = f"signal {-header['exit']}" if header["exit"] < 0 else f"exit code {header['exit']}"
        return Observation(Ended.DIED, message=f"the process ended with {how} and no result ({error})", **common)
    return Observation(**{**vars(observation), **common})


def _innermost(traceback, folder):
    """The innermost line of the student's code in the traceback that faulthandler left before the time was up."""
    for path, line, function in re.findall(r'File "([^"]+)", line (\d+) in (.+)', traceback.decode("utf-8", "replace")):
        if _lies_in(path, folder):
            return f"{Path(path).name}, line {line}, in {function}"
    return ""
