"""Every hostile or careless submission gets its outcome and says why, harms nobody else, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from grader import ROOT
from grader.accuracy.grade import accuracies_of, grade_accuracy
from grader.authoring import building
from grader.grading.goldens import Secret
from grader.grading.run import open_submission
from grader.report.terminal import explanation
from grader.runtime.case import Outcome
from grader.runtime.text import visible
from grader.sandbox import start
from grader.submission.layout import SubmissionError
from tests.submissions import archives, careless, checkpoints, harness, imports, resources, values
from tests.submissions.attack import MARK

GROUPS = (archives, imports, values, checkpoints, resources, careless, harness)
SECRET_SEED = 918_273
HONEST_SECONDS = 5.0  # of the case that an honest submission runs next: it takes a twentieth of a second
SETTLING_SECONDS = 3.0  # for what was killed to be gone
TOY_ROUND = {"samples_per_round": 10, "rounds": 1, "seconds": 30.0, "memory_bytes": 2**31}  # of accuracy grading


def _parameters():
    for group in GROUPS:
        for attack in group.ATTACKS:
            yield pytest.param(attack, id=f"{group.__name__.rpartition('.')[2]}: {attack.name}")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("attack", list(_parameters()))
def test_an_attack_earns_what_is_due_and_leaves_nothing(
    attack, tmp_path, assignment, known, sandbox, sandbox_scratch, monkeypatch, request
):
    monkeypatch.setattr(tempfile, "tempdir", str(sandbox_scratch))  # where submissions are laid out
    assert earned_by(assignment, sandbox, known, assignment.solution, honest_cases(assignment)) == {"4.schedule": 0.5}
    before = traces(sandbox_scratch)
    path = attack.build(tmp_path)
    if attack.expect:
        secret = request.getfixturevalue("secret") if attack.needs_secret else None
        verdicts = grade(attack, assignment, sandbox, known, path, secret)
        assert {v.case.id: v.outcome for v in verdicts} == dict(attack.expect), told_by(verdicts)
        assert {v.case.id: v.points for v in verdicts} == due(attack, assignment)
        told = told_by(verdicts)
    else:
        with pytest.raises(SubmissionError) as refusal, open_submission(assignment, sandbox, known, path):
            pass
        told = str(refusal.value)
    assert re.search(attack.says, told), told
    assert visible(told) == told
    start = time.monotonic()
    assert earned_by(assignment, sandbox, known, assignment.solution, honest_cases(assignment)) == {"4.schedule": 0.5}
    assert time.monotonic() - start < HONEST_SECONDS
    assert left_behind(before, sandbox_scratch) == {}


def test_the_corpus_covers_every_group_and_every_loss_is_told():
    attacks = [attack for group in GROUPS for attack in group.ATTACKS]
    assert len(attacks) >= 90
    assert len({attack.name for attack in attacks}) == len(attacks)
    silent = [
        a.name for a in attacks if not a.says and set(a.expect.values()) - {Outcome.PASSED, Outcome.NOT_IMPLEMENTED}
    ]
    assert silent == []


# ------------------------------------------------------------------------------------------------------- grading


def honest_cases(assignment):
    """What an honest submission is graded on beside an attack."""
    return [assignment.by_id["4.schedule"]]


def earned_by(assignment, tier, known, path, cases):
    """The points of a submission."""
    with open_submission(assignment, tier, known, path) as grading:
        return {case.id: grading.verdict(case).points for case in cases}


def grade(attack, assignment, tier, known, path, secret=None):
    """The verdicts on an attack, in the order of its cases."""
    accuracy = {asked.id: asked for asked in accuracies_of(assignment.policy)}
    verdicts = []
    with open_submission(assignment, tier, known, path, secret) as grading:
        for id in attack.expect:
            if id in accuracy:
                toy = TOY_ROUND | ({"seconds": attack.seconds} if attack.seconds else {})
                asked = replace(accuracy[id], policy=accuracy[id].policy.model_copy(update=toy))
                verdicts.append(grade_accuracy(grading, asked))
                continue
            case = assignment.by_id[id]
            case = replace(case, seconds=attack.seconds) if attack.seconds else case
            verdicts.append(grading.verdict(case))
    return verdicts


@pytest.fixture(scope="module")
def secret(assignment):
    """A seed that students do not know, and what the judge knows of it."""
    with contextlib.closing(start("process")) as trusted:
        return Secret(SECRET_SEED, building.build_goldens(assignment, trusted, SECRET_SEED))


def due(attack, assignment):
    """The points that an attack must get."""
    points = {case.id: case.points for case in assignment.cases}
    points |= {asked.id: asked.policy.points for asked in accuracies_of(assignment.policy)}
    return {id: points[id] if outcome is Outcome.PASSED else 0.0 for id, outcome in attack.expect.items()}


def told_by(verdicts):
    """What a student reads about these cases."""
    return "\n".join(explanation(verdict, verdicts) for verdict in verdicts)


# ------------------------------------------------------------------------------------------- what may not remain


@dataclass(frozen=True)
class Traces:
    """What there is of the kinds of things that an attack may leave behind."""

    processes: frozenset
    scratch: frozenset
    marked: frozenset
    mounts: frozenset
    ipc: frozenset
    sockets: frozenset


def traces(scratch):
    """Look everywhere."""
    places = [Path(p) for p in ("/", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", Path.home())] + [
        ROOT,
        *ROOT.parents,
    ]
    return Traces(
        processes=frozenset(_processes()),
        scratch=frozenset(str(path) for path in scratch.iterdir()),
        marked=frozenset(str(path) for place in places if place.is_dir() for path in place.glob(f"*{MARK}*")),
        mounts=frozenset(Path("/proc/self/mountinfo").read_text().splitlines()),
        ipc=frozenset(line.split()[1] for kind in ("shm", "sem", "msg") for line in _rows(f"/proc/sysvipc/{kind}")),
        sockets=frozenset(line for line in _rows("/proc/net/unix") if MARK in line),
    )


def left_behind(before, scratch):
    """{kind: what is new since}; waits a moment for what was ended to be gone."""
    deadline = time.monotonic() + SETTLING_SECONDS
    while True:
        now = vars(traces(scratch))
        new = {kind: sorted(now[kind] - there) for kind, there in vars(before).items() if now[kind] - there}
        if not new or time.monotonic() > deadline:
            return new
        time.sleep(0.05)


def _rows(table):
    path = Path(table)
    return path.read_text().splitlines()[1:] if path.exists() else []


def _processes():
    """Those below this one, but for the tier's own servers, which start when they are first needed."""
    for pid, parent in descendants(os.getpid()).items():
        command = _command(pid)
        # Orphans of a server become its children: one of ours is a server.
        if not (parent == os.getpid() and "grader.sandbox.forkserver" in command):
            yield f"{pid} {command}"


def _command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return "ended"


def descendants(pid):
    """{pid: pid of its parent} of every process below this one. A zombie is none: it has ended."""
    children = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, _, rest = status.read_text().partition(" (")
        except OSError:  # it has just ended
            continue
        state, parent = rest.rpartition(") ")[2].split()[:2]
        if state not in "ZX":
            children.setdefault(int(parent), []).append(int(number))
    found, level = {}, [pid]
    while level:
        below = {child: parent for parent in level for child in children.get(parent, [])}
        found |= below
        level = list(below)
    return found


@pytest.fixture(scope="module", autouse=True)
def adopt_orphans():
    """Whatever a server leaves behind becomes a child of this process, and is found."""
    import ctypes

    set_child_subreaper = 36
    libc = ctypes.CDLL(None)
    libc.prctl(set_child_subreaper, 1, 0, 0, 0)
    yield
    libc.prctl(set_child_subreaper, 0, 0, 0, 0)
