"""Tier `process` without fork, as on Windows and macOS: the same verdicts, in one process."""

import re
import threading
import time

import pytest

from grader.authoring.patching import write_patched
from grader.grading.run import open_submission
from grader.runtime.errors import InfrastructureError
from grader.sandbox import start
from grader.sandbox.exchange import HANG_REPORTS
from grader.sandbox.serial import Serial
from grader.sandbox.worker import reporting_hangs
from tests.experiments import asks_student, experiment
from tests.sandbox.test_sandbox import observe, student


@pytest.fixture(scope="module")
def serial():
    tier = Serial()
    yield tier
    tier.close()


def verdicts(assignment, tier, known, folder):
    """(outcome, points, diagnosis) of every case."""
    with open_submission(assignment, tier, known, folder) as grading:
        return [(v.case.id, v.outcome, v.points, v.diagnosis) for v in map(grading.verdict, assignment.cases)]


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_it_is_the_tier_process_of_systems_without_fork(platform, monkeypatch):
    monkeypatch.setattr("sys.platform", platform)
    tier = start("process")
    tier.close()
    assert (type(tier), tier.name) == (Serial, "process")


def test_a_stronger_tier_is_not_lowered_silently(monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(InfrastructureError, match="no tier `sandbox` on darwin"):
        start("sandbox")


def test_verdicts_are_those_of_a_fork_server(serial, tier, assignment, known, tmp_path):
    mistake = next(m for m in assignment.mistakes if m.id == "4.noise_factor_of_root")
    folders = [assignment.solution, assignment.student, write_patched(assignment, mistake, tmp_path)]
    for folder in folders:
        assert verdicts(assignment, serial, known, folder) == verdicts(assignment, tier, known, folder)


def test_where_there_is_no_timer_a_thread_reports_the_line(monkeypatch, tmp_path):
    monkeypatch.delattr("signal.setitimer")
    with open(tmp_path / "reply", "wb") as reply, reporting_hangs(0.1, reply):
        time.sleep(0.5)
    report = (tmp_path / "reply").read_bytes()
    assert report.startswith(HANG_REPORTS)
    assert b"test_serial.py" in report


def test_a_hanging_case_is_stopped_and_named_and_the_next_one_runs(serial, tmp_path):
    folder = student(tmp_path, "def answer():\n    while True:\n        pass\n")
    begin = time.monotonic()
    observation = observe(serial, folder, asks_student, seconds=2.0)
    assert observation.ended == "timed out"
    assert re.fullmatch("models.py, line [23], in answer", observation.where)
    assert time.monotonic() - begin < 60
    student(tmp_path, "def answer():\n    return 7\n")
    assert observe(serial, folder, asks_student).arrays["value"] == 7


def test_a_process_that_ends_is_reported_and_the_next_case_runs(serial, tmp_path):
    folder = student(tmp_path, "import os\ndef answer():\n    os._exit(3)\n")
    observation = observe(serial, folder, asks_student)
    assert (observation.ended, "exit code 3" in observation.message) == ("died", True)
    student(tmp_path, "def answer():\n    print('eight')\n    return 8\n")
    observation = observe(serial, folder, asks_student)
    assert (observation.arrays["value"], observation.output) == (8, "eight\n")


def test_a_case_is_abandoned_from_another_thread_and_the_next_one_runs(serial, tmp_path):
    folder = student(tmp_path, "import time\ndef answer():\n    time.sleep(300)\n")
    threading.Timer(0.5, serial.abandon).start()
    assert observe(serial, folder, asks_student, seconds=100.0).ended == "died"
    student(tmp_path, "def answer():\n    return 7\n")
    assert observe(serial, folder, asks_student).arrays["value"] == 7


def test_files_of_the_same_name_are_read_anew(serial, tmp_path):
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        student(folder, f"def answer():\n    return {number}\n")
        assert observe(serial, folder, asks_student).arrays["value"] == number


def test_a_case_that_cannot_be_found_is_our_fault(serial, tmp_path):
    def nowhere(code, rng):
        """Not in any module"""

    with pytest.raises(InfrastructureError, match="nowhere"):
        observe(serial, tmp_path, experiment(nowhere))


def test_a_closed_tier_says_so(tmp_path):
    tier = Serial()
    tier.close()
    with pytest.raises(InfrastructureError, match="closed"):
        observe(tier, student(tmp_path, "def answer():\n    return 7\n"), asks_student)
