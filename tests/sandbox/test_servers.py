"""The parent's side of the fork servers: what is imported before a fork, what a server knows, what its end means."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from grader.runtime.errors import InfrastructureError
from grader.sandbox import start, usage
from grader.sandbox.exchange import Job
from grader.sandbox.forkserver import in_memory
from grader.sandbox.servers import _preloads
from tests.experiments import asks_student
from tests.sandbox.test_sandbox import LIMITS, observe, running, student

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="fork servers are for Linux")


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        ("import torch\n", ()),
        ("import torchvision\n", ("torchvision",)),
        ("from torchvision import transforms\n", ("torchvision",)),
        ("import os, torchvision.utils as tv\n", ("torchvision",)),
        ("import matplotlib.pyplot as plt\nfrom torchvision import io\n", ("torchvision", "matplotlib.pyplot")),
        ("# import torchvision\n", ()),
        ("def plot():\n    import torchvision\n", ()),  # imported when it is called, if ever
        ("import torchvisionary\n", ()),
        ("\xff\xfe not text \x00\n", ()),
    ],
)
def test_slow_libraries_are_imported_before_the_fork_if_a_submission_imports_them(text, modules, tmp_path):
    assert _preloads(student(tmp_path, text), 0) == modules


def test_a_server_has_one_thread_and_no_connection_but_its_socket(sandbox, tmp_path):
    observe(sandbox, student(tmp_path, "def answer():\n    return 1\n"), asks_student)
    server = sandbox._servers[()]._process.pid
    threads = len(list(Path(f"/proc/{server}/task").iterdir()))
    assert threads == 1  # a process that has run a parallel kernel has more, and must not fork
    kinds = {os.readlink(link).split(":")[0] for link in Path(f"/proc/{server}/fd").iterdir()}
    assert kinds <= {"/dev/null", "socket", "pipe"} | {os.readlink(f"/proc/{server}/fd/{n}") for n in (1, 2)}


def test_a_server_that_was_never_asked_is_not_waited_for():
    """A refused submission else waits seconds until torch is imported."""
    tier = start("process")
    tier.close()
    assert tier._servers[()]._process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("named", [True, False])
def test_scratch_files_lie_in_memory_unless_another_place_is_named(named, tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.delenv("TMPDIR", raising=False)
    expected = in_memory(LIMITS.scratch_bytes) or tempfile.gettempdir()
    if named:
        expected = str(tmp_path_factory.mktemp("there"))
        monkeypatch.setenv("TMPDIR", expected)
        assert in_memory(0) is None
    folder = student(tmp_path, "import os\ndef answer():\n    print(os.getcwd())\n    return 1\n")
    with contextlib.closing(start("process")) as tier:
        place = observe(tier, folder, asks_student).output.strip()
    assert Path(place).parents[1] == Path(expected)
    assert not Path(place).exists()


def test_scratch_files_do_not_lie_in_a_memory_without_room_for_them(monkeypatch):
    monkeypatch.delenv("TMPDIR", raising=False)
    assert in_memory(2**62) is None


def test_a_request_holds_neither_seed_nor_folder(tmp_path):
    job = Job(asks_student, tmp_path, 123_456_789, LIMITS, {"labels": [3]})
    assert set(job.request()) == {"case", "device", "limits"}
    assert "123456789" not in str(job.request())
    assert str(tmp_path) not in str(job.request())
    assert b"123456789" in job.text()


@pytest.mark.skipif(getattr(os, "geteuid", int)() != 0, reason="only root can read the memory of a server")
def test_nothing_of_a_submission_stays_in_the_memory_of_its_server(sandbox, tmp_path):
    """Not what it holds, prints or answers: the server hands descriptors on, and never reads them."""
    marks = [f"mark-of-{what}-{os.getpid()}" for what in ("source", "output", "answer")]
    halves = [(mark[:9], mark[9:]) for mark in marks]  # so that this test's own text is no find
    text = f"KEPT = {marks[0]!r}\ndef answer():\n"
    text += f"    print({halves[1][0]!r} + {halves[1][1]!r})\n    return {halves[2][0]!r} + {halves[2][1]!r}\n"
    observation = observe(sandbox, student(tmp_path, text), asks_student)
    assert (observation.output.strip(), str(observation.arrays["value"])) == (marks[1], marks[2])
    memory = memory_of(sandbox._servers[()]._process.pid)
    found = [mark for mark in marks if mark.encode() in memory]
    assert found == []
    assert b"torch" in memory


def memory_of(process):
    """All that a process can write to."""
    pieces = []
    with open(f"/proc/{process}/mem", "rb", 0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            bounds, rights, *_ = line.split()
            if rights.startswith("rw") and "[v" not in line:
                start_, end = (int(bound, 16) for bound in bounds.split("-"))
                memory.seek(start_)
                pieces.append(memory.read(end - start_))
    return b"".join(pieces)


def test_a_closed_tier_says_so(tmp_path):
    tier = start("process")
    tier.close()
    with pytest.raises(InfrastructureError, match="closed"):
        observe(tier, student(tmp_path, ""), asks_student)


def test_a_case_is_abandoned_from_another_thread_and_the_next_one_runs(tmp_path):
    tier = start("process")
    try:
        tier.abandon()  # while nothing runs
        folder = student(tmp_path, "import time\ndef answer():\n    time.sleep(300)\n")
        abandoning = threading.Timer(0.2, tier.abandon)  # maybe before the server has torch
        abandoning.start()
        assert observe(tier, folder, asks_student, seconds=100.0).message == "was abandoned"
        tier.abandon()
        student(tmp_path, "def answer():\n    return 7\n")
        assert observe(tier, folder, asks_student).arrays["value"] == 7
    finally:
        tier.close()


def test_a_server_ends_with_its_parent_and_takes_the_running_case_along(tmp_path):
    """Also when the parent is killed, and can close nothing itself."""
    folder = student(tmp_path, "import time\ndef answer():\n    time.sleep(300)\n")
    script = (
        "from pathlib import Path\nfrom grader.sandbox import start\n"
        "from grader.sandbox.exchange import Job\n"
        "from dataclasses import replace\nfrom tests.experiments import asks_student\n"
        "from tests.sandbox.test_sandbox import LIMITS\n"
        "tier = start('process')\n"
        "print(tier._servers[()]._process.pid, flush=True)\n"
        f"tier.observe(Job(asks_student, Path({str(folder)!r}), 0, replace(LIMITS, seconds=300)))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    server = int(parent.stdout.readline())
    deadline = time.monotonic() + 60
    while not list(usage.descendants(server)) and time.monotonic() < deadline:
        time.sleep(0.1)
    below = list(usage.descendants(server))
    assert below
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while any(running(pid) for pid in (server, *below)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in (server, *below) if running(pid)] == []
