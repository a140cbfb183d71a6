"""A command that is watched and perhaps killed, and the memory of it and of all that it has started, from /proc."""

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
SETTLING_SECONDS = 5.0  # for what a killed process has started to end by itself
# Two looks at memory: the processes of a case live for a tenth of a second, but the same memory is in the next.
SECONDS_BETWEEN = 0.5


def descendants(pid: int) -> list[int]:
    """A process, its children, and theirs; those that have ended are none."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = stat.read_text(errors="replace")
        except OSError:  # it has just ended
            continue
        state, parent = told.rpartition(") ")[2].split()[:2]
        if state not in "ZX":
            children.setdefault(int(parent), []).append(int(stat.parent.name))
    found, level = [pid], [pid]
    while level:
        level = [child for parent in level for child in children.get(parent, [])]
        found += level
    return found


def memory(pids: list[int]) -> int:
    """Bytes that processes take: what several share counts once (PSS), but where it is not told, each time (RSS)."""
    return sum(map(_memory, pids))


def _memory(pid):
    for name, field in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        try:
            lines = Path(f"/proc/{pid}/{name}").read_text().splitlines()
            return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))
        except (OSError, StopIteration):  # it has ended, or is another user's
            continue
    return 0


class Peak:
    """Watches a process and its descendants: a context manager, with the most `bytes` that they took together."""

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
    """What became of a command."""

    seconds: float
    cpu_seconds: float  # of it and all that it has waited for: of a command that was killed a part only
    memory: int  # bytes at its peak
    status: int  # exit status; negative if it was killed
    left: int  # processes that it has left behind


def run(
    command: Sequence[str],
    kill_when: Callable[[], bool] = lambda: False,
    whole_group: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run a command to its end, or until it is killed with SIGKILL.

    Args:
        command: that gets a group of its own, from the repository's root.
        kill_when: asked again and again whether it is time to.
        whole_group: kills all processes of its group instead of the first alone.
        environment: instead of this process's.
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
    """Of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
