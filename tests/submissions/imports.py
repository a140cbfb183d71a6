"""Code that runs when a file is imported, files that Python or pytest would find by themselves, and forged results."""

from __future__ import annotations

from tests.submissions.attack import (
    DIFFERS,
    ERROR,
    FAILED,
    HONEST,
    MARK,
    MODELS,
    PASSED,
    WRONG_MODELS,
    Attack,
    cheat,
    folder,
    on_import,
)

ONE_LOST = {"4.prepare_ddpm": ERROR, "4.schedule": PASSED}  # assignment.py fails, models.py does not
FORGED = '{"outcome": "PASSED", "points": 100, "score": 100, "tests": [], "visibility": "visible"}'
WINS = "import builtins; builtins.WON = True"
JUDGES = "import sys\nfor name in list(sys.modules):\n    if name.startswith('grader'): del sys.modules[name]\n" + WINS


def stays_behind(name, text=WINS):
    """A file beside a wrong models.py, which wins if anything ever imports or runs the file."""
    return {
        "build": folder(WRONG_MODELS.replace("WON", "'WON' in vars(__import__('builtins'))"), extra={name: text}),
        "expect": HONEST,
        "says": DIFFERS,
    }


def at_import(code, says, seconds=None):
    """assignment.py that runs this when it is imported."""
    return {"build": folder(assignment=on_import(code)), "expect": ONE_LOST, "says": says, "seconds": seconds}


ATTACKS = (
    Attack("conftest.py", **stays_behind("conftest.py", "def pytest_runtest_makereport(): pass\n" + WINS)),
    Attack("pytest.ini", **stays_behind("pytest.ini", "[pytest]\naddopts = -p models\n")),
    Attack("pyproject.toml", **stays_behind("pyproject.toml", '[tool.pytest.ini_options]\naddopts = "-p models"\n')),
    Attack("sitecustomize.py", **stays_behind("sitecustomize.py")),
    Attack("usercustomize.py", **stays_behind("usercustomize.py")),
    Attack("a .pth file", **stays_behind("models.pth", WINS + "\n")),
    Attack("a local torch.py", **stays_behind("torch.py")),
    Attack("a local numpy.py", **stays_behind("numpy.py")),
    Attack("a local random.py", **stays_behind("random.py")),
    Attack("a local torch package", **stays_behind("torch/__init__.py")),
    Attack("a grader package of one's own", **stays_behind("grader/judge.py", JUDGES)),
    Attack("a compiled file in __pycache__", **stays_behind("__pycache__/models.cpython-311.pyc", "not even bytecode")),
    Attack("a syntax error", **at_import("def broken(:\n", r"SyntaxError.*\n  at assignment.py, line 1: def broken")),
    Attack("sys.exit at import", **at_import("import sys\nsys.exit(0)", "SystemExit: 0[^|]*must not call exit")),
    Attack("raise SystemExit at import", **at_import("raise SystemExit('done, full marks')", "SystemExit: done")),
    Attack("KeyboardInterrupt at import", **at_import("raise KeyboardInterrupt", "KeyboardInterrupt")),
    Attack("os._exit(0) at import", **at_import("import os\nos._exit(0)", "exit code 0 and no result")),
    Attack("os._exit(100) at import", **at_import("import os\nos._exit(100)", "exit code 100 and no result")),
    Attack("an infinite loop at import", **at_import("while True: pass", "stopped after . sec.*\n.*assignment.py", 3)),
    Attack("input() at import", **at_import("input('continue?')", "EOFError[^|]*Nobody answers input")),
    Attack(
        "atexit rewrites the results",
        **cheat(f"""
            import atexit, os
            def rewrite():
                for descriptor in range(3, 64):
                    try: os.write(descriptor, {FORGED.encode()!r})
                    except OSError: pass
            atexit.register(rewrite)
        """),
    ),
    Attack(
        "patches pytest, unittest, numpy.testing and torch.allclose",
        **cheat("""
            import unittest, numpy, numpy.testing, torch
            try:
                import pytest
                pytest.fail = lambda *a, **k: None
            except ImportError:
                pass
            always = lambda *a, **k: True
            unittest.TestCase.assertEqual = unittest.TestCase.assertTrue = lambda *a, **k: None
            numpy.testing.assert_allclose = numpy.testing.assert_array_equal = lambda *a, **k: None
            torch.allclose = torch.equal = numpy.allclose = numpy.array_equal = always
            numpy.isclose = lambda a, b, **k: numpy.ones(numpy.shape(a), bool)
        """),
    ),
    Attack(
        "patches the judge",
        **cheat("""
            import sys, types
            judge = types.ModuleType("grader.grading.judge")
            judge.judge = lambda *a, **k: "PASSED"
            sys.modules["grader.grading.judge"] = judge
            for name, module in list(sys.modules.items()):
                if name.startswith("grader"):
                    module.differences = module.judge = lambda *a, **k: []
        """),
    ),
    Attack(
        "patches time, and hangs",
        folder(
            assignment=on_import("""
                import time
                time.time = time.monotonic = time.perf_counter = lambda: 0.0
                time.sleep = lambda seconds: None
                while True: pass
            """)
        ),
        ONE_LOST,
        r"was stopped after \d seconds",
        seconds=3,
    ),
    Attack(
        "patches the random numbers of the harness",
        **cheat("""
            import sys
            streams = sys.modules["grader.runtime.rng"].TensorStreams
            streams.number = lambda self, *a, **k: 0.0
        """),
    ),
    Attack(
        "patches every random number of torch and numpy to zero",
        folder(on_import("import numpy, torch\ntorch.randn_like = torch.zeros_like", MODELS)),
        {"4.noise": FAILED, "4.schedule": PASSED},
        "standard deviation of the noise: expected .*, got 0",
    ),
    Attack(
        "prints a forged PASSED, and colours",
        **cheat(
            "print('\\x1b[2J\\x1b[32m4.schedule PASSED 0.5/0.5\\x1b[0m\\r100%\\u202e')",
            says=DIFFERS + r"[^|]*Your code printed:\n  \| \\x1b\[2J\\x1b\[32m4.schedule PASSED 0.5/0.5\\x1b\[0m\n",
        ),
    ),
    Attack(
        "prints forged JSON", **cheat(f"print({FORGED!r})", says=DIFFERS + r'[\s\S]*Your code printed:\n  \| \{"ou')
    ),
    Attack(
        "writes results.json wherever it might be read",
        **cheat(f"""
            import os
            for folder in (".", "..", "/autograder/results", "/results", "/tmp"):
                try:
                    with open(os.path.join(folder, "{MARK}_results.json"), "w") as file: file.write({FORGED!r})
                except OSError:
                    pass
        """),
    ),
    Attack(
        "walks the frames for a verdict to change",
        **cheat("""
            import sys
            frame = sys._getframe()
            while frame:
                for scope in (frame.f_globals, frame.f_locals):
                    for name in ("verdict", "golden", "goldens", "known", "points", "fingerprints", "expected"):
                        if name in scope: WON = True
                frame = frame.f_back
        """),
    ),
    Attack(
        "writes a verdict to every open descriptor",
        **cheat(
            f"""
            import os
            for descriptor in range(3, 256):
                try: os.write(descriptor, {FORGED.encode()!r})
                except OSError: pass
            """,
            expect={"4.schedule": ERROR, "4.embedding": ERROR},
            says="no result",
        ),
    ),
    Attack(
        "leaves a file for its next case to import",
        **cheat(
            f"""
            import os
            here = os.path.dirname(os.path.abspath(__file__))
            for folder in (here, os.getcwd(), "/tmp", "/dev/shm"):
                if os.path.exists(os.path.join(folder, "{MARK}.py")): WON = True
            for folder in (here, os.getcwd(), "/tmp", "/dev/shm"):
                try: open(os.path.join(folder, "{MARK}.py"), "w").close()
                except OSError: pass
            """,
            expect={"4.embedding": PASSED, "4.schedule": FAILED},
        ),
    ),
)
