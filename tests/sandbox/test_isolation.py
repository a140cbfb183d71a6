"""What the tiers that run strangers' code keep from it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader import ROOT
from grader.runtime import discovery
from grader.sandbox import doctor, linux, start, view
from tests.experiments import asks_student
from tests.sandbox.test_sandbox import observe, student

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces, Landlock and seccomp are Linux's")


@pytest.fixture(scope="module")
def restricted():
    if lacks := next(f.lacks for f in doctor.findings() if f.tier == "restricted"):
        pytest.skip(f"this machine has no tier 'restricted': {lacks}")
    tier = start("restricted")
    yield tier
    tier.close()


@pytest.fixture(params=["sandbox", "restricted"])
def confined(request):
    """Each of the tiers that run strangers' code."""
    return request.getfixturevalue(request.param)


def test_code_reaches_nothing_outside(confined, assignment):
    reached = doctor.reached(confined, assignment.student, assignment.limits)
    assert len(reached) == 6
    assert [what for what, possible in reached.items() if possible] == []


def test_the_same_code_reaches_all_of_it_at_tier_process(tier, assignment):
    assert all(doctor.reached(tier, assignment.student, assignment.limits).values())


def test_every_case_of_the_solution_passes(confined, assignment, known):
    from grader.grading.run import open_submission

    with open_submission(assignment, confined, known, assignment.solution) as grading:
        failed = [(v.case.id, v.message) for v in map(grading.verdict, assignment.cases) if v.points != v.case.points]
    assert failed == []


def answer(confined, tmp_path, body, **limits):
    """What a student's function observes at a tier, as text."""
    folder = student(tmp_path, "import os, sys, socket, ctypes\ndef answer():\n" + body)
    observation = observe(confined, folder, asks_student, **limits)
    assert observation.ended == "completed", observation
    return str(observation.arrays["value"])


def test_the_environment_holds_nothing_of_the_graders(confined, tmp_path, monkeypatch):
    names = answer(confined, tmp_path, "    return ' '.join(sorted(os.environ))\n").split()
    assert set(names) <= {
        *("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "MALLOC_MMAP_MAX_"),
        *("MALLOC_TRIM_THRESHOLD_", "MPLBACKEND", "OMP_NUM_THREADS", "OMP_WAIT_POLICY"),
        *("PATH", "PYTHONDONTWRITEBYTECODE", "TMPDIR", "TQDM_DISABLE", "VIRTUAL_ENV"),
    }


def test_no_module_of_the_graders_is_loaded_but_those_that_run_the_code(confined, tmp_path):
    """Whatever a fork server has imported, code can import as well, although it sees no file of it."""
    loaded = answer(confined, tmp_path, "    return ' '.join(sys.modules)\n").split()
    ours = {name for name in loaded if name.startswith("grader.")}
    assert {"grader.runtime.case", "grader.runtime.experiment", "grader.sandbox.worker"} <= ours
    of_parts = {name for name in ours if not name.startswith(("grader.runtime", "grader.sandbox"))}
    beside_student_code = set(discovery.modules())
    packages = {name.rpartition(".")[0] for name in beside_student_code} | {"grader.parts"}
    assert of_parts <= beside_student_code | packages


def test_there_is_no_descriptor_but_that_of_the_reply(confined, tmp_path):
    body = "    def there(n):\n        try: return bool(os.fstat(n))\n        except OSError: return False\n"
    body += "    return ' '.join(str(n) for n in range(4096) if there(n))\n"
    assert answer(confined, tmp_path, body) == "0 1 2 3"


def test_there_are_no_capabilities_and_no_new_privileges(confined, tmp_path):
    body = "    libc, data = ctypes.CDLL(None), (ctypes.c_uint32 * 6)()\n"
    body += "    header = (ctypes.c_uint32 * 2)(0x20080522, 0)\n    assert libc.capget(header, data) == 0\n"
    body += "    return f'{sum(data)} {libc.prctl(39, 0, 0, 0, 0)} {libc.prctl(3, 0, 0, 0, 0)}'\n"
    assert answer(confined, tmp_path, body) == "0 1 0"  # capabilities, no new privileges, dumpable


def test_system_calls_that_no_assignment_needs_are_refused(confined, tmp_path):
    body = "    libc = ctypes.CDLL(None, use_errno=True)\n    refused = []\n"
    body += "    for name, arguments in (('unshare', (0x10000000,)), ('ptrace', (0, 0, 0, 0)), ('chroot', (b'/',))):\n"
    body += "        refused.append(getattr(libc, name)(*arguments) == -1 and ctypes.get_errno() == 1)\n"
    body += "    return all(refused)\n"
    assert answer(confined, tmp_path, body) == "True"


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET"])
def test_there_are_no_sockets_to_the_outside(family, confined, tmp_path):
    body = f"    try: socket.socket(socket.{family})\n    except PermissionError: return 'refused'\n    return 'made'\n"
    assert answer(confined, tmp_path, body) == "refused"


def test_the_sandbox_shows_nothing_but_libraries_and_the_submission(sandbox, tmp_path):
    top = answer(sandbox, tmp_path, "    return ' '.join(sorted(os.listdir('/')))\n").split()
    shown = {Path(path).parts[1] for path, _ in view.libraries()}
    assert set(top) == shown | {"dev", "scratch", "submission", "tmp"}
    body = "    return ' '.join(sorted(n for f in ('/submission', '.') for n in os.listdir(f)))\n"
    assert answer(sandbox, tmp_path, body) == "models.py models.py"


def test_only_the_scratch_folder_of_the_sandbox_can_be_written(sandbox, tmp_path):
    body = "    found = []\n    for top, folders, files in os.walk('/'):\n"
    body += "        if os.access(top, os.W_OK) and not top.startswith('/scratch'): found.append(top)\n"
    body += "        if top.count('/') > 3: folders.clear()\n    return ' '.join(found)\n"
    assert answer(sandbox, tmp_path, body) == ""


@pytest.mark.skipif(getattr(os, "geteuid", int)() != 0, reason="only root can mount without a user namespace")
def test_libraries_below_tmp_stay_in_sight(tmp_path):
    """As those of a clone in a temporary folder."""
    library = tmp_path / "library"
    library.mkdir()
    library.joinpath("part.txt").write_text("seen")
    script = f"""if True:
        import os, pathlib
        from grader.sandbox import isolation, linux, view
        shown = [*view.libraries(), ({str(library)!r}, {str(library)!r})]
        view.libraries = lambda: shown
        linux.unshare(linux.NEW_MOUNT)
        isolation.build_view(pathlib.Path({str(tmp_path)!r}), 2**20)
        print(view.temporary_is_free(), open({str(library / "part.txt")!r}).read(), os.listdir("/scratch"))
    """
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "False seen []\n", done.stderr


def test_code_runs_as_another_user_and_as_the_first_process_of_its_namespace(sandbox, tmp_path):
    numbers = answer(sandbox, tmp_path, "    return f'{os.getpid()} {os.getuid()}'\n")
    assert numbers == ("1 1" if os.geteuid() == 0 else "1 0")


def test_memory_is_limited(confined, tmp_path):
    folder = student(tmp_path, "def answer():\n    return len(bytearray(10**9))\n")
    observation = observe(confined, folder, asks_student, memory_bytes=2**29)
    assert (observation.ended, observation.exception) == ("raised", "MemoryError")


def test_the_memory_of_all_processes_together_is_limited(confined, tmp_path):
    body = "import os, time\ndef answer():\n    for _ in range(5):\n        if os.fork() == 0:\n"
    body += "            kept = bytearray(b'x') * 200_000_000\n            time.sleep(30)\n    time.sleep(30)\n"
    observation = observe(confined, student(tmp_path, body), asks_student, memory_bytes=2**29)
    assert observation.ended == "died"
    assert "used more than the 512 MB of memory" in observation.message


def test_processes_are_limited(confined, tmp_path):
    body = "    started = 0\n    try:\n        for _ in range(200):\n            if os.fork() == 0:\n"
    body += "                import time; time.sleep(30)\n            started += 1\n    except BlockingIOError: pass\n"
    body += "    return started\n"
    folder = student(tmp_path, "import os\ndef answer():\n" + body)
    observation = observe(confined, folder, asks_student, processes=20)
    if observation.ended == "completed":
        assert observation.arrays["value"] <= 20
    else:
        assert "more than 20 processes" in observation.message


def test_files_are_limited(confined, tmp_path):
    body = (
        "    try:\n        with open('big', 'wb') as file:\n            for _ in range(64): file.write(bytes(2**20))\n"
    )
    body += "    except OSError: return 'refused'\n    return 'written'\n"
    folder = student(tmp_path, "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\ndef answer():\n" + body)
    assert observe(confined, folder, asks_student, scratch_bytes=2**23).arrays["value"] == "refused"


def test_landlock_names_the_call_that_fails():
    with pytest.raises(FileNotFoundError, match="no such folder"):
        linux.landlock(["/no such folder"], [])


def test_a_refused_mount_names_its_target():
    with pytest.raises(OSError, match="mount /no such place"):
        linux.mount("tmpfs", "/no such place", "tmpfs")
