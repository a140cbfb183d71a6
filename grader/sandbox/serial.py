"""Tier `process` where there is no fork (Windows, macOS): one worker runs all cases, and is replaced when one hangs."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from grader import ROOT
from grader.runtime.case import Observation
from grader.runtime.errors import InfrastructureError
from grader.sandbox.exchange import CLOSED, STARTUP_SECONDS, Answer, Job, clean_environment, observation
from grader.sandbox.worker import LAST_WORDS

Lines = queue.SimpleQueue[bytes]


class Serial:
    """Tier `process` where there is no fork (Windows, macOS): one worker runs all cases, one after the other."""

    name, size = "process", 1

    def __init__(self) -> None:
        self._closed = False
        self._start()

    def _start(self) -> None:
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "grader.sandbox.worker", "serial"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=clean_environment(),
            start_new_session=True,  # Ctrl-C is the parent's to handle
        )
        self._answers: Lines = queue.SimpleQueue()
        threading.Thread(target=_read_lines, args=(self._worker.stdout, self._answers), daemon=True).start()

    @property
    def _jobs(self) -> IO[bytes]:
        """Where the worker reads its jobs."""
        assert self._worker.stdin is not None  # it is a pipe
        return self._worker.stdin

    def observe(self, job: Job) -> Observation:
        """Run one case: see `Tier.observe`."""
        with tempfile.TemporaryDirectory() as temporary:
            files = {name: str(Path(temporary) / name) for name in ("reply", "output")}
            answer = self._answer(json.loads(job.text()) | files)
            reply = _capped(files["reply"], job.limits.reply_bytes + 1)
            return observation(job, answer, reply, _capped(files["output"], job.limits.output_bytes))

    observe_alone = observe

    def _answer(self, request: dict[str, Any]) -> Answer:
        start = time.monotonic()
        exit: int | str
        try:
            with contextlib.suppress(OSError, ValueError):  # the worker has ended: then there is no answer either
                self._jobs.write(json.dumps(request).encode() + b"\n")
                self._jobs.flush()
            line = self._answers.get(timeout=STARTUP_SECONDS)  # the first job waits for the import of torch
            start = time.monotonic()
            if line and not line.strip():  # the job begins
                line = self._answers.get(timeout=request["limits"]["seconds"] + LAST_WORDS)
        except queue.Empty:
            line, exit = b"", "time"
        else:
            exit = self._worker.wait() if not line else 0
        if line:
            answer: Answer = json.loads(line)
            return answer
        if self._closed:
            raise InfrastructureError(CLOSED)
        self._stop()
        self._start()
        return {"exit": exit, "seconds": time.monotonic() - start}

    def abandon(self) -> None:
        """End the case that another thread waits for: see `Tier.abandon`. The next case has to import torch."""
        self._worker.kill()

    def close(self) -> None:
        """Stop the worker."""
        self._closed = True
        self._stop()

    def _stop(self) -> None:
        self._worker.kill()
        self._worker.wait()
        with contextlib.suppress(OSError):
            self._jobs.close()


def _read_lines(stream: Iterable[bytes], lines: Lines) -> None:
    """Feed `lines`, so that its reader can stop waiting; b'' when the worker has ended."""
    for line in stream:
        lines.put(line)
    lines.put(b"")


def _capped(path: str, most: int) -> bytes:
    """The first bytes of a file, if it was ever written."""
    with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
        return file.read(most)
    return b""
