"""The few calls of the Linux kernel that Python lacks: namespaces, mounts, privileges, Landlock.

Each raises an OSError that names the call. Numbers and structures come from the kernel's headers.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Iterable
from pathlib import Path

NEW_MOUNT, NEW_UTS, NEW_IPC, NEW_USER, NEW_PID, NEW_NET = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
READ_ONLY, NO_SUID, NO_DEV, NO_EXEC, BIND, RECURSIVE, PRIVATE = 1, 2, 4, 8, 0x1000, 0x4000, 1 << 18
_DETACH = 2

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 4, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 36, 38, 47, 4
_MADV_COLLAPSE, _HUGE = 25, 2**21
_CAPABILITY_VERSION_3, _LAST_CAPABILITY = 0x20080522, 63
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SYS_MOUNT_SETATTR = 442  # from here on the numbers are the same on every architecture
_SYS_LANDLOCK_CREATE_RULESET, _SYS_LANDLOCK_ADD_RULE, _SYS_LANDLOCK_RESTRICT_SELF = 444, 445, 446
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, call: str) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{call}: {os.strerror(error)}")
    return result


def _syscall(call: str, number: int, *arguments: int | ctypes.c_char_p) -> int:
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _check(_libc.syscall(ctypes.c_long(number), *wide), call)


def unshare(flags: int) -> None:
    """Move this process into new namespaces; only its children enter a new PID namespace."""
    _check(_libc.unshare(flags), "unshare")


def map_ids(pid: int, ids: Iterable[tuple[int, int]]) -> None:
    """Write the identities of a new user namespace, from its parent namespace.

    Args:
        pid: a process in the new namespace; it must be dumpable.
        ids: (inside, outside) of every user there, and of the group with the same number. An unprivileged caller can
            map only itself.
    """
    lines = "".join(f"{inside} {outside} 1\n" for inside, outside in ids)
    if os.geteuid() != 0:
        _write(f"/proc/{pid}/setgroups", "deny")  # or the kernel refuses an unprivileged map of groups
    _write(f"/proc/{pid}/gid_map", lines)
    _write(f"/proc/{pid}/uid_map", lines)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount a file system of this kind, or with BIND an existing path."""
    encoded = [text.encode() or None for text in (source, target, kind)]
    _check(_libc.mount(*encoded, ctypes.c_ulong(flags), options.encode() or None), f"mount {target}")


def make_read_only(path: str) -> None:
    """Make a mount and everything below it read-only, without set-user-ID programs."""
    attributes = struct.pack("<QQQQ", READ_ONLY | NO_SUID, 0, 0, 0)
    _syscall(
        "mount_setattr",
        _SYS_MOUNT_SETATTR,
        _AT_FDCWD,
        ctypes.c_char_p(path.encode()),
        _AT_RECURSIVE,
        ctypes.c_char_p(attributes),
        len(attributes),
    )


def pivot_root(new: str, old: str) -> None:
    """Make the mount `new` the root; the former root is then at `old`, which lies below `new`."""
    number = _SYS_PIVOT_ROOT[platform.machine()]
    _syscall("pivot_root", number, ctypes.c_char_p(new.encode()), ctypes.c_char_p(old.encode()))


def unmount(path: str) -> None:
    """Detach a mount and everything below it."""
    _check(_libc.umount2(path.encode(), _DETACH), f"umount {path}")


def _prctl(call: str, *arguments: int) -> None:
    wide = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:5]]
    _check(_libc.prctl(*wide), call)


def set_dumpable(dumpable: bool) -> None:
    """Say whether processes of the same user may trace this one or read its memory."""
    _prctl("prctl(PR_SET_DUMPABLE)", _PR_SET_DUMPABLE, int(dumpable))


def die_with_parent(signal: int) -> None:
    """Get a signal when the parent ends. The kernel forgets this when the user changes."""
    _prctl("prctl(PR_SET_PDEATHSIG)", _PR_SET_PDEATHSIG, signal)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends."""
    _prctl("prctl(PR_SET_CHILD_SUBREAPER)", _PR_SET_CHILD_SUBREAPER, 1)


def no_new_privileges() -> None:
    """Give up for ever what set-user-ID programs could give."""
    _prctl("prctl(PR_SET_NO_NEW_PRIVS)", _PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Give up every capability, for ever."""
    for capability in range(_LAST_CAPABILITY + 1):
        if _libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            break  # the kernel has no more, or this process may not drop it: then no_new_privileges does it
    _libc.prctl(_PR_CAP_AMBIENT, ctypes.c_ulong(_PR_CAP_AMBIENT_CLEAR_ALL), 0, 0, 0)
    header = struct.pack("<II", _CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(ctypes.c_char_p(header), ctypes.c_char_p(bytes(24))), "capset")


def gather_pages() -> None:
    """Move this process's own memory into huge pages where possible, so that a fork has few entries to copy.

    Kernels before 6.1 cannot do it; then nothing happens.
    """
    for line in Path("/proc/self/maps").read_text().splitlines():
        bounds, kind, offset, _, _, *name = line.split()
        if kind == "rw-p" and int(offset, 16) == 0 and name in ([], ["[heap]"]):
            start, end = (int(bound, 16) for bound in bounds.split("-"))
            start, end = -(-start // _HUGE) * _HUGE, end // _HUGE * _HUGE
            if end > start:
                _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_COLLAPSE)


# Landlock: rights on files, by the version of the kernel's interface that added them.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_FILE_RIGHTS = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15
_NETWORK_RIGHTS, _SCOPES = 0b11, 0b11  # from version 4: TCP bind and connect; from 6: abstract sockets and signals


def landlock_version() -> int:
    """The version of Landlock that this kernel has, 0 if it has none."""
    try:
        return _syscall("landlock", _SYS_LANDLOCK_CREATE_RULESET, 0, 0, 1)
    except OSError:
        return 0


def landlock(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Restrict this process for ever to reading some paths and writing others, and everything below them.

    Newer kernels also refuse TCP, and signals and abstract sockets to processes outside.
    """
    version = landlock_version()
    files = sum(rights for since, rights in _FILE_RIGHTS if version >= since)
    attributes = struct.pack("<QQQ", files, _NETWORK_RIGHTS if version >= 4 else 0, _SCOPES if version >= 6 else 0)[
        : 24 if version >= 6 else 16 if version >= 4 else 8
    ]
    ruleset = _syscall(
        "landlock_create_ruleset",
        _SYS_LANDLOCK_CREATE_RULESET,
        ctypes.c_char_p(attributes),
        len(attributes),
        0,
    )
    try:
        for paths, rights in ((readable, _EXECUTE | _READ_FILE | _READ_DIR), (writable, files & ~_EXECUTE)):
            for path in paths:
                _allow(ruleset, path, rights)
        no_new_privileges()
        _syscall("landlock_restrict_self", _SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        of_path = rights if os.path.isdir(path) else rights & _OF_A_FILE
        rule = struct.pack("<Qi", of_path, descriptor)
        _syscall("landlock_add_rule", _SYS_LANDLOCK_ADD_RULE, ruleset, 1, ctypes.c_char_p(rule), 0)
    finally:
        os.close(descriptor)
