"""The engine: every submission is graded once, faults are tried again, nothing that one does stops the others."""

import errno
import time
from dataclasses import replace

import numpy as np
import pytest

from grader.batch import records, runner
from grader.batch.cache_keys import UNIT
from grader.batch.engine import Engine, Graded, Visited
from grader.batch.intake import read_class
from grader.batch.ledger import Ledger, LedgerError
from grader.batch.records import NOT_YET
from grader.batch.runner import Patience
from grader.batch.terms import Terms, to_do
from grader.runtime.case import Outcome, Verdict
from grader.runtime.errors import InfrastructureError
from tests.right_answers import Tier

PART, POINTS = 6, 10


@pytest.fixture
def terms(assignment, known):
    return Terms(assignment, known, None, "process", PART)


class Class:
    """A class in a folder, and what the engine does with it."""

    def __init__(self, tmp_path, terms, known):
        self.folder, self.terms, self.tier = tmp_path / "class", terms, Tier(known)
        self.ledger = Ledger(tmp_path / "grades", terms.asked)
        self.scratch, self.events, self.waited = tmp_path / "scratch", [], []
        self.folder.mkdir()
        self.scratch.mkdir()

    def add(self, **contents):
        for name, content in contents.items():
            (self.folder / name).mkdir(exist_ok=True)
            (self.folder / name / "theory.py").write_text(content)

    @property
    def entries(self):
        return read_class(self.folder, self.terms.assignment).entries

    def engine(self, jobs=2, devices=("cpu",), **options):
        engine = Engine(self.terms, self.ledger, jobs, devices, self.scratch, lambda _: self.tier, **options)
        engine._patience._wait = lambda seconds: self.waited.append(seconds)
        return engine

    def grade(self, **options):
        self.events.clear()
        waiting = [entry for entry, stages in to_do(self.terms, self.ledger, self.entries) if stages]
        if waiting:
            self.engine(**options).run(waiting, self.events.append)
        return {e.entry.submission: e.graded for e in self.events if isinstance(e, Graded) and e.stage == UNIT}

    def records(self):
        stages = {e.record: records.stages_of(self.terms, self.ledger, e) for e in self.entries}
        return {e.submission: records.record_of(self.terms, self.ledger, e, stages[e.record], {}) for e in self.entries}


@pytest.fixture
def a_class(tmp_path, terms, known):
    return Class(tmp_path, terms, known)


def outcomes(graded):
    return {str(v.outcome) for v in graded.verdicts}


def test_every_submission_is_graded_once_and_kept(a_class):
    a_class.add(alice="# 1", bob="# 2", carol="# 3")
    graded = a_class.grade()
    assert {name: outcomes(g) for name, g in graded.items()} == {n: {"PASSED"} for n in ("alice", "bob", "carol")}
    assert [e.left for e in a_class.events if isinstance(e, Visited)] == [[]] * 3
    records = a_class.records()
    assert {record.total.earned for record in records.values()} == {POINTS}
    assert all(record.complete and record.seeds == ("public",) for record in records.values())
    assert not list(a_class.scratch.iterdir())
    assert a_class.grade() == {}


def test_only_what_changed_is_graded_again(a_class):
    a_class.add(alice="# 1", bob="# 2")
    a_class.grade()
    a_class.add(alice="# 3", carol="# 4")
    assert set(a_class.grade()) == {"alice", "carol"}
    a_class.add(bob="# 2")  # written again with the same content
    assert a_class.grade() == {}


def test_a_submission_that_cannot_be_graded_earns_nothing_and_says_why(a_class):
    a_class.add(alice="# 1")
    (a_class.folder / "bob.zip").write_text("no zip")
    assert set(a_class.grade()) == {"alice", "bob"}
    record = a_class.records()["bob"]
    assert record.problem.startswith("bob is not a zip that can be read")
    assert {v.outcome for v in record.verdicts if v.case.part == PART and v.outcome is not Outcome.NOT_MARKED} == {
        Outcome.ERROR
    }
    assert (record.total.earned, record.complete) == (0, True)
    assert a_class.grade() == {}


def test_a_fault_is_tried_again_with_patience_and_then_graded(a_class):
    a_class.add(alice="# fault 3")  # Grading itself tries twice
    assert outcomes(a_class.grade()["alice"]) == {"PASSED"}
    assert a_class.waited == [1.0]


def test_a_fault_that_stays_is_not_a_zero_and_is_tried_again_in_the_next_run(a_class):
    a_class.add(alice="# fault 1000", bob="# 1")
    graded = a_class.grade()
    assert (outcomes(graded["alice"]), outcomes(graded["bob"])) == ({"INFRASTRUCTURE"}, {"PASSED"})
    assert a_class.waited == [1.0, 5.0, 20.0]
    record = a_class.records()["alice"]
    assert not record.complete
    assert "out of pids" in record.verdicts[0].message
    a_class.tier.runs = dict.fromkeys(a_class.tier.runs, 1000)
    assert {name: outcomes(g) for name, g in a_class.grade().items()} == {"alice": {"PASSED"}}


def test_when_everything_fails_nobody_waits_any_more(a_class):
    a_class.add(**{f"s{i}": "# fault 1000" for i in range(6)})
    a_class.grade(jobs=1)
    assert len(a_class.waited) == 3 * Patience.HOPELESS


def test_a_bug_of_the_grader_costs_nobody_a_point(a_class):
    a_class.add(alice="# bug", bob="# 1")
    graded = a_class.grade()
    assert outcomes(graded["alice"]) == {"INFRASTRUCTURE"}
    assert graded["alice"].verdicts[0].message == "ZeroDivisionError('a bug')"
    assert outcomes(graded["bob"]) == {"PASSED"}


def test_a_stop_keeps_what_is_finished_and_nothing_else(a_class):
    a_class.add(alice="# 1", bob="# hang")

    def interrupt(event):
        if isinstance(event, Visited):
            raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        a_class.engine(jobs=1).run(a_class.entries, interrupt)
    assert time.monotonic() - start < 10
    alice, bob = a_class.entries
    assert a_class.ledger.read(alice.record, UNIT).complete
    assert a_class.ledger.read(bob.record, UNIT) is None
    assert {v.message for v in a_class.records()["bob"].verdicts if v.outcome is Outcome.INFRASTRUCTURE} == {NOT_YET}
    assert not list(a_class.scratch.iterdir())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_stops_the_batch(number, a_class, monkeypatch):
    a_class.add(alice="# 1")

    def full(*_):
        raise OSError(number, "full")

    monkeypatch.setattr(runner, "laid_out", full)
    with pytest.raises(LedgerError, match=r"there is no room in .*scratch to lay out submissions: .*full"):
        a_class.grade()
    assert a_class.ledger.read(a_class.entries[0].record, UNIT) is None


def test_a_folder_that_cannot_be_read_is_our_fault(a_class, monkeypatch):
    a_class.add(alice="# 1")
    monkeypatch.setattr(runner, "laid_out", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "input/output")))
    graded = a_class.grade()
    assert outcomes(graded["alice"]) == {"INFRASTRUCTURE"}
    monkeypatch.undo()
    assert outcomes(a_class.grade()["alice"]) == {"PASSED"}


def test_a_tier_that_does_not_start_ends_the_batch(a_class):
    a_class.add(alice="# 1")

    def none(_):
        raise InfrastructureError("there is no tier")

    with pytest.raises(InfrastructureError, match="there is no tier"):
        Engine(a_class.terms, a_class.ledger, 1, ["cpu"], a_class.scratch, none).run(a_class.entries, print)


# ------------------------------------------------------------------------------------------------------- accuracies


@pytest.fixture
def sampled(monkeypatch):
    """What was sampled: (submission, id, device, what the unit cases of the class had come to)."""
    calls = []

    def grade_accuracy(grading, accuracy, device, show):
        if accuracy.policy.checkpoint not in grading.submission.present:
            return Verdict(accuracy.case, Outcome.NOT_IMPLEMENTED, 0.0, "not handed in")
        calls.append((grading.submission.name, accuracy.id, device))
        show(np.zeros((10, 1, 28, 28), np.float32), np.arange(10))
        return Verdict(accuracy.case, Outcome.PASSED, accuracy.case.points, seconds=2.0, figures={"mean": 1.0})

    monkeypatch.setattr("grader.accuracy.grade.grade_accuracy", grade_accuracy)
    monkeypatch.setattr("grader.batch.engine.check_device", lambda grading, device: None)
    return calls


@pytest.fixture
def grids(monkeypatch):
    """Replaces `grader.report.grid`: what was saved."""
    saved = []

    class Grid:
        @staticmethod
        def save(images, labels, path, low):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"PNG")
            saved.append((path.name, images.shape, low))

    monkeypatch.setattr("grader.report.grid", Grid, raising=False)
    return saved


@pytest.fixture
def samplers(a_class):
    """Three submissions to part 3, two of them with a checkpoint."""
    a_class.terms = replace(a_class.terms, part=3)
    a_class.add(alice="# 1", bob="# 2", carol="# 3")
    for name in ("alice", "carol"):
        (a_class.folder / name / "checkpoints").mkdir()
        (a_class.folder / name / "checkpoints" / "MNIST.pth").write_bytes(name.encode())
    return a_class


@pytest.mark.parametrize("devices", [("cpu",), ("cuda:0", "cuda:1")])
def test_samples_are_generated_on_the_devices_and_their_picture_is_kept(devices, samplers, sampled, grids):
    samplers.grade(devices=devices)
    assert sorted(call[:2] for call in sampled) == [("alice", "3.mnist_accuracy"), ("carol", "3.mnist_accuracy")]
    assert {device for *_, device in sampled} <= set(devices)
    assert grids == [("3.mnist_accuracy.png", (10, 1, 28, 28), 0.0)] * 2
    records = samplers.records()
    assert {n: r.images["3.mnist_accuracy"].read_bytes() for n, r in records.items() if r.images} == {
        "alice": b"PNG", "carol": b"PNG"
    }  # fmt: skip
    assert [v.outcome for v in records["bob"].verdicts if v.case.id == "3.mnist_accuracy"] == [Outcome.NOT_IMPLEMENTED]
    assert all(record.complete for record in records.values())
    assert samplers.grade() == {}


def test_on_the_cpu_samples_are_generated_after_all_unit_cases(samplers, sampled, grids):
    samplers.grade()
    stages = [
        e.stage for e in samplers.events if isinstance(e, Graded) and (e.stage == UNIT or e.graded.verdicts[0].figures)
    ]
    assert stages == [UNIT] * 3 + ["accuracy.mnist"] * 2
    assert sorted(len(e.left) for e in samplers.events if isinstance(e, Visited)) == [0, 1, 1]


def test_a_device_that_cannot_be_used_ends_the_batch_with_the_unit_cases_kept(samplers, sampled, monkeypatch):
    def check(grading, device):
        raise InfrastructureError(f"--device {device} cannot be used")

    monkeypatch.setattr("grader.batch.engine.check_device", check)
    with pytest.raises(InfrastructureError, match="--device cpu cannot be used"):
        samplers.grade()
    assert sampled == []
    assert samplers.ledger.read(samplers.entries[0].record, UNIT).complete
