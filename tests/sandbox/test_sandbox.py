"""Careless and broken submissions at tier `process`: each a clear line, and the other cases graded."""

import contextlib
import platform
import re
import sys
import textwrap
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grader.course import assignment as assignments
from grader.grading.run import open_submission
from grader.runtime.case import Outcome
from grader.runtime.errors import InfrastructureError
from grader.sandbox import InProcess, start
from grader.sandbox.exchange import Job
from tests.experiments import asks_student, experiment

LIMITS = assignments.load().limits
RESTORE = "        self.num_steps = num_steps\n"


def in_schedule(statement):
    """The solution with a statement at the start of VarianceScheduler's constructor."""
    return lambda text: text.replace(RESTORE, f"        {statement}\n" + RESTORE, 1)


@pytest.mark.parametrize(
    ("change", "outcome", "message"),
    [
        (lambda t: t + "\ndef broken(:\n", Outcome.ERROR, r"SyntaxError.*\n.*models.py, line \d+"),
        (lambda t: "import sys\nsys.exit(0)\n" + t, Outcome.ERROR, r"SystemExit: 0\n.*models.py, line 2"),
        (lambda t: "import os\nos._exit(0)\n" + t, Outcome.ERROR, "ended with exit code 0 and no result"),
        (lambda t: "import os, signal\nos.kill(os.getpid(), 9)\n" + t, Outcome.ERROR, "ended with signal 9"),
        (lambda t: "input('continue?')\n" + t, Outcome.ERROR, "EOFError"),
        (lambda t: "import no_such_package\n" + t, Outcome.ERROR, "No module named 'no_such_package'"),
        (in_schedule("torch.zeros(1).cuda()"), Outcome.ERROR, "This machine has no GPU"),
        (in_schedule("1 / 0"), Outcome.ERROR, r"ZeroDivisionError.*\n.*models.py, line \d+, in __init__: 1 / 0"),
        (in_schedule("raise NotImplementedError('later')"), Outcome.NOT_IMPLEMENTED, "later"),
        (in_schedule("self.betas = 'x'; return"), Outcome.ERROR, "VarianceScheduler.*no attribute 'alphas'"),
    ],
)
def test_a_broken_models_file_gets_a_clear_line(change, outcome, message, make_submission, solution_text, verdicts_of):
    folder = make_submission(models=change(solution_text("models")))
    verdict = verdicts_of(folder, "4.schedule")["4.schedule"]
    assert verdict.outcome is outcome
    assert verdict.points == 0
    assert re.search(message, verdict.message), verdict.message


@pytest.mark.parametrize("text", ["def broken(:\n", "import sys\nsys.exit(1)\n", "while True: pass\n"])
def test_a_broken_file_costs_only_the_cases_that_need_it(text, make_submission, assignment, tier, known):
    chosen = [replace(assignment.by_id[id], seconds=3.0) for id in ("4.schedule", "4.prepare_ddpm")]
    with open_submission(assignment, tier, known, make_submission(assignment=text)) as grading:
        outcomes = {case.id: grading.verdict(case).outcome for case in chosen}
    assert outcomes == {"4.schedule": Outcome.PASSED, "4.prepare_ddpm": Outcome.ERROR}


def observe(tier, folder, experiment, **limits):
    """Run an experiment of the tests."""
    return tier.observe(Job(experiment, folder, 0, replace(LIMITS, **{"seconds": 20.0} | limits)))


def student(tmp_path, text):
    (tmp_path / "models.py").write_text(textwrap.dedent(text))
    return tmp_path


def test_a_hanging_case_is_stopped_and_the_line_named(tier, tmp_path):
    folder = student(tmp_path, "def answer():\n    while True:\n        pass\n")
    start = time.monotonic()
    observation = observe(tier, folder, asks_student, seconds=3.0)
    assert observation.ended == "timed out"
    assert observation.where in ("models.py, line 2, in answer", "models.py, line 3, in answer")
    assert time.monotonic() - start < 8


def test_a_training_that_never_ends_is_named_each_time(tier, tmp_path):
    """Its stack changes all the time, beside whoever looks for the line."""
    folder = student(
        tmp_path,
        """\
        def answer():
            import torch
            net = torch.nn.Linear(64, 64)
            while True:
                net(torch.randn(512, 64)).square().mean().backward()
        """,
    )
    lines = {observe(tier, folder, asks_student, seconds=0.5).where for _ in range(12)}
    assert lines <= {f"models.py, line {line}, in answer" for line in (3, 4, 5)}


def test_a_megabyte_of_printing_is_capped_and_the_value_arrives(tier, tmp_path):
    folder = student(tmp_path, "def answer():\n    print('x' * 1_000_000)\n    return 7\n")
    observation = observe(tier, folder, asks_student, output_bytes=1000)
    assert observation.arrays["value"] == 7
    assert observation.output == "x" * 1000


@pytest.mark.parametrize("value", ["None", "object()", "(i for i in range(3))", "lambda: 1", "[1, 'a', None]", "{}"])
def test_a_value_that_is_no_array_is_described_not_sent(value, tier, tmp_path):
    observation = observe(tier, student(tmp_path, f"def answer():\n    return {value}\n"), asks_student)
    assert observation.ended == "completed"
    assert "value" in observation.not_arrays


def test_an_immense_view_is_described_not_sent(tier, tmp_path):
    folder = student(tmp_path, "import torch\ndef answer():\n    return torch.zeros(1).expand(10**11)\n")
    assert "too many" in observe(tier, folder, asks_student).not_arrays["value"]


def test_bfloat16_arrives_as_float32(tier, tmp_path):
    folder = student(tmp_path, "import torch\ndef answer():\n    return torch.ones(2, dtype=torch.bfloat16)\n")
    assert observe(tier, folder, asks_student).arrays["value"].dtype == "float32"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator than glibc's")
def test_a_large_tensor_does_not_take_its_pages_anew(tier, tmp_path):
    text = """
        import resource, torch
        def answer():
            faults = []
            for _ in range(5):  # the first ones find no place yet
                before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
                torch.ones(2**24)
                faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
            return faults[-1]
    """
    folder = student(tmp_path, text)
    assert int(observe(tier, folder, asks_student).arrays["value"]) < 1000  # of 16,384 pages


def test_a_reply_beyond_its_cap_is_no_result(tier, tmp_path):
    folder = student(tmp_path, "import torch\ndef answer():\n    return torch.zeros(100_000)\n")
    observation = observe(tier, folder, asks_student, reply_bytes=1000)
    assert observation.ended == "died"
    assert "exceeds 1000 bytes" in observation.message


def test_bytes_written_to_the_reply_pipe_do_not_become_a_result(tier, tmp_path):
    folder = student(tmp_path, "import os\ndef answer():\n    os.write(3, b'PASSED')\n    return 7\n")
    assert observe(tier, folder, asks_student).ended == "died"


def test_nothing_carries_over_from_one_case_to_the_next(tier, tmp_path):
    folder = student(
        tmp_path,
        "import torch\ncount = 0\ndef answer():\n    torch.n = getattr(torch, 'n', 0) + 1\n    return torch.n\n",
    )
    assert [int(observe(tier, folder, asks_student).arrays["value"]) for _ in range(2)] == [1, 1]


def test_a_process_left_behind_does_not_outlive_its_case(tier, tmp_path):
    folder = student(tmp_path, "import subprocess\ndef answer():\n    return subprocess.Popen(['sleep', '60']).pid\n")
    start = time.monotonic()
    pid = int(observe(tier, folder, asks_student).arrays["value"])
    assert time.monotonic() - start < 10
    time.sleep(0.2)
    assert not running(pid)


def running(pid):
    """Whether a process runs; a zombie that nobody has collected yet does not."""
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def test_a_case_that_cannot_be_found_is_our_fault(tier, tmp_path):
    def nowhere(code, rng):
        """Not in any module"""

    with pytest.raises(InfrastructureError, match=r"cannot find the experiment .*nowhere"):
        observe(tier, tmp_path, experiment(nowhere))


def test_a_worker_that_dies_is_our_fault_and_is_replaced(tmp_path):
    own = start("process")
    try:
        folder = student(tmp_path, "def answer():\n    return 7\n")
        assert observe(own, folder, asks_student).arrays["value"] == 7
        kill_server(own)
        with pytest.raises(InfrastructureError, match="fork server failed"):
            observe(own, folder, asks_student)
        assert observe(own, folder, asks_student).arrays["value"] == 7
    finally:
        own.close()


def kill_server(tier):
    """What an administrator, or the kernel when memory runs out, may do."""
    for server in tier._servers.values():
        server._process.kill()


def test_closing_a_tier_stops_the_case_that_is_running(tmp_path):
    pid_file = tmp_path / "pid"
    folder = student(
        tmp_path,
        f"import os, pathlib, time\ndef answer():\n    pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))\n"
        "    time.sleep(600)\n",
    )
    own = start("process")

    def run():
        with contextlib.suppress(InfrastructureError, ValueError):  # closed under its feet
            observe(own, folder, asks_student, seconds=600.0)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while not (pid_file.exists() and pid_file.read_text()):
        time.sleep(0.1)
    assert running(int(pid_file.read_text()))
    own.close()
    time.sleep(0.2)
    assert not running(int(pid_file.read_text()))


def test_an_infrastructure_fault_is_reported_as_such_and_never_as_a_zero(assignment, known, make_submission):
    class Broken:
        name, size, tries = "process", 1, 0

        def observe(self, job):
            self.tries += 1
            raise InfrastructureError("out of pipes")

    broken = Broken()
    with open_submission(assignment, broken, known, make_submission()) as grading:
        verdict = grading.verdict(assignment.cases[0])
    assert verdict.outcome is Outcome.INFRASTRUCTURE
    assert verdict.message == "out of pipes"
    assert broken.tries == 2


def test_in_process_observes_the_same_as_a_worker(assignment, tier, known, make_submission, monkeypatch):
    monkeypatch.chdir(".")  # restores the working directory, which the experiment changes
    path = list(sys.path)
    with open_submission(assignment, InProcess(), known, make_submission()) as grading:
        outcomes = {c.id: grading.verdict(c).outcome for c in assignment.cases if c.id != "4.unet"}
    sys.path[:] = path
    assert set(outcomes.values()) == {Outcome.PASSED}


def test_a_process_left_behind_that_prints_for_ever_delays_nobody(tier, tmp_path):
    folder = student(
        tmp_path,
        "import subprocess\ndef answer():\n    subprocess.Popen(['timeout', '20', 'yes'], start_new_session=True)\n"
        "    return 7\n",
    )
    start = time.monotonic()
    assert observe(tier, folder, asks_student).arrays["value"] == 7
    assert time.monotonic() - start < 10
