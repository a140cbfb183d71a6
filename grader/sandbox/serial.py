"""Tier `process` where there is no fork (Windows, macOS): all cases in one process, replaced when one hangs."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from grader import ROOT
from grader.case import Case, InfrastructureError, Observation
from grader.sandbox.exchange import CLOSED, STARTUP_SECONDS, Job, Limits, clean_environment, observation
from grader.sandbox.worker import LAST_WORDS


class Serial:
    """Tier `process` where there is no fork (Windows, macOS): all cases in one process, replaced when one hangs."""

    tier, size = "process", 1

    def __init__(self):
        self._closed = False
        self._start()

    def _start(self):
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "grader.sandbox.worker", "serial"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=clean_environment(),
            start_new_session=True,  # Ctrl-C is the parent's to handle
        )
        self._answers = queue.SimpleQueue()
        threading.Thread(target=_read_lines, args=(self._worker.stdout, self._answers), daemon=True).start()

    def observe(self, case: Case, folder: Path, seed: int, limits: Limits, arguments=None, device="cpu") -> Observation:
        """Run one case on the submission laid out in `folder`; `arguments` are passed on to `observe`, as JSON.

        Raises:
            InfrastructureError: the experiment cannot be found.
        """
        job = Job(case, folder, seed, limits, arguments or {}, device)
        with tempfile.TemporaryDirectory() as temporary:
            files = {name: str(Path(temporary) / name) for name in ("reply", "output")}
            answer = self._answer(json.loads(job.text()) | files)
            reply = _capped(files["reply"], limits.reply_bytes + 1)
            return observation(job, answer, reply, _capped(files["output"], limits.output_bytes))

    observe_alone = observe

    def _answer(self, request):
        start = time.monotonic()
        try:
            with contextlib.suppress(OSError, ValueError):  # it has ended: then there is no answer either
                self._worker.stdin.write(json.dumps(request).encode() + b"\n")
                self._worker.stdin.flush()
            line = self._answers.get(timeout=STARTUP_SECONDS)  # the first job waits for the import of torch
            start = time.monotonic()
            if line and not line.strip():  # it begins
                line = self._answers.get(timeout=request["limits"]["seconds"] + LAST_WORDS)
        except queue.Empty:
            line, exit = b"", "time"
        else:
            exit = self._worker.wait() if not line else 0
        if line:
            return json.loads(line)
        if self._closed:
            raise InfrastructureError(CLOSED)
        self._stop()
        self._start()
        return {"exit": exit, "seconds": time.monotonic() - start}

    def abandon(self):
        """End the case that another thread waits for, whose observation then says nothing of the code.

        The next one waits for an import of torch.
        """
        self._worker.kill()

    def close(self):
        """Stop the worker."""
        self._closed = True
        self._stop()

    def _stop(self):
        self._worker.kill()
        self._worker.wait()
        with contextlib.suppress(OSError):
            self._worker.stdin.close()


def _read_lines(stream, lines):
    """Feed `lines`, so that its reader can stop waiting; b'' when the worker has gone."""
    for line in stream:
        lines.put(line)
    lines.put(b"")


def _capped(path, most):
    """The first bytes of a file, if it was ever written."""
    with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
        return file.read(most)
    return b""
