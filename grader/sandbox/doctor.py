"""Which tiers of trust this machine has, and why not the others."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import ROOT
from grader.runtime.case import Ended
from grader.runtime.errors import InfrastructureError
from grader.sandbox.escape import reach
from grader.sandbox.exchange import Job, Limits
from grader.sandbox.tier import Tier

SYSTEM_DEPS = "make system-deps"


@dataclass(frozen=True)
class Finding:
    """What a tier has, or lacks, on this machine."""

    tier: str  # its name
    lacks: tuple[str, ...]  # what is missing, and how to mend it
    has: tuple[str, ...]

    @property
    def available(self) -> bool:
        """Whether submissions can be graded at this tier here."""
        return not self.lacks


def strongest() -> Finding:
    """The strongest tier that this machine has."""
    return next(finding for finding in findings() if finding.available)


def required(trust_submissions: bool) -> str:
    """The tier at which strangers' submissions are graded here.

    Raises:
        InfrastructureError: it would be weaker than `sandbox`, and nobody has said that they can be trusted.
    """
    tier = strongest().tier
    if tier != "sandbox" and not trust_submissions:
        raise InfrastructureError(
            f"this machine has no tier `sandbox`, only `{tier}`: `grader doctor` says why. "
            "If you trust these submissions, or this is a throw-away machine, add --trust-submissions to grade anyway"
        )
    return tier


def findings() -> Iterator[Finding]:
    """A `Finding` for each tier, the strongest first. It looks for a tier only when you ask for it."""
    yield _sandbox()
    yield _restricted()
    yield Finding("process", (), ("a process for each case, which ends when its time is up",))


def _sandbox() -> Finding:
    if sys.platform != "linux":
        return Finding("sandbox", (f"only Linux has namespaces, and this is {sys.platform}",), ())
    lacks = [problem for problem in (_seccomp_problem(), _namespaces_problem(), _bubblewrap_problem()) if problem]
    second = ("a second user for the code of submissions",) if os.geteuid() == 0 else ()
    return Finding("sandbox", tuple(lacks), ("user, mount, PID, network and IPC namespaces", *second, *_walls()))


def _restricted() -> Finding:
    if sys.platform != "linux":
        return Finding("restricted", (f"only Linux has Landlock and seccomp, and this is {sys.platform}",), ())
    from grader.sandbox import linux

    lacks = [problem] if (problem := _seccomp_problem()) else []
    if not linux.landlock_version() and _no_second_user():
        lacks.append(f"this kernel has no Landlock, and there is no second user: {_no_second_user()}")
    second = _no_second_user() or "a second user for the code of submissions"
    return Finding("restricted", tuple(lacks), (second, *_walls()))


def _no_second_user() -> str:
    """Why code cannot run as another user; '' if it can."""
    from grader.sandbox import view

    if os.geteuid() != 0:
        return "no second user for the code of submissions: only root can change to one"
    if not view.everyone_reads():
        return f"no second user for the code of submissions: {sys.base_prefix} cannot be read by others"
    return ""


def _walls() -> Iterator[str]:
    from grader.sandbox import linux

    version = linux.landlock_version()
    yield f"Landlock (version {version})" if version else "no Landlock: this kernel lacks it"
    yield "a filter of system calls (seccomp)"


def _seccomp_problem() -> str:
    from grader.sandbox import isolation

    try:
        isolation.system_call_filter()
    except (ImportError, RuntimeError, OSError) as error:
        return f"no filter of system calls ({error}): {SYSTEM_DEPS}"
    return ""


def _namespaces_problem() -> str:
    """Try, in a process of its own, everything that a child of the fork server does before it runs student code."""
    complaint = _try([sys.executable, "-c", "from grader.sandbox import doctor; doctor.rehearse()"])
    return f"namespaces are refused ({complaint}): {_who_refuses()}" if complaint else ""


def _try(command: Sequence[str]) -> str:
    """Run a command. Returns its last line of complaint; '' if it succeeds."""
    tried = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if tried.returncode == 0:
        return ""
    return (tried.stderr.strip().splitlines() or [f"exit code {tried.returncode}"])[-1]


def _who_refuses() -> str:
    """What most likely forbids unprivileged user namespaces, and how to allow them."""
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 allows them (Ubuntu 24.04)"
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl kernel.unprivileged_userns_clone=1 allows them (Debian)"
    if _setting("user/max_user_namespaces") == "0":
        return "sudo sysctl user.max_user_namespaces=15000 allows them"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return "this container forbids them; `docker run --privileged` or a virtual machine allows them"
    return "the kernel or a security policy of this machine forbids them"


def _setting(name: str) -> str:
    path = Path("/proc/sys") / name
    return path.read_text().strip() if path.exists() else ""


def _bubblewrap_problem() -> str:
    if not shutil.which("bwrap"):
        return f"bubblewrap is missing: {SYSTEM_DEPS}"
    command = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    complaint = _try(command)
    return f"bubblewrap cannot start: {complaint}" if complaint else ""


def rehearse() -> None:
    """Isolate a child as the fork server does, and exit with the child's code. A fault shows as a traceback."""
    from grader.sandbox import isolation, view

    faults, fault_end = os.pipe()
    mapped, mapped_end = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if child == 0:
            rules = isolation.system_call_filter()
            isolation.enter_namespaces()
            os.write(fault_end, b"!")
            os.read(mapped, 1)
            isolation.build_view(Path(folder), 2**20)
            isolation.give_up_privileges(["/"], [view.SCRATCH], rules)
            os._exit(0)
        os.close(fault_end)
        if os.read(faults, 1):
            isolation.name_users(child, isolation.user_of(os.getpid()))
            os.write(mapped_end, b"!")
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(code)


def reached(tier: Tier, submission: Path, limits: Limits) -> dict[str, bool]:
    """Let code at a tier try to reach what it must not. Returns for each description whether it did.

    Args:
        tier: started.
        submission: any folder.
        limits: of the case.

    Raises:
        InfrastructureError: the tier cannot run it.
    """
    folders = (ROOT, Path.home(), Path(tempfile.gettempdir()), Path("/dev/shm"), Path("/var/tmp"))
    files = [folder / f"reached-{os.getpid()}" for folder in folders if folder.is_dir()]
    arguments = {
        "goldens": str(next((ROOT / "test_resources" / "goldens").iterdir())),
        "files": [str(file) for file in files],
        "process": os.getpid(),
    }
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments["port"] = server.getsockname()[1]
        observed = tier.observe(Job(reach, submission, 0, limits, arguments))
    if observed.ended is not Ended.COMPLETED:
        raise InfrastructureError(f"tier {tier.name} cannot run anything: {observed.message or observed.ended}")
    written = [file for file in files if file.exists()]
    for file in written:
        file.unlink()
    return {"write outside its scratch folder": bool(written)} | {n: bool(v) for n, v in observed.arrays.items()}
