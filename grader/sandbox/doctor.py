"""Which tiers of trust this machine has, and why not the others."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from grader import ROOT
from grader.case import Ended, InfrastructureError
from grader.sandbox.reach import reach

SYSTEM_DEPS = "make system-deps"


@dataclass(frozen=True)
class Finding:
    """What a tier has, or lacks, on this machine."""

    tier: str
    lacks: tuple[str, ...]  # what is missing, and what mends it
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
        InfrastructureError: it would be weaker than `sandbox`, and nobody has said that they are to be trusted.
    """
    found = strongest()
    if found.tier != "sandbox" and not trust_submissions:
        raise InfrastructureError(
            f"this machine has no tier `sandbox`, only `{found.tier}`: `grader doctor` says why. "
            "To grade all the same, because you trust these submissions or this is a throw-away machine, "
            "add --trust-submissions"
        )
    return found.tier


def findings():
    """A `Finding` for each tier, from the strongest; each looked for only when it is asked for."""
    yield _sandbox()
    yield _restricted()
    yield Finding("process", (), ("a process for each case, ended when its time is up",))


def _sandbox():
    if sys.platform != "linux":
        return Finding("sandbox", (f"namespaces are Linux's, and this is {sys.platform}",), ())
    lacks = [problem for problem in (_seccomp_problem(), _namespaces_problem(), _bubblewrap_problem()) if problem]
    second = ("a second user for the code of submissions",) if os.geteuid() == 0 else ()
    return Finding("sandbox", tuple(lacks), ("user, mount, PID, network and IPC namespaces", *second, *_walls()))


def _restricted():
    if sys.platform != "linux":
        return Finding("restricted", (f"Landlock and seccomp are Linux's, and this is {sys.platform}",), ())
    from grader.sandbox import linux

    lacks = [problem] if (problem := _seccomp_problem()) else []
    if not linux.landlock_version() and _no_second_user():
        lacks.append(f"this kernel has no Landlock, and there is no second user: {_no_second_user()}")
    second = _no_second_user() or "a second user for the code of submissions"
    return Finding("restricted", tuple(lacks), (second, *_walls()))


def _no_second_user():
    """Why code cannot run as another user, if so."""
    from grader.sandbox import view

    if os.geteuid() != 0:
        return "no second user for the code of submissions: only root can change to one"
    if not view.everyone_reads():
        return f"no second user for the code of submissions: {sys.base_prefix} cannot be read by others"
    return ""


def _walls():
    from grader.sandbox import linux

    version = linux.landlock_version()
    yield f"Landlock (version {version})" if version else "no Landlock: this kernel lacks it"
    yield "a filter of system calls (seccomp)"


def _seccomp_problem():
    from grader.sandbox import isolation

    try:
        isolation.system_call_filter()
    except (ImportError, RuntimeError, OSError) as error:
        return f"no filter of system calls ({error}): {SYSTEM_DEPS}"
    return ""


def _namespaces_problem():
    """Try in a process of its own all that a child of the fork server does, but the code of a submission."""
    tried = _try([sys.executable, "-c", "from grader.sandbox import doctor; doctor.rehearse()"])
    return f"namespaces are refused ({tried}): {_who_refuses()}" if tried else ""


def _try(command):
    """Run a command. Returns its last line of complaint; '' if it succeeds."""
    tried = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if tried.returncode == 0:
        return ""
    return (tried.stderr.strip().splitlines() or [f"exit code {tried.returncode}"])[-1]


def _who_refuses():
    """The setting that most likely forbids unprivileged user namespaces."""
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 allows them (Ubuntu 24.04)"
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl kernel.unprivileged_userns_clone=1 allows them (Debian)"
    if _setting("user/max_user_namespaces") == "0":
        return "sudo sysctl user.max_user_namespaces=15000 allows them"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return "this container forbids them; `docker run --privileged` or a virtual machine allows them"
    return "the kernel or a security policy of this machine forbids them"


def _setting(name):
    path = Path("/proc/sys") / name
    return path.read_text().strip() if path.exists() else ""


def _bubblewrap_problem():
    if not shutil.which("bwrap"):
        return f"bubblewrap is missing: {SYSTEM_DEPS}"
    command = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    tried = _try(command)
    return f"bubblewrap cannot start: {tried}" if tried else ""


def rehearse() -> None:
    """Isolate a child as the fork server does, and exit with its code; a fault is a traceback."""
    from grader.sandbox import isolation, view

    told, tell = os.pipe()
    mapped, go = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if child == 0:
            rules = isolation.system_call_filter()
            isolation.enter_namespaces()
            os.write(tell, b"!")
            os.read(mapped, 1)
            isolation.build_view(Path(folder), 2**20)
            isolation.give_up_privileges(["/"], [view.SCRATCH], rules)
            os._exit(0)
        os.close(tell)
        if os.read(told, 1):
            isolation.name_users(child, isolation.user_of(os.getpid()))
            os.write(go, b"!")
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(code)


def reached(tier, submission: Path, limits) -> dict[str, bool]:
    """Let code at a tier try to reach what it must not. Returns what it reached, by description.

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
        observed = tier.observe(reach, submission, 0, limits, arguments)
    if observed.ended is not Ended.COMPLETED:
        raise InfrastructureError(f"tier {tier.tier} cannot run anything: {observed.message or observed.ended}")
    written = [file for file in files if file.exists()]
    for file in written:
        file.unlink()
    return {"write outside its scratch folder": bool(written)} | {n: bool(v) for n, v in observed.arrays.items()}
