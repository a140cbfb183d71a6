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
from collections.abc import Sequence
from pathlib import Path

from grader import ROOT
from grader.runtime.case import Observation
from grader.runtime.errors import InfrastructureError
from grader.sandbox import bubblewrap, isolation
from grader.sandbox.collector import Collector
from grader.sandbox.exchange import ABANDON, CLOSED, STARTUP_SECONDS, Job, clean_environment, observation

GRACE_SECONDS = 20  # after which a server that does not answer has failed

# Imported before the fork if a submission imports them at the top of a file, because each takes seconds.
PRELOADED = ("torchvision", "matplotlib.pyplot")

Modules = tuple[str, ...]  # those of PRELOADED that a server imports


class ForkServers:
    """Tiers `process`, `restricted` and `sandbox` on Linux: each case in a child forked from a process with torch.

    Args:
        name: of the tier, which says how a child is isolated; see `forkserver.py`.
    """

    size = 1

    def __init__(self, name: str = "process"):
        self.name, self._closed = name, False
        self._servers: dict[Modules, _ForkServer] = {}
        self._server(())  # imports torch while the caller continues

    def observe(self, job: Job) -> Observation:
        """Run one case: see `Tier.observe`. A server that fails is started again for the next case."""
        modules = _preloads(job.folder, job.folder.stat().st_mtime_ns)
        try:
            return self._server(modules).observe(job)
        except ServerError:
            if not self._closed:
                self._servers.pop(modules).close()
            raise

    def observe_alone(self, job: Job) -> Observation:
        """Run one case in an interpreter of its own if the tier is `sandbox`: see `Tier.observe_alone`."""
        if self.name != "sandbox":
            return self.observe(job)
        return bubblewrap.observe(job, stopped=lambda: self._closed)

    def abandon(self) -> None:
        """End the case that another thread waits for: see `Tier.abandon`."""
        for server in list(self._servers.values()):
            server.abandon()

    def _server(self, modules: Modules) -> _ForkServer:
        if self._closed:
            raise InfrastructureError(CLOSED)
        if modules not in self._servers:
            self._servers[modules] = _ForkServer(self.name, modules)
        return self._servers[modules]

    def close(self) -> None:
        """Stop the servers and whatever they run."""
        self._closed = True
        for server in list(self._servers.values()):  # another thread may be starting one
            server.close()


@functools.lru_cache(maxsize=100)
def _preloads(folder: Path, changed: int) -> Modules:
    """Those of PRELOADED that a file of the submission imports at its top level.

    Args:
        folder: of the submission.
        changed: when the folder last changed, in nanoseconds.
    """
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

    def __init__(self, tier: str, modules: Sequence[str]):
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
        self._tier, self._asked = tier, False
        self._readable: tuple[Path, int] | None = None  # a folder and its state, which children may read
        self._patience = STARTUP_SECONDS  # the first answer waits for the import

    def observe(self, job: Job) -> Observation:
        """Run a job in a child."""
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

    def _let_read(self, folder: Path) -> None:
        """Do this once for each state of a folder, because it takes as long as everything else together."""
        state = folder, folder.stat().st_mtime_ns
        if self._tier != "process" and state != self._readable:
            isolation.let_read(folder, self._process.pid)
            self._readable = state

    def abandon(self) -> None:
        """End the job that runs, if there is one."""
        with contextlib.suppress(OSError):  # the server has ended, and its job with it
            self._socket.send(ABANDON)

    def close(self) -> None:
        """End the server and whatever it runs."""
        with contextlib.suppress(OSError):  # the server has ended already
            self._socket.shutdown(socket.SHUT_RDWR)  # the server then ends, with everything that it runs
        self._socket.close()
        if not self._asked:  # the server runs nothing, and perhaps still imports torch
            self._process.kill()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
