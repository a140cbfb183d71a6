"""Tiers `process`, `restricted` and `sandbox` on Linux: the parent's side of the fork servers."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grader import ROOT
from grader.case import Case, InfrastructureError, Observation
from grader.sandbox import bubblewrap, isolation
from grader.sandbox.collector import Collector
from grader.sandbox.exchange import ABANDON, CLOSED, STARTUP_SECONDS, Job, Limits, clean_environment, observation

GRACE_SECONDS = 20  # after which a server that does not answer has failed

# Imported before the fork if a submission imports them at the top of a file: each takes seconds.
PRELOADED = ("torchvision", "matplotlib.pyplot")


class ForkServers:
    """Tiers `process`, `restricted` and `sandbox` on Linux: each case in a child forked from a process with torch.

    Args:
        tier: how the child is isolated; see `forkserver.py`.
    """

    size = 1

    def __init__(self, tier: str = "process"):
        self.tier, self._closed, self._servers = tier, False, {}
        self._server(())  # imports torch while the caller goes on

    def observe(self, case: Case, folder: Path, seed: int, limits: Limits, arguments=None, device="cpu") -> Observation:
        """Run one case on the submission laid out in `folder`; `arguments` are passed on to `observe`, as JSON.

        Raises:
            InfrastructureError: the server itself failed. It is started anew for the next case.
        """
        modules = _preloads(folder, folder.stat().st_mtime_ns)
        try:
            return self._server(modules).observe(Job(case, folder, seed, limits, arguments or {}, device))
        except ServerError:
            if not self._closed:
                self._servers.pop(modules).close()
            raise

    def observe_alone(self, case: Case, folder: Path, seed: int, limits: Limits, arguments=None, device="cpu"):
        """The same in an interpreter of its own if the tier is `sandbox`: it may use threads and the GPU."""
        if self.tier != "sandbox":
            return self.observe(case, folder, seed, limits, arguments, device)
        job = Job(case, folder, seed, limits, arguments or {}, device)
        return bubblewrap.observe(job, stopped=lambda: self._closed)

    def abandon(self):
        """End the case that another thread waits for, whose observation then says nothing of the code."""
        for server in list(self._servers.values()):
            server.abandon()

    def _server(self, modules):
        if self._closed:
            raise InfrastructureError(CLOSED)
        if modules not in self._servers:
            self._servers[modules] = _ForkServer(self.tier, modules)
        return self._servers[modules]

    def close(self):
        """Stop the servers and whatever they run."""
        self._closed = True
        for server in list(self._servers.values()):  # another thread may be starting one
            server.close()


@functools.lru_cache(maxsize=100)
def _preloads(folder, changed):
    """Those of PRELOADED that a file of the submission imports at its top level, for a state of the folder."""
    lines = [
        line
        for path in folder.glob("*.py")
        for line in re.findall(rb"^(?:import|from)[ \t].*", path.read_bytes(), re.MULTILINE)
    ]
    return tuple(m for m in PRELOADED if any(re.search(rb"\b%s\b" % m.split(".")[-1].encode(), li) for li in lines))


class ServerError(InfrastructureError):
    """The fork server itself failed."""


class _ForkServer:
    """The parent's side of one `grader.sandbox.forkserver` process."""

    def __init__(self, tier, modules):
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "grader.sandbox.forkserver", tier, str(theirs.fileno()), *modules],
                stdin=subprocess.DEVNULL,
                stdout=2,
                cwd=ROOT,
                env=clean_environment(),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C is the parent's to handle
            )
        self._tier, self._readable, self._asked = tier, None, False
        self._patience = STARTUP_SECONDS  # the first answer waits for the import

    def observe(self, job: Job) -> Observation:
        self._let_read(job.folder)
        with Collector(job.limits) as collector, tempfile.TemporaryFile() as text:
            text.write(job.text())
            text.seek(0)
            try:
                request, handed = json.dumps(job.request()).encode(), (collector.output_end, collector.reply_end)
                self._asked = True
                socket.send_fds(self._socket, [request], [text.fileno(), *handed])
                collector.handed_over()
                deadline = time.monotonic() + job.seconds + GRACE_SECONDS + self._patience
                answer = self._socket.recv(2**16) if collector.until({self._socket.fileno()}, deadline) else b""
            except (OSError, ValueError):
                answer = b""
            if not answer:
                raise ServerError("the grader's fork server failed; its messages are above")
            self._patience = 0
            collector.rest()
            return observation(job, json.loads(answer), collector.reply, collector.output)

    def _let_read(self, folder):
        """Once for each state of a folder: it takes as long as all the rest."""
        state = folder, folder.stat().st_mtime_ns
        if self._tier != "process" and state != self._readable:
            isolation.let_read(folder, self._process.pid)
            self._readable = state

    def abandon(self):
        with contextlib.suppress(OSError):  # it has gone: so has its job
            self._socket.send(ABANDON)

    def close(self):
        with contextlib.suppress(OSError):  # it has gone already
            self._socket.shutdown(socket.SHUT_RDWR)  # at which it ends, with all that it runs
        self._socket.close()
        if not self._asked:  # it runs nothing, and perhaps still imports torch
            self._process.kill()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
