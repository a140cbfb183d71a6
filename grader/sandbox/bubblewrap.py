"""Runs one job in a new interpreter inside bubblewrap: for sampling, which needs threads or a GPU."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from grader import ROOT
from grader.case import InfrastructureError, Observation
from grader.sandbox import isolation, view, watch
from grader.sandbox.collector import Collector
from grader.sandbox.exchange import CLOSED, STARTUP_SECONDS, Job, observation
from grader.sandbox.worker import LAST_WORDS, STARTED

GLANCE = 0.2  # seconds between looks at what the job uses

# Of this package, what runs beside a student's code. Nothing else of it is in the view.
_RUNTIME = (
    "__init__",
    "case",
    "cases",
    "experiment",
    "imaginary_gpu",
    "lazy",
    "legacy",
    "probes",
    "protocol",
    "rng",
    "sampling",
    "sandbox",
    "text",
)


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


def _runtime():
    package = ROOT / "grader"
    for name in _RUNTIME:
        path = package / name if (package / name).is_dir() else package / f"{name}.py"
        yield str(path), str(path)


def _environment(device):
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
        told, tell = os.pipe()  # of faults; it closes when the student's code begins
        inner = [sys.executable, "-m", "grader.sandbox.worker", "once", str(collector.reply_end), str(tell)]
        process = subprocess.Popen(
            command(job, rules.fileno(), inner),
            stdin=text,
            stdout=collector.output_end,
            stderr=collector.output_end,
            pass_fds=(collector.reply_end, tell, rules.fileno()),
            start_new_session=True,
        )
        os.close(tell)
        collector.handed_over()
        try:
            answer = _wait(job, collector, process, told, stopped)
        finally:
            process.kill()  # and with it all that is inside
            process.wait()
            os.close(told)
        collector.rest()
        return observation(job, answer, collector.reply, collector.output)


def _wait(job, collector, process, told, stopped):
    """Collect until the job has ended or must be stopped. Returns the answer of which `observation` tells."""
    ended, heard, why, start = os.pidfd_open(process.pid), b"", None, None
    waiting, deadline = {ended, told}, time.monotonic() + STARTUP_SECONDS
    try:
        while not why:
            ready = collector.until(waiting, time.monotonic() + GLANCE)
            if told in ready:
                heard += os.read(told, 4096)
                waiting.remove(told)
                start = time.monotonic()
                deadline = start + job.seconds + LAST_WORDS
            if ended in ready:
                why = process.wait()
                break
            if stopped():
                raise InfrastructureError(CLOSED)
            why = watch.excess(process.pid, deadline, job.limits)
    finally:
        os.close(ended)
    if heard != STARTED:
        collector.rest()
        said = heard.decode("utf-8", "replace") or collector.output.decode("utf-8", "replace")[-500:]
        return {"exit": "fault", "message": f"bubblewrap could not run the job: {said or 'no answer'}"}
    return {"exit": why, "seconds": time.monotonic() - start}
