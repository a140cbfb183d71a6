"""`grader batch` as people run it: interrupted, killed and run again, it loses nothing and repeats nothing."""

import csv
import functools
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from grader import ROOT
from grader.batch import local
from grader.batch.engine import Engine
from grader.batch.entries import IntakeError
from grader.commands import staff as command_line
from grader.util import files
from tests import batch_process
from tests.right_answers import Tier

OPTIONS = ("--jobs", "1", "--part", "6", "--no-accuracy", "--public-only", "--trust-submissions")
POINTS = 10
COUNT = 5  # submissions of a class


@pytest.fixture
def a_class(class_of):
    """A folder with correct submissions to part 6, each another."""
    return class_of(COUNT)


@pytest.fixture
def batch(a_class, tmp_path):
    """batch(option, ...) starts `grader batch` on it as a process."""

    environment = os.environ | {"TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()

    def start(*options):
        command = [sys.executable, "-m", "tests.batch_process", "batch", a_class, "--out", tmp_path / "grades"]
        return subprocess.Popen(
            [*map(str, command), *OPTIONS, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=environment
        )  # fmt: skip

    return start


@pytest.fixture
def run(batch):
    """run(option, ...) runs it to its end. Returns its exit code and output, standard error first."""

    def to_its_end(*options):
        process = batch(*options)
        out, err = process.communicate(timeout=300)
        return process.returncode, err + out

    return to_its_end


@pytest.fixture
def records(tmp_path):
    """records() is what the reports would be made of."""
    return lambda: json.loads((tmp_path / "grades" / "records.json").read_text())["records"]


def graded_in(output):
    """The submissions that were graded, by the lines on them."""
    return sorted(re.findall(r"^(s\d): unit cases: 10 of 10 points, \d+\.\d s$", output, re.MULTILINE))


def finished_before(output):
    return int(re.search(rf"^(\d+) of {COUNT} finished already$", output, re.MULTILINE)[1])


def written(grades):
    """When each finished stage was written."""
    return {path.parent.name: path.stat().st_mtime_ns for path in (grades / "ledger").glob("*/unit.json")}


def test_a_class_is_graded_and_again_nothing_is_left_to_do(run, records, tmp_path):
    code, output = run()
    assert code == 0, output
    assert output.startswith(f"a folder of submissions: {COUNT} submissions, 0 of them late\n")
    assert finished_before(output) == 0
    assert graded_in(output) == sorted(records()) == [f"s{i}" for i in range(COUNT)]
    assert {record["total"] for record in records().values()} == {POINTS}
    assert f"{COUNT} submissions: {tmp_path / 'grades' / 'report.html'}" in output
    before = written(tmp_path / "grades")
    code, output = run()
    assert (code, finished_before(output), graded_in(output)) == (0, COUNT, [])
    assert written(tmp_path / "grades") == before


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_batch_that_is_ended_in_the_middle_resumes_where_it_was(end, batch, run, records, tmp_path):
    process = batch()
    for line in process.stderr:
        if line.startswith("s1: "):
            break
    start = time.monotonic()
    process.send_signal(end)
    _, rest = process.communicate(timeout=60)
    assert time.monotonic() - start < 10
    before = written(tmp_path / "grades")
    assert 2 <= len(before) < COUNT
    if end != signal.SIGKILL:
        assert process.returncode == 130
        assert re.search(r"interrupted\. What is finished is kept in .*grades; resume with: "
                         r"grader batch .*class --out .*grades", rest)  # fmt: skip
        assert list((tmp_path / "tmp").iterdir()) == []
    code, output = run()
    assert code == 0, output
    after = written(tmp_path / "grades")
    assert {record: after[record] for record in before} == before
    assert (finished_before(output), len(graded_in(output))) == (len(before), COUNT - len(before))
    assert {record["total"] for record in records().values()} == {POINTS}
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_second_batch_in_the_same_folder_is_refused(batch, run, tmp_path):
    first = batch()
    while "finished already" not in first.stderr.readline():
        pass
    code, output = run()
    assert code == 2
    assert re.search(r"grader failed: another `grader batch` is running in .*grades: wait until it ends", output)
    first.communicate(timeout=300)
    assert first.returncode == 0


# --------------------------------------------------------------- the options, in this process, without students' code


@pytest.fixture
def invoke(tmp_path, monkeypatch, known):
    """invoke(option, ...) runs it on three submissions at a tier that knows the answers. Returns its output."""
    for number in range(3):
        (tmp_path / "class" / f"s{number}").mkdir(parents=True)
        (tmp_path / "class" / f"s{number}" / "theory.py").write_text(f"# {number}")
    engine = functools.partial(Engine, start_tier=lambda _: Tier(known), delays=())
    monkeypatch.setattr(local, "Engine", engine)
    batch_process.install(functools.partial(monkeypatch.setattr))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*options, code=0):
        arguments = ["batch", str(tmp_path / "class"), "--out", str(tmp_path / "grades"), *OPTIONS, *map(str, options)]
        monkeypatch.setattr(sys, "argv", ["grader", *arguments])
        done = CliRunner().invoke(command_line.app, arguments)
        output = done.stderr + done.stdout
        assert done.exit_code == code, output + repr(done.exception)
        if done.exception and not isinstance(done.exception, SystemExit):
            output += str(done.exception)
        return output

    return run


def test_a_dry_run_shows_what_would_be_done_and_does_nothing(invoke, tmp_path):
    output = invoke("--dry-run")
    assert len(re.findall(r"s\d .* unit ", output)) == 3
    assert not (tmp_path / "grades").exists()
    invoke("--only", "s1")
    assert "finished already" in next(line for line in invoke("--dry-run").splitlines() if " s1 " in line)
    assert "everything" in next(line for line in invoke("--dry-run", "--regrade").splitlines() if " s1 " in line)


def test_some_submissions_are_graded_and_the_others_are_not_graded_yet(invoke, records):
    assert graded_in(invoke("--only", "s1", "--only", "s0.zip")) == ["s0", "s1"]
    assert {name: record["complete"] for name, record in records().items()} == {"s0": True, "s1": True, "s2": False}
    assert graded_in(invoke("--only", "s1", "--regrade")) == ["s1"]
    assert graded_in(invoke()) == ["s2"]
    assert graded_in(invoke("--regrade")) == ["s0", "s1", "s2"]


def test_an_unknown_submission_is_refused_with_the_closest_match(invoke):
    assert "there is no submission s11. Did you mean s1?" in invoke("--only", "s11", code=1)


def test_a_changed_mark_is_reported_with_its_reason(invoke, tmp_path):
    invoke()
    (tmp_path / "class" / "s0" / "theory.py").write_text("# stub")
    output = invoke()
    assert "... and 11 more changed marks: see " in output
    assert re.search(r"^s0-\w+: 6\.gaussian_kl: 0\.75 before, 0 now: the submission changed$", output, re.MULTILINE)
    assert "2 of 3 finished already" in output


def test_written_marks_are_counted_and_names_without_any_are_reported(invoke, records, tmp_path):
    with (tmp_path / "marks.csv").open("w", newline="") as file:
        rows = [("submission", "question", "mark", "comment"), ("s0", "6.cyclegan", "2.5", "good")]
        csv.writer(file).writerows([*rows, ("s1", "6.cyclegan", "", ""), ("s2", "6.cyclegan", "1", "")])
    output = invoke("--marks", tmp_path / "marks.csv")
    assert records()["s0"]["verdicts"]["6.cyclegan"] == ["MARKED", 2.5, "good"]
    assert records()["s1"]["verdicts"]["6.cyclegan"][0] == "NOT_MARKED"
    assert "there is no mark for s1" in output


def test_a_fault_that_stays_ends_with_code_2_and_is_not_a_zero(invoke, records, tmp_path):
    (tmp_path / "class" / "s1" / "theory.py").write_text("# bug")
    output = invoke(code=2)
    assert (
        "s1: unit cases: the grader failed on 16 of 16, which is not the student's fault: ZeroDivisionError(" in output
    )
    assert "the grader failed on s1: run the same command to try again" in output
    assert {name: record["complete"] for name, record in records().items()} == {"s0": True, "s1": False, "s2": True}
    assert {record["total"] for record in records().values()} == {POINTS, 0}
    (tmp_path / "class" / "s1" / "theory.py").write_text("# 1")
    assert graded_in(invoke()) == ["s1"]


def test_a_full_disk_is_a_sentence_and_how_to_resume(invoke, monkeypatch, tmp_path):
    def full(path, content):
        if path.name == "unit.json":
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "replace", full)
        output = invoke(code=1)  # an InfrastructureError, of which main makes code 2
        assert re.search(
            r"unit\.json cannot be written: No space left on device\. What is finished is kept in ", output
        )
        assert f"resume with: grader batch {tmp_path / 'class'} --out " in output
    assert graded_in(invoke()) == ["s0", "s1", "s2"]


def test_reports_that_cannot_be_written_are_a_sentence_too(invoke, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("grader.report.publish.write", full)
        assert "No space left on device. What is finished is kept in" in invoke(code=1)
    assert "3 of 3 finished already" in invoke()


def test_a_wrong_folder_is_one_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "argv", ["grader", "batch", str(tmp_path / "no"), "--out", str(tmp_path), *OPTIONS])
    with pytest.raises(SystemExit) as stopped:
        command_line.main()
    assert stopped.value.code == 1
    assert re.fullmatch(r"grader: there is no folder \S+/no: give the one that .*\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cpu", ["cpu"]),
        ("cuda", ["cuda"]),
        ("cuda:0,1", ["cuda:0", "cuda:1"]),
        ("cuda:0, cuda:2", ["cuda:0", "cuda:2"]),
    ],
)
def test_devices_are_read(text, expected):
    assert local.devices(text) == expected


@pytest.mark.parametrize("text", ["", "cpu,cuda", "cuda:0,0", "cuda:0,"])
def test_devices_that_cannot_be_meant_are_refused(text):
    with pytest.raises(IntakeError, match=r"--device .*: give cpu, cuda, or different GPUs such as cuda:0,cuda:1"):
        local.devices(text)
