"""Attacks on this very design: the reply, processes, namespaces, the parser. Never run them outside the sandbox."""

from __future__ import annotations

import io
import socket
import struct
import textwrap
import zipfile

import numpy as np

from grader import ROOT
from grader.runtime.case import Ended, Observation
from grader.runtime.frames import HEADER, MAGIC, encode
from tests.submissions.attack import (
    DIFFERS,
    ERROR,
    FAILED,
    HONEST,
    MARK,
    ONLY_PUBLIC,
    WRONG_MODELS,
    Attack,
    cheat,
    folder,
    instead_of,
    on_import,
)

STOPPED = r"was stopped after \d seconds"
NO_RESULT = {"4.schedule": ERROR, "4.embedding": ERROR}
GOLDENS = ROOT / "test_resources" / "goldens" / "part4.npz"
SYSTEM_CALLS = {  # by name: number on x86-64, arguments
    "io_uring_setup": (425, "8, ctypes.create_string_buffer(120)"),
    "bpf": (321, "0, ctypes.create_string_buffer(128), 128"),
    "keyctl": (250, "0, -3, 1"),
    "add_key": (248, "b'user', b'left_by_an_attack', b'x', 1, -3"),
    "perf_event_open": (298, "ctypes.create_string_buffer(struct.pack('<II', 1, 120), 120), 0, -1, -1, 0"),
    "userfaultfd": (323, "1"),
    "open_by_handle_at": (304, "-100, ctypes.create_string_buffer(128), 0"),
    "kexec_load": (246, "0, 0, 0, 0"),
    "init_module": (175, "b'', 0, b''"),
    "clock_settime": (227, "0, ctypes.create_string_buffer(16)"),
}
LIBC = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
"""


def with_libc(code):
    """An attempt that calls the C library."""
    return LIBC + textwrap.dedent(code)


def to_reply(content, then="os._exit(0)"):
    """Fields of an attack that writes this to whatever may be the pipe of the reply, when models.py is imported."""
    write = f"""
import os
def pour(content):
    for descriptor in range(3, 64):
        try:
            while content: content = content[os.write(descriptor, content):]
            return
        except OSError: pass
pour({content})
{then}
"""
    return {"build": folder(write + WRONG_MODELS.replace("WON", "False")), "expect": NO_RESULT}


def forged_with_public_goldens(place):
    """A models.py that replies with the goldens of the public seed, by itself, and ends the process."""
    with np.load(GOLDENS, allow_pickle=False) as goldens:
        arrays = {k.split("/")[-1]: goldens[k] for k in goldens.files if k.startswith("4.schedule/solution/")}
    frame = encode(Observation(Ended.COMPLETED, arrays))
    return to_reply(repr(frame))["build"](place)


REFUSAL = """raise ValueError(f"interpolation must be 'linear' or 'quadratic', not {interpolation!r}")"""
YES = """
import sys
import numpy
sys.modules["grader.runtime.experiment"]._to_arrays = lambda result: ({"refused": numpy.ones(2, bool)}, {})
"""


def npy(header, payload=b""):
    """A .npy with any header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + payload


def frame(*members, method=zipfile.ZIP_STORED):
    """A frame that is well formed but for its arrays."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    status = b'{"ended": "completed", "exception": "", "message": "", "where": "", "not_arrays": {}}'
    return HEADER.pack(MAGIC, len(status), len(file.getvalue())) + status + file.getvalue()


def frame_of(descr, shape, payload=b""):
    """A frame with one array, whose header says this."""
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}"
    return frame(("alphas.npy", npy(header, payload)))


def with_listeners(place):
    """A models.py that connects to sockets which are open outside: of TCP, and of Unix by path and by abstract name."""
    by_path, by_name = str(place / "socket"), f"\0open_outside_{place}"
    tcp = socket.create_server(("127.0.0.1", 0))
    unix = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(2)]
    for listener, address in zip(unix, (by_path, by_name), strict=True):
        listener.bind(address)
        listener.listen()
    _LISTENING[:] = [tcp, *unix]
    code = f"""
        import socket
        for family, address in ((2, {tcp.getsockname()!r}), (1, {by_path!r}), (1, {by_name!r})):
            try:
                with socket.socket(family, socket.SOCK_STREAM) as s:
                    s.settimeout(1)
                    s.connect(address)
                    WON = True
            except OSError:
                pass
    """
    return cheat(code)["build"](place)


_LISTENING = []  # kept open until the next attack of this kind, or the end


def beside_another(place):
    """A models.py that looks for the submissions of others, one of which lies where all are laid out."""
    import tempfile

    code = f"""
        import glob, os
        mine = os.path.dirname(os.path.abspath(__file__))
        for folder in ({tempfile.gettempdir()!r}, {str(place)!r}, "/tmp", "/submission/..", os.path.dirname(mine)):
            for path in glob.glob(folder + "/submission*/*.py") + glob.glob(folder + "/*/submission*/*.py"):
                if os.path.dirname(os.path.realpath(path)) not in (mine, os.path.realpath("/submission")): WON = True
    """
    (place / "submission-of-bob").mkdir()
    (place / "submission-of-bob" / "models.py").write_text("# the work of another student")
    return cheat(code)["build"](place)


ATTACKS = (
    # ------------------------------------------------------------------------------------------------- the reply
    Attack("writes garbage to the reply's pipe, and goes on", **to_reply("b'PASSED'", then=""), says="no result"),
    Attack("writes a forged verdict as its reply", **to_reply('b\'{"outcome": "PASSED"}\''), says="no result"),
    Attack(
        "forges a frame that says PASSED", **to_reply(repr(frame()[:24] + b'{"ended": "PASSED"}')), says="no result"
    ),
    Attack(
        "forges a frame with the public goldens",
        forged_with_public_goldens,
        {"4.schedule": FAILED},
        ONLY_PUBLIC,
        needs_secret=True,
    ),
    Attack(
        "replies with an empty observation",
        **to_reply(repr(frame())) | {"expect": {"4.schedule": FAILED}},
        says="alpha_t = 1 - beta_t: missing",
    ),
    Attack("a reply of a hundred megabytes", **to_reply("bytes(100_000_000)"), says="its reply exceeds|no result"),
    Attack(
        "a reply of 10 GB, without end",
        **to_reply("b''", then="while True: pour(bytes(2**20))"),
        says="its reply exceeds|no result|was stopped",
        seconds=4,
    ),
    Attack(
        "an array of objects in the reply",
        **to_reply(repr(frame_of("|O", "(1,)", b"cos\nsystem\n."))),
        says="no result",
    ),
    Attack("an array of 10^12 elements in the reply", **to_reply(repr(frame_of("<f8", "(10**12,)"))), says="no result"),
    Attack("an array of negative size in the reply", **to_reply(repr(frame_of("<f8", "(-1, -2)"))), says="no result"),
    Attack(
        "a deflated array in the reply",
        **to_reply(repr(frame(("a.npy", bytes(50_000_000)), method=zipfile.ZIP_DEFLATED))),
        says="no result",
    ),
    Attack(
        "two arrays of a name in the reply",
        **to_reply(repr(frame(("a.npy", npy("{}")), ("a", npy("{}"))))),
        says="no result",
    ),
    Attack(
        "two thousand arrays in the reply",
        lambda place: to_reply(repr(frame(*((f"{number}.npy", b"") for number in range(2_000)))))["build"](place),
        NO_RESULT,
        "no result",
    ),
    Attack(
        "a status nested a thousand deep",
        **to_reply(repr(HEADER.pack(MAGIC, 10**5, 0) + b"[" * 10**5)),
        says="no result",
    ),
    Attack("closes every descriptor", **cheat("import os\nos.closerange(0, 65536)", NO_RESULT, "no result")),
    Attack(
        "puts a file of its own in the place of every descriptor",
        **cheat(
            f"""
            import os
            own = os.open("{MARK}", os.O_CREAT | os.O_RDWR)
            for descriptor in range(256): os.dup2(own, descriptor) if descriptor != own else None
            """,
            NO_RESULT,
            "no result",
        ),
    ),
    Attack(
        "fills the pipe of what it prints from a process that stays",
        **cheat("""
            import os
            if os.fork() == 0:
                os.setsid()
                while True: os.write(1, bytes(65536))
        """),
    ),
    Attack(
        "a grandchild answers after its parent has died",
        **cheat(
            f"""
            import os, time
            if os.fork() == 0:
                os.setsid()
                time.sleep(1)
                for descriptor in range(3, 64):
                    try: os.write(descriptor, {frame()!r})
                    except OSError: pass
                os._exit(0)
            os._exit(0)
            """,
            NO_RESULT,
            "no result",
        ),
    ),
    Attack(
        "patches os._exit, so that the harness's process goes on",
        **cheat(
            """
            import os, sys
            def stay(code):
                import time
                while True: time.sleep(1)
            os._exit = sys.exit = stay
            """,
            NO_RESULT,
            STOPPED,
            seconds=3,
        ),
    ),
    Attack(
        "patches the protocol",
        **cheat(
            "import sys\nsys.modules['grader.runtime.frames'].encode = lambda observation: b'PASSED'",
            NO_RESULT,
            "no result",
        ),
    ),
    Attack(
        "patches the experiment to observe nothing",
        **cheat(
            "import sys\nsys.modules['grader.runtime.experiment']._to_array = lambda value: float('nothing')",
            {"4.schedule": FAILED, "4.embedding": FAILED},
            "a tensor is needed",
        ),
    ),
    Attack(
        "answers yes by heart to a case of which every answer is yes",
        folder(on_import(YES, instead_of(REFUSAL, "self.betas = torch.ones(num_steps)"))),
        {"4.schedule_refusal": FAILED},
        "names that raise an exception",
        needs_secret=True,
    ),
    Attack(
        "turns the timer of the traceback off, and hangs",
        **cheat(
            "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True: pass",
            NO_RESULT,
            STOPPED,
            seconds=3,
        ),
    ),
    Attack(
        "forges the line that hangs",
        **to_reply(
            "b'Thread 0x0 (most recent call first):\\n  File \"/submission/models.py\", line 1 in \\x1b[2J\\u202e'",
            then="while True: pass",
        ),
        says=STOPPED,
        seconds=3,
    ),
    # --------------------------------------------------------------------------------------- processes and memory
    Attack(
        "hunts for descriptors of the grader",
        **cheat("""
            import os, stat
            for descriptor in range(4, 4096):
                try: kind = os.fstat(descriptor).st_mode
                except OSError: continue
                if stat.S_ISSOCK(kind) or stat.S_ISFIFO(kind): WON = True
                if stat.S_ISREG(kind) and "grader" in os.readlink(f"/proc/self/fd/{descriptor}"): WON = True
        """),
    ),
    Attack(
        "hunts for descriptors of other processes",
        **cheat("""
            import glob, os
            for path in glob.glob("/proc/[0-9]*/fd/*"):
                if path.split("/")[2] in (str(os.getpid()), "self", "thread-self"): continue
                try:
                    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
                    WON = True
                except OSError:
                    pass
        """),
    ),
    Attack(
        "reads the environment and command line of the grader",
        **cheat("""
            import os
            for pid in {os.getppid(), 1} - {os.getpid(), 0}:
                if b"grader" in open(f"/proc/{pid}/environ", "rb").read(): WON = True
            if any(name.startswith(("PYTEST", "GRADER", "AWS", "SSH")) for name in os.environ): WON = True
        """),
    ),
    Attack(
        "traces its parent",
        **cheat(
            with_libc("""
            attach = 16
            for pid in {os.getppid(), 1} - {os.getpid(), 0}:
                if libc.ptrace(attach, pid, None, None) == 0: WON = True
            """)
        ),
    ),
    Attack(
        "reads the memory of its parent by system call",
        **cheat(
            with_libc("""
            process_vm_readv = 310
            buffer = ctypes.create_string_buffer(64)
            local = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 64)
            remote = (ctypes.c_size_t * 2)(id(None), 64)
            for pid in range(1, 2**15):
                if pid != os.getpid() and libc.syscall(process_vm_readv, pid, local, 1, remote, 1, 0) > 0: WON = True
            """)
        ),
    ),
    Attack(
        "takes a descriptor out of its parent",
        **cheat(
            with_libc("""
            pidfd_open, pidfd_getfd = 434, 438
            for pid in {os.getppid(), 1} - {os.getpid(), 0}:
                process = libc.syscall(pidfd_open, pid, 0)
                if process >= 0 and libc.syscall(pidfd_getfd, process, 0, 0) >= 0: WON = True
            """)
        ),
    ),
    Attack(
        "stops itself",
        **cheat(
            "import os, signal, time\nos.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(60)",
            NO_RESULT,
            STOPPED,
            seconds=3,
        ),
    ),
    Attack(
        "kills itself",
        **cheat("import os\nos.kill(os.getpid(), 9)\nos._exit(9)", NO_RESULT, "(signal 9|exit code 9) and no result"),
    ),
    Attack(
        "sets an alarm for later",
        **cheat(
            "import signal, time\nsignal.setitimer(signal.ITIMER_REAL, 0.5)\ntime.sleep(5)\nimport os\nos._exit(1)",
            NO_RESULT,
            "(signal 14|exit code 1) and no result",
        ),
    ),
    Attack(
        "raises its own limits",
        **cheat("""
            import resource
            for name in ("AS", "NPROC", "FSIZE", "NOFILE", "CPU", "CORE"):
                what = getattr(resource, f"RLIMIT_{name}")
                soft, hard = resource.getrlimit(what)
                if hard == resource.RLIM_INFINITY and name in ("AS", "FSIZE"): WON = True
                try:
                    resource.setrlimit(what, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                    WON = WON or hard != resource.RLIM_INFINITY
                except (OSError, ValueError):
                    pass
        """),
    ),
    Attack(
        "lowers the limits to nothing",
        **cheat(
            "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))\nopen('/dev/null')\n",
            HONEST,
        ),
    ),
    Attack(
        "takes precedence over everybody",
        **cheat("""
            import os
            os.nice(-20)
            WON = True
        """),
    ),
    # ------------------------------------------------------------------------------------- namespaces and files
    Attack(
        "becomes root",
        **cheat("""
            import os
            if 0 == os.getuid() and open("/proc/self/uid_map").read().split()[:2] == ["0", "0"]: WON = True
            os.setuid(0)
            os.setgid(0)
            open("/etc/shadow", "rb").close()
            WON = True
        """),
    ),
    Attack(
        "unshares namespaces of its own, and mounts",
        **cheat(
            with_libc("""
            new_user, new_mount = 0x10000000, 0x20000
            for flags in (new_user | new_mount, new_user, new_mount):
                if libc.unshare(flags) == 0 and libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == 0: WON = True
            """)
        ),
    ),
    Attack(
        "clones into namespaces of its own",
        **cheat(
            with_libc("""
            clone, new_user, sigchld = 56, 0x10000000, 17
            child = libc.syscall(clone, new_user | sigchld, 0, 0, 0, 0)
            if child == 0: os._exit(0)
            if child > 0: WON = True
            """)
        ),
    ),
    Attack(
        "enters the namespaces of others",
        **cheat(
            with_libc("""
            import glob
            for path in glob.glob("/proc/[0-9]*/ns/*"):
                own = os.stat("/proc/self/ns/" + path.split("/")[-1]).st_ino
                try:
                    descriptor = os.open(path, os.O_RDONLY)
                except OSError:
                    continue
                if os.fstat(descriptor).st_ino != own and libc.setns(descriptor, 0) == 0: WON = True
            """)
        ),
    ),
    Attack(
        "mounts over what it sees",
        **cheat(
            with_libc("""
            for target in (b"/tmp", b"/submission", b"/proc", b"/"):
                if libc.mount(b"tmpfs", target, b"tmpfs", 0, None) == 0: WON = True
                if libc.umount2(target, 2) == 0: WON = True
            """)
        ),
    ),
    Attack(
        "remounts read-write",
        **cheat(
            with_libc("""
            remount, bind = 32, 4096
            for target in (b"/", b"/usr", b"/submission", b"/tmp"):
                if libc.mount(None, target, None, remount | bind, None) == 0: WON = True
            """)
        ),
    ),
    Attack(
        "changes the root",
        **cheat(
            with_libc("""
            pivot_root = 155
            if libc.syscall(pivot_root, b".", b".") == 0: WON = True
            if libc.chroot(b"/proc/1/root") == 0: WON = True
            for path in ("/proc/1/root", "/proc/1/cwd", "/proc/self/root/../..", "/old", "/oldroot"):
                if os.path.exists(path + "/etc/shadow"): WON = True
            """)
        ),
    ),
    Attack(
        "makes a device",
        **cheat(f"""
            import os, stat
            os.mknod("{MARK}", 0o600 | stat.S_IFBLK, os.makedev(8, 0))
            os.open("{MARK}", os.O_RDONLY)
            WON = True
        """),
    ),
    Attack(
        "plays with links in its folder",
        **cheat(f"""
            import os
            os.symlink("/", "{MARK}")
            for path in ("etc/shadow", {str(GOLDENS)[1:]!r}, "proc/1/environ"):
                try:
                    open("{MARK}/" + path, "rb").close()
                    WON = True
                except OSError:
                    pass
            for source in ("/etc/passwd", os.path.abspath(__file__)):
                try: os.link(source, "{MARK}_hard")
                except OSError: pass
        """),
    ),
    Attack(
        "replaces its folder by a link to elsewhere",
        **cheat(f"""
            import os
            here = os.getcwd()
            os.chdir("/")
            os.rename(here, here + "_{MARK}")
            os.symlink({str(ROOT)!r}, here)
        """),
    ),
    Attack("looks for the submissions of others", beside_another, HONEST, DIFFERS),
    Attack("connects to sockets that are open outside", with_listeners, HONEST, DIFFERS),
    Attack(
        "runs a program from memory",
        **cheat("""
            import os
            program = os.memfd_create("program")
            os.write(program, open("/bin/sh", "rb").read())
            if os.fork() == 0:
                try: os.execve(program, ["sh", "-c", "exit 0"], {})
                finally: os._exit(1)
        """),
    ),
    Attack(
        "runs a program that changes its user",
        **cheat("""
            import glob, os, stat
            for path in glob.glob("/usr/bin/*") + glob.glob("/bin/*"):
                status = os.stat(path)
                ignored = os.statvfs(path).f_flag & os.ST_NOSUID
                free = "NoNewPrivs:\\t0" in open("/proc/self/status").read()
                if status.st_mode & stat.S_ISUID and not ignored and free: WON = True
        """),
    ),
    Attack(
        "leaves System V memory, a semaphore and a queue behind",
        **cheat(
            with_libc("""
            create = 0o1666
            for made in (libc.shmget(0x0BAD5EED, 4096, create), libc.semget(0x0BAD5EED, 1, create),
                         libc.msgget(0x0BAD5EED, create)):
                if made >= 0: break
            """)
        ),
    ),
    Attack(
        "leaves a POSIX queue and shared memory behind",
        **cheat(
            with_libc(f"""
            mq_open = 240
            libc.syscall(mq_open, b"{MARK}", os.O_CREAT | os.O_RDWR, 0o600, None)
            open("/dev/shm/{MARK}", "w").close()
            """)
        ),
    ),
    Attack(
        "listens on an abstract socket",
        **cheat(f"""
            import os, socket, time
            s = socket.socket(socket.AF_UNIX)
            s.bind("\\0{MARK}")
            s.listen()
            if os.fork() == 0:
                os.setsid()
                time.sleep(600)
        """),
    ),
    *(
        Attack(
            f"the system call {name}",
            **cheat(
                with_libc(
                    f"import struct\nif libc.syscall({number}, {arguments}) >= 0 and {name != 'kexec_load'}: WON = True"
                )
            ),
        )
        for name, (number, arguments) in SYSTEM_CALLS.items()
    ),
    Attack(
        "injects keys into the terminal",
        **cheat("""
            import fcntl, os, termios
            for path in ("/dev/tty", "/dev/console", "/dev/pts/0"):
                try:
                    fcntl.ioctl(os.open(path, os.O_RDWR), termios.TIOCSTI, b"x")
                    WON = True
                except OSError:
                    pass
        """),
    ),
    Attack(
        "looks at the machine through /sys and /proc/sys",
        **cheat("""
            import glob
            for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper",
                         *glob.glob("/sys/fs/cgroup/**/cgroup.procs", recursive=True)[:20]):
                try:
                    open(path, "r+").close()
                    WON = True
                except OSError:
                    pass
        """),
    ),
)
