"""What a forked child does, tier by tier, before it runs a student's code. Linux only."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from grader.runtime.case import Experiment
from grader.sandbox import isolation, linux, usage, view, worker
from grader.sandbox.exchange import Limits

UNSHARED = b"unshared"  # a child writes it to `faults` when it waits for the names of its users


@dataclass(frozen=True)
class Child:
    """What a forked child is given."""

    observe: Experiment
    limits: Limits
    device: str
    scratch: Path  # an empty folder, removed at the end
    job: int  # descriptors from here on
    output: int
    reply: int
    faults: int
    mapped: int  # becomes readable when the users of a new namespace have their names

    def read_job(self) -> dict[str, Any]:
        """Read what to run: what `Job.text` wrote."""
        with open(self.job) as file:
            job: dict[str, Any] = json.load(file)
            return job

    def limit(self, threads_of_user: int = 0) -> None:
        """Set the limits of the kernel."""
        isolation.limit(self.limits, threads_of_user, address_space=not self.device.startswith("cuda"))

    def run(self, job: dict[str, Any], folder: Path, seal: Callable[[], None] = lambda: None) -> NoReturn:
        """Close all other descriptors, call `seal`, and run the job in `folder`."""
        os.environ.update(HOME=str(folder.parent), TMPDIR=str(folder.parent))
        tempfile.tempdir = None  # it remembers the server's, which does not exist here
        worker.redirect(self.output, self.reply, self.faults)
        try:
            seal()
        except BaseException as error:
            worker.report_fault(worker.FAULTS, error)
        worker.run(job, self.observe, folder)


def in_process_group(child: Child) -> NoReturn:
    """Tier `process`: nothing is hidden or refused; what the code has started ends with it."""
    os.setsid()
    job = child.read_job()
    child.run(job, view.lay_links(child.scratch, Path(job["folder"])))


def restricted(child: Child) -> NoReturn:
    """Tier `restricted`: another user if we are root, Landlock, a filter of system calls, limits."""
    os.setsid()
    job, user = child.read_job(), isolation.user_of(os.getppid()) if view.everyone_reads() else None
    folder = view.lay_links(child.scratch, Path(job["folder"]))
    child.limit(usage.threads_of(user or os.geteuid()))
    if user:
        os.chown(folder.parent, user, user)
        os.chown(folder, user, user)
        isolation.become(user)
    rules = isolation.system_call_filter(only_process=os.getpid())
    devices = [f"/dev/{name}" for name in view.DEVICES] + (view.gpus() if child.device.startswith("cuda") else [])
    readable = [*(path for path, _ in view.libraries()), job["folder"]]

    def seal() -> None:
        isolation.give_up_privileges(readable, [str(child.scratch), *devices], rules)

    child.run(job, folder, seal)


def sandboxed(child: Child) -> NoReturn:
    """Tier `sandbox`: namespaces and a view of its own, then everything that `restricted` does."""
    linux.die_with_parent(signal.SIGKILL)
    job, user, rules = child.read_job(), isolation.user_of(os.getppid()), isolation.system_call_filter()
    isolation.enter_namespaces()
    os.write(child.faults, UNSHARED)
    os.read(child.mapped, 1)
    child.limit()
    isolation.build_view(Path(job["folder"]), child.limits.scratch_bytes)

    def seal() -> None:
        isolation.give_up_privileges(["/"], ["/dev", view.SCRATCH], rules)

    first = os.fork()  # the first process of the new PID namespace: everything in there ends with it
    if first == 0:
        os.setsid()
        if user:
            isolation.become(isolation.INSIDE)
        child.run(job, view.lay_links(Path(view.SCRATCH), Path(view.SUBMISSION)), seal)
    _end_like(first)


def _end_like(child: int) -> NoReturn:
    """End this process in the same way as the child ends."""
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended < 0:
        with contextlib.suppress(OSError, ValueError):  # nobody can set what SIGKILL does
            signal.signal(-ended, signal.SIG_DFL)
        os.kill(os.getpid(), -ended)
    os._exit(ended)


TIERS = {"process": in_process_group, "restricted": restricted, "sandbox": sandboxed}
