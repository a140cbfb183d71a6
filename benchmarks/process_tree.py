"""Runs a command, kills it on request, and measures the memory of the whole process tree from /proc."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import ROOT

POLL_SECONDS = 0.2
SETTLING_SECONDS = 5.0  # time for the children of a killed process to end by themselves
# Between two measurements. A case's process lives for a tenth of a second, but the next one has the same memory.
SECONDS_BETWEEN = 0.5


def descendants(pid: int) -> list[int]:
    """The ids of a process and all its living descendants."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text(errors="replace")
        except OSError:  # it has just ended
            continue
        state, parent = text.rpartition(") ")[2].split()[:2]
        if state not in "ZX":
            children.setdefault(int(parent), []).append(int(stat.parent.name))
    found, level = [pid], [pid]
    while level:
        level = [child for parent in level for child in children.get(parent, [])]
        found += level
    return found


def memory(pids: list[int]) -> int:
    """Bytes that processes use: shared memory counts once (PSS), or once for each process if PSS is unknown (RSS)."""
    return sum(map(_memory, pids))


def _memory(pid):
    for name, field in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        try:
            lines = Path(f"/proc/{pid}/{name}").read_text().splitlines()
            return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))
        except (OSError, StopIteration):  # it has ended, or belongs to another user
            continue
    return 0


class Peak:
    """A context manager that watches a process and its descendants; `bytes` is the peak of their joint memory."""

    def __init__(self, pid: int):
        self.bytes, self._pid, self._done = 0, pid, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()

    def _watch(self):
        while not self._done.is_set():
            self.bytes = max(self.bytes, memory(descendants(self._pid)))
            self._done.wait(SECONDS_BETWEEN)


@dataclass(frozen=True)
class Run:
    """The result of a command."""

    seconds: float
    cpu_seconds: float  # of the command and the children that it waited for; incomplete if it was killed
    memory: int  # peak in bytes
    status: int  # exit status; negative if it was killed
    left: int  # number of processes that it left behind


def run(
    command: Sequence[str],
    kill_when: Callable[[], bool] = lambda: False,
    whole_group: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run a command to its end, or until it is killed with SIGKILL.

    Args:
        command: command to run in its own process group, from the repository's root.
        kill_when: called repeatedly; the command is killed when it returns True.
        whole_group: whether to kill the whole process group instead of the first process only.
        environment: environment to use instead of this process's.
    """
    start, cpu_before = time.perf_counter(), _cpu_seconds()
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, env=environment)
    with Peak(process.pid) as peak:
        while process.poll() is None and not kill_when():
            time.sleep(POLL_SECONDS)
        started = [pid for pid in descendants(process.pid) if pid != process.pid]
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL) if whole_group else process.kill()
        status = process.wait()
    seconds = time.perf_counter() - start
    if status == -signal.SIGKILL:
        time.sleep(SETTLING_SECONDS)
    cpu_seconds = _cpu_seconds() - cpu_before
    return Run(seconds, cpu_seconds, peak.bytes, status, sum(Path(f"/proc/{pid}").exists() for pid in started))


def _cpu_seconds():
    """CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
