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

from grader import experiment, protocol

PIPE_BYTES = 2**20  # as much as a pipe can hold


def main() -> None:
    """Serve requests until standard input closes."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing but answers may reach the parent's pipe
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle, who then ends this process
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # not before the child that runs is gone
    import torch

    import grader.probes  # noqa: F401  (before the fork: every child needs it)

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
    """Fork, run, collect. Returns (exit code or -signal, or None at a time-out; reply bytes; output bytes; seconds)."""
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
    ended = None
    try:
        ended = _collect(child, collected, deadline=start + request["seconds"])
    finally:
        if ended is None:
            os.kill(child, signal.SIGKILL)  # by itself: it may not have made its group yet
            os.waitpid(child, 0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # whatever it started
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
    """Drain the child's pipes until it has ended. Returns its exit code or -signal, or None if its time is up first."""
    with selectors.DefaultSelector() as selector:
        for descriptor in collected:
            os.set_blocking(descriptor, False)
            selector.register(descriptor, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            # Both pipes closed: the child is about to end.
            for key, _ in selector.select(timeout=0.02 if selector.get_map() else 0.001):
                data = os.read(key.fd, PIPE_BYTES)
                collected[key.fd].add(data)
                if not data:
                    selector.unregister(key.fd)
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                for descriptor in selector.get_map():
                    # Once: it holds what was still in the pipe, and a process left behind may write for ever.
                    with contextlib.suppress(BlockingIOError):
                        collected[descriptor].add(os.read(descriptor, PIPE_BYTES))
                return os.waitstatus_to_exitcode(status)
    return None


def _child(observe, request, reply_write, output_write) -> NoReturn:
    """Everything that happens in the forked child. Never returns."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(output_write, 1)
    os.dup2(output_write, 2)
    os.dup2(reply_write, 3)
    os.closerange(4, 256)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115  (for the process's life)
    # If time runs out, the line that hangs takes the place of the reply.
    faulthandler.dump_traceback_later(max(0.1, request["seconds"] - 0.3), file=3)
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
