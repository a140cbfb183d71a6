"""Submissions that take all there is: time, memory, processes, disk, network. Never run them outside the sandbox."""

from __future__ import annotations

from grader import ROOT
from tests.submissions.attack import ERROR, MARK, PASSED, Attack, cheat, folder, in_embedding

ONE_LOST = {"4.embedding": ERROR, "4.schedule": PASSED}
ALL_KEPT = {"4.embedding": PASSED, "4.schedule": PASSED}
STOPPED = r"was stopped after \d seconds"
NO_MEMORY = "memory|MemoryError|signal 9"


def embedding(code, expect=ONE_LOST, says="", seconds=None):
    """models.py that does this when it embeds timesteps."""
    return {"build": folder(in_embedding(code)), "expect": expect, "says": says, "seconds": seconds}


ATTACKS = (
    Attack(
        "an infinite loop in Python",
        **embedding("while True: pass", says=STOPPED + r"\n  at models.py, line \d+, in forward", seconds=3),
    ),
    Attack(
        "an infinite loop in native code, which holds the interpreter's lock",
        **embedding("import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')", says=STOPPED, seconds=3),
    ),
    Attack(
        "an infinite loop in native code, without the lock",
        **embedding("import ctypes\nctypes.CDLL(None).pause()", says=STOPPED, seconds=3),
    ),
    Attack(
        "ignored SIGTERM",
        **embedding(
            """
            import signal
            for number in range(1, 65):
                try: signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError): pass
            while True: pass
            """,
            says=STOPPED,
            seconds=3,
        ),
    ),
    Attack(
        "catches every exception, and goes on",
        **embedding(
            """
            while True:
                try:
                    while True: pass
                except BaseException: pass
            """,
            says=STOPPED,
            seconds=3,
        ),
    ),
    Attack(
        "a fork bomb",
        **embedding(
            "import os\nwhile True: os.fork()",
            says="BlockingIOError|OSError|processes|was stopped|signal 9",
            seconds=3,
        ),
    ),
    Attack(
        "a fork bomb of sessions, each with its own group",
        **embedding(
            """
            import os
            while True:
                try:
                    if os.fork() == 0: os.setsid()
                except OSError:
                    pass
            """,
            says="processes|was stopped|signal 9",
            seconds=3,
        ),
    ),
    Attack(
        "a thread bomb",
        **embedding(
            "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
            says="can't start new thread|processes|was stopped|memory",
            seconds=5,
        ),
    ),
    Attack(
        "a fork whose child comes back as well",
        **embedding("import os\nif not hasattr(os, 'forked'): os.forked = os.fork()", ALL_KEPT),
    ),
    Attack(
        "a daemon that outlives its parent",
        **embedding(
            """
            import os, time as clock
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.closerange(0, 64)
                    clock.sleep(600)
                os._exit(0)
            """,
            ALL_KEPT,
        ),
    ),
    Attack(
        "a program in the background",
        **embedding("import subprocess\ntry: subprocess.Popen(['sleep', '600'])\nexcept OSError: pass", ALL_KEPT),
    ),
    Attack(
        "a thread that goes on after the answer",
        **embedding(
            "import threading, time as clock\nthreading.Thread(target=clock.sleep, args=(600,)).start()", ALL_KEPT
        ),
    ),
    Attack("RAM in one piece", **embedding("torch.ones(10**10)", says=NO_MEMORY)),
    Attack("RAM in many pieces", **embedding("hog = []\nwhile True: hog.append(bytearray(2**26))", says=NO_MEMORY)),
    Attack(
        "RAM of many processes",
        **embedding(
            """
            import os, time
            for _ in range(8):
                if os.fork() == 0:
                    hog = bytearray(b"x") * 2**29
                    time.sleep(60)
            time.sleep(60)
            """,
            says=NO_MEMORY + "|was stopped",
            seconds=5,
        ),
    ),
    Attack(
        "RAM by a memory file",
        **embedding(
            """
            import os
            hog = os.memfd_create("hog")
            while True: os.write(hog, bytes(2**26))
            """,
            says="File too large|No space|OSError|" + NO_MEMORY,
        ),
    ),
    Attack(
        "disk in one file",
        **embedding(
            f"with open('{MARK}', 'wb') as file:\n    while True: file.write(bytes(2**24))",
            says="No space left|File too large|signal 25",
        ),
    ),
    Attack(
        "disk in many files",
        **embedding(
            f"for number in range(10**6):\n    with open(f'{MARK}_{{number}}', 'wb') as file: file.write(bytes(2**20))",
            says="No space left|File too large|was stopped",
            seconds=5,
        ),
    ),
    Attack(
        "disk in a file that is no longer there",
        **embedding(
            f"""
            import os
            file = open('{MARK}', 'wb')
            os.unlink('{MARK}')
            while True: file.write(bytes(2**24))
            """,
            says="No space left|File too large|signal 25",
        ),
    ),
    Attack(
        "empty files without end",
        **embedding(
            f"number = 0\nwhile True:\n    number += 1\n    open(f'{MARK}_{{number}}', 'w').close()",
            says="No space left|was stopped",
            seconds=5,
        ),
    ),
    Attack(
        "/dev/shm",
        **embedding(
            f"""
            while True:
                with open('/dev/shm/{MARK}', 'ab') as file: file.write(bytes(2**24))
            """,
            says="No space left|File too large|Permission denied|No such file|Read-only|signal 25",
        ),
    ),
    Attack("a stdout flood", **embedding("print('x' * 50_000_000)", ALL_KEPT)),
    Attack(
        "a stdout flood without end",
        **embedding("while True: print('flood ' * 1000)", says=STOPPED + r"[\s\S]*Your code printed", seconds=3),
    ),
    Attack(
        "deep recursion",
        **embedding("def deeper(): return deeper()\ndeeper()", says="RecursionError: maximum recursion"),
    ),
    Attack(
        "deep recursion without a limit",
        **embedding(
            "import sys\nsys.setrecursionlimit(2**31 - 1)\ndef deeper(x): return [deeper([x])]\ndeeper(0)",
            says="signal 11|was stopped|" + NO_MEMORY,
            seconds=5,
        ),
    ),
    Attack(
        "deep recursion in native code",
        **embedding(
            "import sys\nsys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**7): x = [x]\nrepr(x)",
            says="signal 11|RecursionError|was stopped|" + NO_MEMORY,
            seconds=5,
        ),
    ),
    Attack("a huge message", **embedding("raise ValueError('x' * 50_000_000)", says="ValueError: xxx")),
    Attack(
        "a huge traceback",
        **embedding(
            """
            def chain(n):
                try:
                    raise ValueError(n)
                except ValueError as error:
                    if n == 0: raise KeyError("last") from error
                    chain(n - 1)
            chain(300)
            """,
            says="KeyError: 'last'",
        ),
    ),
    Attack(
        "crashes in native code",
        **embedding("import ctypes\nctypes.string_at(0)", says="ended with signal 11 and no result"),
    ),
    Attack("aborts", **embedding("import os\nos.abort()", says=r"ended with signal \d+ and no result")),
    Attack(
        "kill of the parent",
        **cheat("""
            import os, signal
            if (parent := os.getppid()) > 0: os.kill(parent, signal.SIGKILL)
        """),
    ),
    Attack(
        "kill of everybody",
        **cheat("""
            import os, signal
            for pid in (*range(1, os.getpid()), *range(os.getpid() + 1, 2**16)):
                try: os.kill(pid, signal.SIGKILL)
                except OSError: pass
            os.kill(-1, signal.SIGKILL)
        """),
    ),
    Attack(
        "kill of its own group",
        **embedding("import os\nos.killpg(0, 9)\nraise OSError('still there')", says="ended with signal 9|still there"),
    ),
    Attack(
        "the network",
        **cheat("""
            import socket
            for address in (("1.1.1.1", 53), ("8.8.8.8", 443), ("169.254.169.254", 80)):
                try:
                    socket.create_connection(address, timeout=0.5).close()
                    WON = True
                except OSError:
                    pass
        """),
    ),
    Attack(
        "loopback connections",
        **cheat("""
            import socket
            for port in (22, 53, 80, 111, 631, 2375, 5432, 6006, 6379, 8080, 8888):
                for host in ("127.0.0.1", "::1"):
                    try:
                        socket.create_connection((host, port), timeout=0.2).close()
                        WON = True
                    except OSError:
                        pass
        """),
    ),
    Attack(
        "a server on loopback",
        **cheat("""
            import socket
            socket.create_server(("127.0.0.1", 0)).close()
            WON = True
        """),
    ),
    Attack(
        "datagrams",
        **cheat("""
            import socket
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.sendto(b"what the student's file says", ("192.0.2.1", 53))
            WON = True
        """),
    ),
    Attack(
        "writing outside the scratch folder",
        **cheat(f"""
            import os
            for place in ("/", "/etc", "/usr", "/usr/lib", "/var/tmp", "/root", "/home", "/dev", "/proc", "/submission",
                          {str(ROOT)!r}, {str(ROOT / "grader")!r}, {str(ROOT / "test_resources" / "goldens")!r},
                          os.path.dirname(os.__file__), os.path.dirname(os.path.abspath(__file__))):
                try:
                    open(os.path.join(place, "{MARK}"), "w").close()
                    WON = WON or place not in (os.getcwd(), os.path.dirname(os.path.abspath(__file__)))
                except OSError:
                    pass
        """),
    ),
    Attack(
        "changes a library for the next submission",
        **cheat("""
            import numpy, os, torch
            for path in (torch.__file__, numpy.__file__, os.__file__):
                try:
                    open(path, "r+b").close()
                    WON = True
                except OSError:
                    pass
        """),
    ),
    Attack(
        "a GPU memory hog", **embedding("hog = [torch.empty(2**30, device='cuda') for _ in range(999)]", says="no GPU")
    ),
)
