"""Runs one job in a new interpreter inside bubblewrap, for sampling, which needs threads or a GPU. Linux only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

from grader import ROOT
from grader.runtime import discovery
from grader.runtime.case import Observation
from grader.runtime.errors import InfrastructureError
from grader.sandbox import isolation, usage, view
from grader.sandbox.collector import Collector
from grader.sandbox.exchange import CLOSED, STARTUP_SECONDS, Answer, Job, observation
from grader.sandbox.worker import LAST_WORDS, STARTED

GLANCE = 0.2  # seconds between looks at what the job uses


def command(job: Job, rules: int, inner: list[str]) -> list[str]:
    """The command line that runs `inner` with a view of the submission, and of the GPU if the job's device is one.

    Args:
        job: what to run.
        rules: descriptor of the filter of system calls.
        inner: the command line inside.
    """
    options = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    options += ["--seccomp", str(rules)]
    for name, value in _environment(job.device).items():
        options += ["--setenv", name, value]
    options += ["--proc", "/proc", "--dev", "/dev", "--size", str(job.limits.scratch_bytes), "--tmpfs", view.SCRATCH]
    if view.temporary_is_free(*_runtime()):
        options += ["--symlink", view.SCRATCH, "/tmp"]
    for path, source in [*view.libraries(), *_runtime(), (view.SUBMISSION, str(job.folder.resolve()))]:
        options += ["--ro-bind", source, path]
    if job.device.startswith("cuda"):
        options += ["--ro-bind", "/sys", "/sys"]
        for device in view.gpus():
            options += ["--dev-bind", device, device]
    return ["bwrap", *options, "--remount-ro", "/", "--chdir", "/", *inner]


def _runtime() -> Iterator[tuple[str, str]]:
    """What of this package student code may see: `runtime`, `sandbox`, and the parts' cases and models."""
    package = ROOT / "grader"
    for path in (package / "__init__.py", package / "runtime", package / "sandbox", *discovery.paths()):
        yield str(path), str(path)


def _environment(device: str) -> dict[str, str]:
    environment = {
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONSAFEPATH": "1",
        "HOME": view.SCRATCH,
        "TMPDIR": view.SCRATCH,
        "MPLBACKEND": "Agg",
        "TQDM_DISABLE": "1",
        "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads slow down everybody else on a shared machine
    }
    chosen = {"CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES")} if device.startswith("cuda") else {}
    return environment | {name: value for name, value in chosen.items() if value}


def observe(job: Job, stopped: Callable[[], bool] = lambda: False) -> Observation:
    """Run a job to its end.

    Args:
        job: what to run.
        stopped: whether nobody waits for it any more.

    Raises:
        InfrastructureError: bubblewrap is missing or cannot start, or the job failed before student code ran or was
            stopped.
    """
    if not shutil.which("bwrap"):
        raise InfrastructureError("bubblewrap is missing: make system-deps")
    with Collector(job.limits) as collector, tempfile.TemporaryFile() as text, tempfile.TemporaryFile() as rules:
        isolation.system_call_filter().export_bpf(rules)
        text.write(job.text())
        for file in (text, rules):
            file.seek(0)
        faults, fault_end = os.pipe()  # a pipe that closes when student code begins
        inner = [sys.executable, "-m", "grader.sandbox.worker", "once", str(collector.reply_end), str(fault_end)]
        process = subprocess.Popen(
            command(job, rules.fileno(), inner),
            stdin=text,
            stdout=collector.output_end,
            stderr=collector.output_end,
            pass_fds=(collector.reply_end, fault_end, rules.fileno()),
            start_new_session=True,
        )
        os.close(fault_end)
        collector.handed_over()
        try:
            answer = _wait(job, collector, process, faults, stopped)
        finally:
            process.kill()  # and with it everything inside
            process.wait()
            os.close(faults)
        collector.rest()
        return observation(job, answer, collector.reply, collector.output)


def _wait(
    job: Job, collector: Collector, process: subprocess.Popen[bytes], faults: int, stopped: Callable[[], bool]
) -> Answer:
    """Collect until the job has ended or must be stopped."""
    ended, heard, start = os.pidfd_open(process.pid), b"", 0.0
    waiting, deadline = {ended, faults}, time.monotonic() + STARTUP_SECONDS
    why: int | str | None = None
    try:
        while not why:
            ready = collector.until(waiting, time.monotonic() + GLANCE)
            if faults in ready:
                heard += os.read(faults, 4096)
                waiting.remove(faults)
                start = time.monotonic()
                deadline = start + job.seconds + LAST_WORDS
            if ended in ready:
                why = process.wait()
                break
            if stopped():
                raise InfrastructureError(CLOSED)
            why = usage.excess(process.pid, deadline, job.limits)
    finally:
        os.close(ended)
    if heard != STARTED:
        collector.rest()
        said = heard.decode("utf-8", "replace") or collector.output.decode("utf-8", "replace")[-500:]
        return {"exit": "fault", "message": f"bubblewrap could not run the job: {said or 'no answer'}"}
    return {"exit": why, "seconds": time.monotonic() - start}
