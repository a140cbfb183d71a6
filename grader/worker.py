"""The worker: the only process that imports student code. Started by `sandbox.py` as `python -m grader.worker`.

It imports torch once, then reads requests from standard input, one JSON object a line. For each it forks a child that
runs the experiment; the worker itself never imports a student's file, so nothing carries over from case to case. It
answers on standard output: one JSON line (how the child ended, its seconds, two lengths), then the child's reply and
what it printed.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import selectors
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn


def main() -> None:
    """Serve requests until standard input closes."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing but answers may reach the parent's pipe
    import torch

    from grader import experiment, probes, protocol  # noqa: F401  (before the fork: every child needs them)

    torch.set_num_threads(1)  # unit cases are small, and a process that has run a parallel kernel must not fork
    for line in requests:
        request = json.loads(line)
        try:
            observe = experiment.find(request["case"])
        except Exception as error:  # ours: no student code has run yet
            ended, reply, output, seconds = "fault", f"{request['case']}: {error!r}".encode(), b"", 0.0
        else:
            ended, reply, output, seconds = _run_in_child(observe, request)
        header = {"exit": ended, "seconds": seconds, "reply": len(reply), "output": len(output)}
        answers.write(json.dumps(header).encode() + b"\n" + reply + output)
        answers.flush()


def _run_in_child(observe, request):
    """Fork, run, collect. Returns (exit code or -signal or 'timed out', reply bytes, output bytes, seconds)."""
    start = time.monotonic()
    reply_read, reply_write = os.pipe()
    output_read, output_write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _child(observe, request, reply_write, output_write)
        finally:
            os._exit(1)  # whatever went wrong, a child never becomes a second worker
    os.close(reply_write)
    os.close(output_write)
    collected = {reply_read: Capped(request["reply_bytes"]), output_read: Capped(request["output_bytes"])}
    ended = _collect(child, collected, deadline=start + request["seconds"])
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # whatever the child started
    for descriptor in collected:
        os.close(descriptor)
    reply, output = (bytes(buffer) for buffer in collected.values())
    return ended, reply, output, time.monotonic() - start


class Capped(bytearray):
    """Keeps the first `cap` bytes and forgets the rest."""

    def __init__(self, cap):
        super().__init__()
        self.cap = cap

    def add(self, data):
        """Append as much of `data` as there is room for."""
        self.extend(data[: max(0, self.cap - len(self))])


def _collect(child, collected, deadline):
    """Drain the child's pipes until it has ended or its time is up."""
    selector = selectors.DefaultSelector()
    for descriptor in collected:
        os.set_blocking(descriptor, False)
        selector.register(descriptor, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select(timeout=0.02):
            data = os.read(key.fd, 1 << 16)
            if data:
                collected[key.fd].add(data)
            else:
                selector.unregister(key.fd)
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            for descriptor in selector.get_map():  # what was still in the pipes
                with contextlib.suppress(BlockingIOError):
                    while data := os.read(descriptor, 1 << 16):
                        collected[descriptor].add(data)
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "timed out"


def _child(observe, request, reply_write, output_write) -> NoReturn:
    """Everything that happens in the forked child. Never returns."""
    os.setsid()
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(output_write, 1)
    os.dup2(output_write, 2)
    os.dup2(reply_write, 3)
    os.closerange(4, 256)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115  (for the process's life)
    # If time runs out, the line that hangs takes the place of the reply.
    faulthandler.dump_traceback_later(max(0.1, request["seconds"] - 0.3), file=3)
    from grader import experiment, protocol

    observation = experiment.run(observe, request["id"], Path(request["folder"]), request["seed"], request["arguments"])
    faulthandler.cancel_dump_traceback_later()
    frame = protocol.encode(observation)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    with open(3, "wb") as reply:
        reply.write(frame)
    os._exit(0)


if __name__ == "__main__":
    main()
