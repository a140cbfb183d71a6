"""What judges in benchmarks/whole_class.py: a killed run, a grade that is not due, memory of a process tree."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import process_tree, whole_class
from benchmarks.a_class import HandedIn
from benchmarks.handed_in import Work
from grader.batch.entries import Entry, Intake
from grader.runtime.case import Outcome

MIB = 2**20
TAKES_MEMORY = f"import time; block = bytearray(b'x') * {64 * MIB}; print('ready', flush=True); time.sleep(60)"
GRADES = """
import pathlib, sys, time
for number in range(20):
    path = pathlib.Path(sys.argv[1], "ledger", str(number), "unit.json")
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    time.sleep(0.1)
"""


@pytest.fixture
def process():
    """A process whose child takes 64 MiB."""
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {TAKES_MEMORY!r}])"
    with subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE, start_new_session=True) as started:
        assert started.stdout.readline() == b"ready\n"
        yield started
        os.killpg(started.pid, signal.SIGKILL)


def test_the_memory_of_a_child_counts(process):
    with process_tree.Peak(process.pid) as peak:
        while not peak.bytes:
            pass
    assert len(process_tree.descendants(process.pid)) == 2
    assert 64 * MIB < peak.bytes < 200 * MIB


def test_what_has_ended_takes_no_memory():
    assert process_tree.memory([2**22 + 1]) == 0


@pytest.mark.parametrize("whole_group", [False, True])
def test_a_run_is_killed_once_so_many_are_finished(whole_group, tmp_path, monkeypatch):
    monkeypatch.setattr(process_tree, "SETTLING_SECONDS", 0.1)
    monkeypatch.setattr(process_tree, "POLL_SECONDS", 0.01)
    command = [sys.executable, "-c", GRADES, str(tmp_path)]
    found = process_tree.run(command, lambda: len(whole_class.finished(tmp_path)) >= 3, whole_group)
    assert found.status == -signal.SIGKILL
    assert 3 <= len(whole_class.finished(tmp_path)) < 20


def test_a_run_that_ends_is_not_killed():
    assert process_tree.run([sys.executable, "-c", "raise SystemExit(7)"]).status == 7


def test_a_file_that_is_written_again_is_told(tmp_path):
    path = tmp_path / "ledger" / "anna" / "unit.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    before = whole_class.finished(tmp_path)
    assert whole_class.finished(tmp_path) == before
    path.with_suffix(".new").write_text("{}")
    path.with_suffix(".new").replace(path)
    assert whole_class.finished(tmp_path)["anna"] != before["anna"]


def handed_in(points, kind="mistake", needs_secret=False):
    return HandedIn(Path("anna.zip"), Work(kind, "4.off_by_one", lambda place: place, {}, (), needs_secret), points)


INTAKE = Intake("a folder of submissions", (Entry("anna-1", "anna", Path("class/anna.zip")),))
PASSED, FAILED = (Outcome.PASSED, 0.5), (Outcome.FAILED, 0.0)


@pytest.mark.parametrize(
    ("due", "found", "told"),
    [
        ({"4.schedule": 0.5}, {"4.schedule": PASSED}, []),
        ({}, {"4.schedule": FAILED}, []),
        ({"4.schedule": 0.0}, {"4.schedule": PASSED}, ["4.schedule 0.5, not 0"]),
        ({"4.schedule": 0.5}, {"4.schedule": FAILED}, ["4.schedule 0, not 0.5"]),
        ({}, {"4.schedule": (Outcome.INFRASTRUCTURE, 0.0)}, ["4.schedule INFRASTRUCTURE"]),
        ({}, {}, ["is not graded"]),
    ],
)
def test_a_grade_that_is_not_due_is_told(due, found, told):
    lines = whole_class.wrong([handed_in(due)], INTAKE, {"anna-1": found}, hidden=True)
    assert len(lines) == len(told)
    assert all("mistake 4.off_by_one (anna.zip)" in line and end in line for line, end in zip(lines, told, strict=True))


def test_what_only_hidden_inputs_find_is_not_due_without_them():
    attack, found = handed_in({"4.schedule": 0.0}, "hostile", needs_secret=True), {"anna-1": {"4.schedule": PASSED}}
    assert whole_class.wrong([attack], INTAKE, found, hidden=False) == []
    assert len(whole_class.wrong([attack], INTAKE, found, hidden=True)) == 1


def test_verdicts_that_differ_are_told_by_record():
    first = {"anna": {"4.schedule": PASSED}, "bert": {"4.schedule": FAILED}, "cleo": {}}
    assert whole_class.other(first, first) == []
    assert whole_class.other(first, {"anna": first["anna"], "bert": first["anna"]}) == ["bert", "cleo"]
