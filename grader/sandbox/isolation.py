"""What a forked child does to itself before a byte of a student's code runs. Linux only.

Tier `sandbox`: namespaces of its own (user, mount, PID, network, IPC, UTS) with a view that holds nothing but the
interpreter, its libraries and the submission. Tier `restricted`, where the kernel refuses namespaces: another user if
the grader is root. Both: Landlock, a filter of system calls, no capabilities, no new privileges, limits.
"""

from __future__ import annotations

import functools
import os
import resource
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from grader.sandbox import linux, view
from grader.sandbox.exchange import Limits

if TYPE_CHECKING:
    import pyseccomp as seccomp

USERS = range(
    61184, 65520
)  # no account has these: they are systemd's for dynamic users; a grader that is root borrows one
INSIDE = 1  # the number of that user in the sandbox
NAMESPACES = linux.NEW_USER | linux.NEW_MOUNT | linux.NEW_PID | linux.NEW_NET | linux.NEW_IPC | linux.NEW_UTS
OPEN_FILES = 256

# Refused with "operation not permitted". Namespaces already make most of them useless, so this is the second wall; at
# tier `restricted` it is the first.
_REFUSED = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "pidfd_open", "process_madvise"),
    *("mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "open_by_handle_at", "name_to_handle_at"),
    *("fsopen", "fsconfig", "fsmount", "fspick", "open_tree", "move_mount", "mount_setattr", "quotactl"),
    *("bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("add_key", "request_key", "keyctl", "init_module", "finit_module", "delete_module", "kexec_load", "reboot"),
    *("swapon", "swapoff", "acct", "syslog", "personality", "settimeofday", "clock_settime", "adjtimex"),
    *("shmget", "shmat", "msgget", "semget", "mq_open", "ioperm", "iopl", "vhangup", "lookup_dcookie"),
)


@functools.cache
def system_call_filter(only_process: int | None = None) -> seccomp.SyscallFilter:
    """The filter of system calls; after `load()` this process obeys it for ever.

    Args:
        only_process: also refuse signals to any process but this one, where there is no PID namespace.

    Raises:
        ImportError, RuntimeError: pyseccomp or libseccomp is missing.
    """
    import pyseccomp as seccomp

    refuse = seccomp.ERRNO(1)  # EPERM
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for name in _REFUSED:
        try:
            rules.add_rule(refuse, name)
        except OSError:
            continue  # this architecture, or this libseccomp, has no such call
    for flag in (linux.NEW_USER, linux.NEW_MOUNT, linux.NEW_PID, linux.NEW_NET, linux.NEW_IPC, linux.NEW_UTS):
        rules.add_rule(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    rules.add_rule(seccomp.ERRNO(38), "clone3")  # ENOSYS: its flags lie in memory; every libc then falls back to clone
    rules.add_rule(refuse, "socket", seccomp.Arg(0, seccomp.NE, 1))  # all but AF_UNIX
    for option in (1, 4):  # by which it dies with its parent, and nobody reads its memory
        rules.add_rule(refuse, "prctl", seccomp.Arg(0, seccomp.EQ, option))
    if only_process:
        for name in ("kill", "tgkill"):
            rules.add_rule(refuse, name, seccomp.Arg(0, seccomp.NE, only_process))
        for name in ("tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"):
            rules.add_rule(refuse, name)
    return rules


def user_of(server: int) -> int | None:
    """The user (and group) as whom the children of a fork server run code; None if it must be the grader's own.

    Args:
        server: its process. Each has another user, so that submissions graded side by side cannot read each other.
    """
    return USERS[server % len(USERS)] if os.geteuid() == 0 else None


def let_read(folder: Path, server: int) -> None:
    """Let the children of a fork server read a folder, and no other user that the grader borrows."""
    if user := user_of(server):
        for path in (folder, *folder.rglob("*")):
            os.chown(path, -1, user)
            path.chmod(0o750 if path.is_dir() else 0o640)


def enter_namespaces() -> None:
    """Leave the namespaces of this machine. Afterwards `name_users` must be called from outside."""
    linux.set_dumpable(True)  # for name_users; nobody else knows this process yet
    Path("/proc/self/oom_score_adj").write_text("1000")  # if memory runs out, the kernel ends this process
    linux.unshare(NAMESPACES)


def name_users(child: int, user: int | None) -> None:
    """Give the new user namespace of a child its users: the grader's own, and the borrowed one."""
    linux.map_ids(child, [(0, os.geteuid()), *([(INSIDE, user)] if user else [])])


def build_view(submission: Path, scratch_bytes: int) -> None:
    """Replace the root by a view, in the mount namespace of this process."""
    shown = [*view.libraries(), (view.SUBMISSION, str(submission.resolve()))]
    linux.mount("", "/", flags=linux.PRIVATE | linux.RECURSIVE)
    linux.mount("tmpfs", "/tmp", "tmpfs", linux.NO_SUID, "mode=755,size=1m")
    os.mkdir("/tmp/old")
    linux.pivot_root("/tmp", "/tmp/old")
    os.chdir("/")
    for path, source in shown:
        _bind(f"/old{source}", path)
    for device in view.DEVICES:
        _bind(f"/old/dev/{device}", f"/dev/{device}")
    for place in ("/dev/shm", "/tmp") if view.temporary_is_free() else ("/dev/shm",):
        os.symlink(view.SCRATCH, place)
    os.mkdir(view.SCRATCH)
    linux.unmount("/old")
    os.rmdir("/old")
    linux.make_read_only("/")
    options = f"mode=1777,size={scratch_bytes},nr_inodes=10000"
    linux.mount("tmpfs", view.SCRATCH, "tmpfs", linux.NO_SUID | linux.NO_DEV | linux.NO_EXEC, options)


def _bind(source: str, target: str) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "w").close()
    linux.mount(source, target, flags=linux.BIND | linux.RECURSIVE)  # a part of a locked tree cannot be bound


def limit(limits: Limits, threads_of_user: int = 0, address_space: bool = True) -> None:
    """Set the limits that the kernel itself enforces on each process.

    Args:
        limits: what may be used.
        threads_of_user: how many threads the same user has outside, if the kernel counts them too.
        address_space: whether to limit that as well. A GPU's driver reserves more of it than there is memory.
    """
    spent = resource.getrusage(resource.RUSAGE_SELF)  # on imports, in an interpreter of its own
    hard = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_FSIZE: limits.scratch_bytes,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_NPROC: limits.processes + threads_of_user,
        resource.RLIMIT_CPU: int(spent.ru_utime + spent.ru_stime + limits.seconds * (os.cpu_count() or 1)) + 2,
    }
    if address_space:
        hard[resource.RLIMIT_AS] = _address_space() + limits.memory_bytes
    for what, most in hard.items():
        _, before = resource.getrlimit(what)
        most = most if before == resource.RLIM_INFINITY else min(most, before)
        resource.setrlimit(what, (most, most))


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def become(user: int) -> None:
    """Change to another user and its group for ever, and to no other group."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def give_up_privileges(readable: Iterable[str], writable: Iterable[str], rules: seccomp.SyscallFilter) -> None:
    """Take the last steps: no capabilities, Landlock if the kernel has it, the filter of system calls."""
    linux.drop_capabilities()
    linux.die_with_parent(signal.SIGKILL)  # after the change of user, which forgets it
    linux.set_dumpable(False)
    linux.no_new_privileges()
    restrict_files(readable, writable)
    rules.load()


def restrict_files(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Restrict this process to reading and writing some files by Landlock, if the kernel has it."""
    if linux.landlock_version():
        linux.landlock(readable, writable)
