"""The fork server: imports torch once, and forks a child for each job, isolated as the tier asks. Linux only.

`servers.py` starts it as `python -m grader.sandbox.forkserver TIER SOCKET [MODULE ...]`. A request is a datagram on
the socket with three descriptors: the job, a pipe for what the code prints, and one for the reply. They are for the
child. This process never reads them, so it holds nothing of any submission. It answers with how the child ended. The
datagram ABANDON ends the job that runs, if there is one.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from grader.runtime import experiment
from grader.sandbox import isolation, linux, usage, view, worker
from grader.sandbox.child import TIERS, UNSHARED, Child
from grader.sandbox.exchange import ABANDON, Answer, Limits

GLANCE = 0.05  # seconds between looks at what a child uses
SPARE_THREADS = 8  # of the grader's own, beyond those that the kernel lets the code have
MEMORY = "/dev/shm"  # a folder whose files lie in memory
DESCRIPTORS = 3  # of a request: job, output, reply


def main() -> None:
    """Serve until the socket closes."""
    tier, requests = sys.argv[1], socket.socket(fileno=int(sys.argv[2]))
    os.set_inheritable(requests.fileno(), False)
    linux.adopt_orphans()
    linux.set_dumpable(tier == "process")
    worker.prepare(sys.argv[3:])
    if tier != "process":  # each takes milliseconds, which no child need spend again
        isolation.system_call_filter()
        view.libraries()
    gc.collect()
    gc.freeze()  # the garbage collector of a child then leaves these pages shared
    linux.gather_pages()
    server = Server(TIERS[tier], requests, usage.own_memory())
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, 2**16, DESCRIPTORS)
        if not message:
            return
        if message == ABANDON:  # the job that it meant has already ended
            continue
        answer = server.serve(json.loads(message), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        requests.send(json.dumps(answer).encode())


class Server:
    """Serves one request at a time.

    Args:
        run: what a child does, one of TIERS.
        requests: the socket. During a job it becomes readable only when the parent has ended or abandons the job.
        base_bytes: of memory that each child shares with this process.
    """

    def __init__(self, run: Callable[[Child], NoReturn], requests: socket.socket, base_bytes: int):
        self.run, self.requests, self.base_bytes = run, requests, base_bytes

    def serve(self, request: dict[str, Any], descriptors: Sequence[int]) -> Answer:
        """Run a job, and say how it ended.

        Args:
            request: as of `Job.request`.
            descriptors: of the job, of what the code prints, and of the reply.
        """
        try:
            observe = experiment.find(request["case"])
        except Exception as error:  # ours: no student code has run yet
            return {"exit": "fault", "message": f"cannot find the experiment {request['case']}: {error!r}"}
        start, limits, (job, output, reply) = time.monotonic(), Limits(**request["limits"]), descriptors
        place = in_memory(limits.scratch_bytes) if self.run is TIERS["process"] else None
        with tempfile.TemporaryDirectory(prefix="scratch-", dir=place, ignore_cleanup_errors=True) as scratch:
            faults, fault_end = os.pipe()  # of faults before any student code has run
            mapped, mapped_end = os.pipe()
            child = os.fork()
            if child == 0:
                device, folder = request["device"], Path(scratch)
                self._in_child(Child(observe, limits, device, folder, job, output, reply, fault_end, mapped))
            os.close(fault_end)
            os.close(mapped)
            deadline = start + limits.seconds + worker.LAST_WORDS
            try:
                ended, message = _Watch(child, faults, mapped_end, self, deadline, limits).to_its_end()
            finally:
                usage.end_descendants()
            os.close(faults)
            os.close(mapped_end)
        return {"exit": ended, "message": message, "seconds": time.monotonic() - start}

    def _in_child(self, child: Child) -> NoReturn:
        try:
            self.requests.close()
            self.run(child)
        except BaseException as error:
            worker.report_fault(child.faults, error)
        finally:
            os._exit(1)  # whatever went wrong, a child never becomes a second server


class _Watch:
    """Watches a child until it has ended.

    Args:
        child: its process.
        faults: a pipe that reports what goes wrong before any student code has run, and that student code begins.
        mapped_end: a pipe; a byte in it lets a child in a new user namespace continue.
        server: that has forked the child.
        deadline: by the monotonic clock.
        limits: of the job.
    """

    def __init__(self, child: int, faults: int, mapped_end: int, server: Server, deadline: float, limits: Limits):
        self._child, self._faults, self._mapped_end, self._requests = child, faults, mapped_end, server.requests
        self._base_bytes, self._deadline, self._limits = server.base_bytes, deadline, limits
        self._heard = b""  # from the pipe of faults
        self._why: str | None = None  # the child was stopped
        self._process, self._poll = os.pidfd_open(child), select.poll()
        for descriptor in (self._process, faults, self._requests.fileno()):
            self._poll.register(descriptor, select.POLLIN)

    def to_its_end(self) -> tuple[int | str, str]:
        """Wait until the child has ended. Returns how it ended, and the message of a fault."""
        while True:
            ready = {descriptor for descriptor, _ in self._poll.poll(1000 * GLANCE)}
            if self._faults in ready:
                self._hear()
            if self._process in ready:
                break
            if self._requests.fileno() in ready:
                self._abandon()
            self._stop_if_excessive()
        os.close(self._process)
        return self._ended()

    def _hear(self) -> None:
        """Read what the child reports; when it asks for the names of its users, give them."""
        data = os.read(self._faults, 4096)
        if data == UNSHARED:
            self._heard += _name_users(self._child, self._mapped_end)
        elif data:
            self._heard += data
        else:
            self._poll.unregister(self._faults)

    def _abandon(self) -> None:
        """Stop the child because the parent asks for it, or end with the parent."""
        if not self._requests.recv(2**16):
            sys.exit()  # the parent has ended
        self._why = "abandoned"
        usage.kill_descendants()

    def _stop_if_excessive(self) -> None:
        """Stop the child if it uses more than its limits allow."""
        if not self._why:
            self._why = usage.excess(os.getpid(), self._deadline, self._limits, self._base_bytes, SPARE_THREADS)
            if self._why:
                usage.kill_descendants()

    def _ended(self) -> tuple[int | str, str]:
        """How the child has ended, and the message of a fault."""
        _, status = os.waitpid(self._child, 0)
        self._heard += os.read(self._faults, 4096)
        if self._heard != worker.STARTED and self._why != "abandoned":
            unheard = "a child of the fork server ended before it had begun"
            return "fault", self._heard.decode("utf-8", "replace") or unheard
        return self._why or os.waitstatus_to_exitcode(status), ""


def in_memory(room: int) -> str | None:
    """A folder in memory that has room, if nobody has named another place.

    A folder of links is made at once there. On ext4, which skips inodes that were in use lately, it takes as long as
    the rest of an empty case together (`benchmarks/scratch_place.py`).
    """
    with contextlib.suppress(OSError):
        if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK):
            there = os.statvfs(MEMORY)
            return MEMORY if there.f_bavail * there.f_frsize >= room else None
    return None


def _name_users(child: int, mapped_end: int) -> bytes:
    """Let a child that has left our user namespace continue. Returns what went wrong."""
    try:
        isolation.name_users(child, isolation.user_of(os.getpid()))
    except OSError as error:
        usage.kill_descendants()
        return str(error).encode()
    os.write(mapped_end, b"!")
    return b""


if __name__ == "__main__":
    with contextlib.suppress(SystemExit):
        main()
    os._exit(0)  # libraries print much while an interpreter shuts down, and nothing that anybody needs
