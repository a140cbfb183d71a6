"""The fork server: imports torch once, and forks a child for each job, isolated as the tier asks. Linux only.

Started by `servers.py` as `python -m grader.sandbox.forkserver TIER SOCKET [MODULE ...]`. A request is a datagram on
the socket with three descriptors: the job, a pipe for what the code prints, one for the reply. They are the child's;
this process never reads them, so it holds nothing of any submission. It answers with how the child ended. A datagram
ABANDON ends the job that runs, if one does.
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
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from grader import experiment
from grader.sandbox import isolation, linux, view, watch, worker
from grader.sandbox.child import TIERS, UNSHARED, Child
from grader.sandbox.exchange import ABANDON, Limits

GLANCE = 0.05  # seconds between looks at what a child uses
SPARE_THREADS = 8  # of the harness's own, beyond those that the kernel lets the code have
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
    server = Server(TIERS[tier], requests, watch.own_memory())
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, 2**16, DESCRIPTORS)
        if not message:
            return
        if message == ABANDON:  # the job that was meant has ended by itself
            continue
        answer = server.serve(json.loads(message), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        requests.send(json.dumps(answer).encode())


class Server:
    """Serves one request at a time.

    Args:
        run: what a child does, one of TIERS.
        requests: the socket, which becomes readable during a job only when the parent has gone or abandons it.
        base_bytes: of memory that each child shares with this process.
    """

    def __init__(self, run: Callable, requests: socket.socket, base_bytes: int):
        self.run, self.requests, self.base_bytes = run, requests, base_bytes

    def serve(self, request: dict, descriptors: list[int]) -> dict:
        """Run a job. Returns `exit` (code, -signal, 'fault', or why it was stopped), `message`, `seconds`."""
        try:
            observe = experiment.find(request["case"])
        except Exception as error:  # ours: no student code has run yet
            return {"exit": "fault", "message": f"cannot find the experiment {request['case']}: {error!r}"}
        start, limits = time.monotonic(), Limits(**request["limits"])
        place = in_memory(limits.scratch_bytes) if self.run is TIERS["process"] else None
        with tempfile.TemporaryDirectory(prefix="scratch-", dir=place, ignore_cleanup_errors=True) as scratch:
            told, tell = os.pipe()  # of faults before any student code has run
            mapped, go = os.pipe()
            child = os.fork()
            if child == 0:
                self._in_child(Child(observe, limits, request["device"], Path(scratch), *descriptors, tell, mapped))
            os.close(tell)
            os.close(mapped)
            try:
                ended, message = self._wait(child, told, go, start + limits.seconds + worker.LAST_WORDS, limits)
            finally:
                watch.end_descendants()
            os.close(told)
            os.close(go)
        return {"exit": ended, "message": message, "seconds": time.monotonic() - start}

    def _in_child(self, child) -> NoReturn:
        try:
            self.requests.close()
            self.run(child)
        except BaseException as error:
            worker.report_fault(child.faults, error)
        finally:
            os._exit(1)  # whatever went wrong, a child never becomes a second server

    def _wait(self, child, told, go, deadline, limits):
        """Watch a child until it has ended. Returns how it ended, and what it told of a fault."""
        heard, why, process, poll = b"", None, os.pidfd_open(child), select.poll()
        for descriptor in (process, told, self.requests.fileno()):
            poll.register(descriptor, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll(1000 * GLANCE)}
            if told in ready:
                data = os.read(told, 4096)
                if data == UNSHARED:
                    heard += _name_users(child, go)
                elif data:
                    heard += data
                else:
                    poll.unregister(told)
            if process in ready:
                break
            if self.requests.fileno() in ready:
                if not self.requests.recv(2**16):
                    sys.exit()  # the parent has gone
                why = "abandoned"
                watch.kill_descendants()
            if not why and (why := watch.excess(os.getpid(), deadline, limits, self.base_bytes, SPARE_THREADS)):
                watch.kill_descendants()
        os.close(process)
        _, status = os.waitpid(child, 0)
        heard += os.read(told, 4096)
        if heard != worker.STARTED and why != "abandoned":
            return "fault", heard.decode("utf-8", "replace") or "a child of the fork server ended before it had begun"
        return why or os.waitstatus_to_exitcode(status), ""


def in_memory(room: int) -> str | None:
    """A folder in memory that has room, if nobody has named another place.

    There a folder of links is made at once. On ext4, which passes over inodes that were in use lately, it takes as long
    as all the rest of an empty case (`benchmarks/scratch_place.py`).
    """
    with contextlib.suppress(OSError):
        if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK):
            there = os.statvfs(MEMORY)
            return MEMORY if there.f_bavail * there.f_frsize >= room else None
    return None


def _name_users(child, go):
    """Let a child that has left our user namespace go on. Returns what went wrong."""
    try:
        isolation.name_users(child, isolation.user_of(os.getpid()))
    except OSError as error:
        watch.kill_descendants()
        return str(error).encode()
    os.write(go, b"!")
    return b""


if __name__ == "__main__":
    with contextlib.suppress(SystemExit):
        main()
    os._exit(0)  # libraries have much to say when an interpreter is taken down, and nothing that anybody needs
