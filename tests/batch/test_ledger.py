"""The ledger: what was graded is kept whole or not at all, and of what is replaced the marks."""

import errno
import os
import tempfile
import threading
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.batch.cache_keys import CacheKey
from grader.batch.ledger import REGRADED, Ledger, LedgerError, Seen, Stage
from grader.batch.records import changes_of
from grader.report.mark_changes import Change
from grader.report.record import everything_asked
from grader.runtime.case import Outcome, Verdict
from grader.util import files

KEY = CacheKey(submission="s", grader="g", assignment="a", seed="5", tier="sandbox", part="")
IDS = ("4.add_noise", "4.schedule")


@pytest.fixture(scope="module")
def asked(assignment):
    return everything_asked(assignment, assignment.questions)


@pytest.fixture
def ledger(tmp_path, asked):
    return Ledger(tmp_path / "grades", asked)


@pytest.fixture
def stage(asked):
    """stage(mark or None for a fault, ..., key=...) is what was graded of IDS."""

    def make(*marks, key=KEY, **more):
        verdicts = [
            Verdict(asked[id], Outcome.INFRASTRUCTURE if mark is None else Outcome.FAILED, mark or 0.0, "a message")
            for id, mark in zip(IDS, marks, strict=True)
        ]
        return Stage(key, tuple(verdicts), **more)

    return make


@pytest.fixture
def changes(ledger):
    """changes() are those of alice's marks."""
    return lambda: list(changes_of("alice", [ledger.read("alice", "unit")]))


def test_a_stage_comes_back_as_it_was(ledger, stage):
    graded = stage(0.5, 1.0, seeds=("public", "secret"), changed=("models.py: \u202e",), problem="none \x1b")
    ledger.write("alice", "unit", graded)
    assert ledger.read("alice", "unit") == graded
    assert ledger.read("alice", "accuracy.ddpm") is None
    assert ledger.read("bob", "unit") is None
    assert sorted(path.name for path in (ledger.folder / "alice").iterdir()) == ["unit.json"]


def test_what_was_seen_comes_back_as_it_was(ledger):
    assert ledger.seen("alice") is None
    ledger.note("alice", Seen("looks", "hash"))
    assert ledger.seen("alice") == Seen("looks", "hash")


def test_a_ledger_of_an_earlier_grader_is_read(ledger):
    ledger._write("alice", "seen", {"fingerprint": "looks", "submission": "hash"})
    assert ledger.seen("alice") == Seen("looks", "hash")


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_damaged_file_is_as_if_absent(data, asked):
    verdict = Verdict(asked[IDS[0]], Outcome.PASSED, 1.0, "message", output="printed")
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder), asked)
        ledger.write("alice", "unit", Stage(KEY, (verdict,)))
        path = ledger.folder / "alice" / "unit.json"
        content = path.read_bytes()
        at = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            damaged = content[:at]
        else:
            damaged = content[:at] + bytes([data.draw(st.integers(0, 255))]) + content[at + 1 :]
        path.write_bytes(damaged)
        read = ledger.read("alice", "unit")
        assert read is None or read == Stage(KEY, (verdict,))  # a space for another
        ledger.write("alice", "unit", Stage(KEY, (verdict,)))
        assert ledger.read("alice", "unit") is not None


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"content": {}, "digest": ""}', "[" * 100_000, "\xff"])
def test_a_file_of_something_else_is_as_if_absent(text, ledger):
    path = ledger.folder / "alice" / "unit.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode("latin-1"))
    assert ledger.read("alice", "unit") is None
    (path.parent / "seen.json").write_bytes(text.encode("latin-1"))
    assert ledger.seen("alice") is None


def test_a_stage_of_another_grader_is_read_as_far_as_its_cases_are_there(ledger, stage, asked):
    ledger.write("alice", "unit", stage(0.5, 1.0))
    fewer = Ledger(ledger.grades, {IDS[1]: asked[IDS[1]]})
    assert [v.case.id for v in fewer.read("alice", "unit").verdicts] == [IDS[1]]


# ------------------------------------------------------------------------------------------------ what is finished


def test_a_stage_is_finished_with_the_same_key_and_without_a_fault(stage):
    assert stage(0.5, 1.0).finished(KEY)
    assert not stage(0.5, None).finished(KEY)
    assert not stage(0.5, 1.0, stale=True).finished(KEY)
    for field in fields(CacheKey):
        other = replace(KEY, **{field.name: "other"})
        assert not stage(0.5, 1.0).finished(other)
        assert KEY.why_not(other)
    assert KEY.why_not(KEY) == ""


def test_a_stale_stage_is_graded_again_and_its_marks_are_compared(ledger, stage, changes):
    ledger.make_stale("alice", "unit")  # nothing is there
    assert ledger.read("alice", "unit") is None
    ledger.write("alice", "unit", stage(0.5, 1.0))
    ledger.make_stale("alice", "unit")
    assert not ledger.read("alice", "unit").finished(KEY)
    ledger.write("alice", "unit", stage(0.5, 0.0))
    assert ledger.read("alice", "unit").finished(KEY)
    assert changes() == [Change("alice", IDS[1], 1.0, 0.0, REGRADED)]


# ------------------------------------------------------------------------------------------------ changed marks


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("submission", "the submission changed"),
        ("grader", "the grader changed"),
        ("assignment", "assignment.toml or its cases changed"),
        ("seed", "the seeds changed"),
        ("tier", "the tier of trust changed"),
        ("part", "--part changed"),
    ],
)
def test_a_changed_mark_has_its_reason(field, reason, ledger, stage, changes):
    ledger.write("alice", "unit", stage(0.5, 1.0))
    assert changes() == []
    ledger.write("alice", "unit", stage(0.75, 1.0, key=replace(KEY, **{field: "other"})))
    assert changes() == [Change("alice", IDS[0], 0.5, 0.75, reason)]
    assert changes()[0].in_words == f"alice: {IDS[0]}: 0.5 before, 0.75 now: {reason}"


def test_a_fault_is_no_mark_and_what_was_before_it_is_remembered(ledger, stage, changes):
    other, third = replace(KEY, grader="2"), replace(KEY, grader="2", tier="process")
    ledger.write("alice", "unit", stage(0.5, 1.0))
    ledger.write("alice", "unit", stage(None, 1.0, key=other))
    assert changes() == []
    ledger.write("alice", "unit", stage(None, 1.0, key=other))
    ledger.write("alice", "unit", stage(0.25, 1.0, key=other))
    assert changes() == [Change("alice", IDS[0], 0.5, 0.25, "the grader changed")]
    ledger.write("alice", "unit", stage(0.25, 0.0, key=third))
    assert changes() == [Change("alice", IDS[1], 1.0, 0.0, "the tier of trust changed")]


def test_a_case_that_is_new_had_no_mark(ledger, stage, changes):
    ledger.write("alice", "unit", replace(stage(0.5, 1.0), verdicts=stage(0.5, 1.0).verdicts[:1]))
    ledger.write("alice", "unit", stage(0.5, 1.0, key=replace(KEY, assignment="b")))
    (change,) = changes()
    assert change == Change("alice", IDS[1], None, 1.0, "assignment.toml or its cases changed")
    assert "no mark before, 1 now" in change.in_words


# ------------------------------------------------------------------------------------------------ what can go wrong


def test_a_second_batch_is_refused(ledger, asked):
    with (
        ledger.lock(),
        pytest.raises(LedgerError, match=r"another `grader batch` is running in .*grades: wait until it ends"),
        Ledger(ledger.grades, asked).lock(),
    ):
        pass
    with ledger.lock():
        pass


def test_a_folder_that_cannot_be_made_is_reported(tmp_path, asked):
    (tmp_path / "grades").write_text("a file")
    with pytest.raises(LedgerError, match="ledger cannot be written: "), Ledger(tmp_path / "grades", asked).lock():
        pass


def test_a_full_disk_leaves_what_was_there_and_no_trace(ledger, stage, monkeypatch):
    ledger.write("alice", "unit", stage(0.5, 1.0))

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(LedgerError, match=r"unit\.json cannot be written: No space left on device"):
        ledger.write("alice", "unit", stage(0.0, 0.0))
    assert ledger.read("alice", "unit") == stage(0.5, 1.0)
    assert [path.name for path in (ledger.folder / "alice").iterdir()] == ["unit.json"]


def test_two_writers_of_one_file_leave_the_whole_work_of_one(ledger, stage):
    versions = [stage(mark, 1.0) for mark in (0.1, 0.2)]
    ledger.write("alice", "unit", versions[0])
    threads = [
        threading.Thread(target=lambda graded=graded: [ledger.write("alice", "unit", graded) for _ in range(30)])
        for graded in versions
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert ledger.read("alice", "unit") in versions
    assert [path.name for path in (ledger.folder / "alice").iterdir()] == ["unit.json"]
