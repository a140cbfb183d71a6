"""A class on a real Slurm cluster of one node: the same grades as here, whatever happens to a task."""

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from grader import ROOT
from grader.batch import task
from grader.batch.cache_keys import UNIT
from grader.batch.engine import Graded, Visited
from grader.batch.intake import read_class
from grader.batch.ledger import Ledger, Stage
from grader.batch.slurm import Cluster, Settings, Watch, read_cluster
from grader.batch.terms import Terms
from grader.course import assignment as assignments
from grader.course.toml import PolicyError
from grader.runtime.errors import InfrastructureError
from tests import one_node

COUNT, POINTS = 4, 10  # submissions of the class, and what each earns
OPTIONS = ("--part", "6", "--no-accuracy", "--public-only", "--trust-submissions")


@pytest.fixture(scope="module")
def cluster():
    """The environment in which Slurm's commands reach a cluster."""
    if lacks := one_node.lacks():
        pytest.skip(f"no Slurm can be started here: {lacks}")
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, one_node.cluster(Path(folder)) as environment:
        yield environment


@pytest.fixture
def a_class(class_of):
    """A folder with correct submissions to part 6, each another, and one that cannot be graded."""
    folder = class_of(COUNT)
    (folder / "broken.zip").write_text("no zip")
    return folder


@pytest.fixture
def batch(a_class, tmp_path):
    """batch(name of the folder of grades, option, ...) starts `grader batch`."""

    def start(grades, *options, env=os.environ):
        command = ["-m", "tests.batch_process", "batch", a_class, "--out", tmp_path / grades, *OPTIONS, *options]
        return subprocess.Popen(
            [sys.executable, *map(str, command)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env,
        )  # fmt: skip

    return start


def records(grades):
    return json.loads((grades / "records.json").read_text())["records"]


def tasks_running(environment):
    """The process ids of tasks that grade."""
    output = subprocess.run(
        ["pgrep", "-f", r"^\S+ -m grader\.batch\.task "], capture_output=True, text=True, check=False
    )
    mine = {int(pid) for pid in output.stdout.split()}
    conf = f"SLURM_CONF={environment['SLURM_CONF']}".encode()
    return [pid for pid in mine if conf in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")]


def test_two_tasks_one_of_them_killed_grade_as_this_machine_does(cluster, batch, tmp_path):
    (tmp_path / "slurm.toml").write_text("tasks = 2\nminutes = 5\ncpus = 1\nmemory_gb = 2\n")
    process = batch("cluster", "--slurm", tmp_path / "slurm.toml", "--jobs", "1", env=cluster)
    end = time.monotonic() + 120
    while not (victims := tasks_running(cluster)):
        assert time.monotonic() < end
        time.sleep(0.1)
    os.kill(victims[0], 9)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert re.search(r"^Slurm job \d+: 2 tasks; their logs are in .*cluster/slurm$", output, re.MULTILINE)
    assert re.search(r"^tasks left \d submissions unfinished: submitting these again$", output, re.MULTILINE)
    assert len(re.findall(r"^s\d: unit cases: 10 of 10 points", output, re.MULTILINE)) == COUNT
    here, _ = batch("here").communicate(timeout=300)
    assert records(tmp_path / "cluster") == records(tmp_path / "here"), here
    again, _ = batch("cluster").communicate(timeout=300)  # what the cluster has graded is finished here as well
    assert f"{COUNT + 1} of {COUNT + 1} finished already" in again


def test_what_slurm_refuses_is_reported(cluster, batch, tmp_path):
    (tmp_path / "slurm.toml").write_text('tasks = 2\nminutes = 5\npartition = "none"\n')
    process = batch("grades", "--slurm", tmp_path / "slurm.toml", env=cluster)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "grader failed: Slurm refuses the job: " in output
    assert "invalid partition specified: none" in output


def test_tasks_of_a_killed_batch_are_cancelled_by_the_next(cluster, batch, tmp_path):
    (tmp_path / "slurm.toml").write_text("tasks = 1\nminutes = 5\ncpus = 1\nmemory_gb = 2\n")
    first = batch("grades", "--slurm", tmp_path / "slurm.toml", env=cluster)
    while "Slurm job" not in (line := first.stdout.readline()):
        assert line
    first.kill()
    first.communicate(timeout=60)
    second = batch("grades", "--slurm", tmp_path / "slurm.toml", env=cluster)
    output, _ = second.communicate(timeout=300)
    assert second.returncode == 0, output
    assert {record["total"] for record in records(tmp_path / "grades").values()} == {POINTS, 0}
    states = subprocess.run(["scontrol", "show", "jobs", "--oneliner"], env=cluster, capture_output=True, text=True)
    first_job = re.search(r"Slurm job (\d+)", line)[1]
    assert re.search(rf"^JobId={first_job} .* JobState=CANCELLED", states.stdout, re.MULTILINE)


# ------------------------------------------------------------------------------------------------ without a cluster


def test_a_machine_without_slurm_is_reported(tmp_path, assignment, known, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    terms = Terms(assignment, known, None, "process", 6)
    cluster = Cluster(Settings(tasks=1, minutes=1), terms, Ledger(tmp_path, terms.asked), {}, None)
    with pytest.raises(
        InfrastructureError, match=r"there is no Slurm on this machine \(scancel is missing\): grade without"
    ):
        cluster.grade([])


def test_a_controller_that_stays_away_is_reported_and_one_that_comes_back_is_not(
    tmp_path, assignment, known, monkeypatch
):
    terms, waited = Terms(assignment, known, None, "process", 6), []
    cluster = Cluster(Settings(tasks=1, minutes=1), terms, Ledger(tmp_path, terms.asked), {}, None, waited.append)
    away = subprocess.CompletedProcess((), 1, "", "Unable to contact slurm controller\n")
    monkeypatch.setattr(cluster, "_slurm", lambda *_: away)
    with pytest.raises(InfrastructureError, match="no longer says what has become of the job: Unable to contact"):
        cluster._is_there()
    assert sum(waited) == 300
    answers = iter([away, away, subprocess.CompletedProcess((), 0, "7_[0-1]\n", "")])
    monkeypatch.setattr(cluster, "_slurm", lambda *_: next(answers))
    assert cluster._is_there()


def test_settings_are_checked_with_their_lines(tmp_path):
    path = tmp_path / "slurm.toml"
    path.write_text('tasks = 50\nminutes = 60\ngres = "gpu:1"\n\n[sbatch]\naccount = "teaching"\n')
    settings = read_cluster(path)
    assert (settings.tasks, settings.gres, settings.sbatch, settings.again) == (50, "gpu:1", {"account": "teaching"}, 3)
    path.write_text("minutes = 60\ntasks = 5000\ncores = 2\n")
    with pytest.raises(PolicyError, match=r"slurm\.toml, line 2: tasks = 5000: .*less than or equal to 1000\n.*cores"):
        read_cluster(path)
    with pytest.raises(PolicyError, match=r"no\.toml cannot be read: .*No such file"):
        read_cluster(tmp_path / "no.toml")


def test_what_tasks_write_is_shown(tmp_path, assignment, known, a_class):
    terms = Terms(assignment, known, None, "process", 6)
    ledger, output = Ledger(tmp_path / "grades", terms.asked), []
    first, second, *_ = entries = read_class(a_class, assignment).entries
    ledger.write(first.record, UNIT, Stage(terms.key(UNIT, "old"), ()))
    watch = Watch(ledger, entries, terms.stages, output.append)
    watch.look()
    assert output == []
    graded = Stage(terms.key(UNIT, "hash"), ())
    ledger.write(second.record, UNIT, graded)
    watch.look()
    assert output == [Graded(second, UNIT, graded), Visited(second, ())]
    watch.look()
    assert len(output) == 2


@pytest.fixture
def plan(assignment, known, tmp_path, a_class):
    """What a task must know, as `slurm.py` writes it."""
    terms = Terms(assignments.load(), known, None, "process", 6, False)
    return {
        "folder": str(a_class), "out": str(tmp_path / "grades"), "jobs": 1, "devices": ["cpu"], "public_only": True,
        "tier": "process", "part": 6, "accuracy": False,
        "keys": {stage: vars(terms.keys[stage]) for stage in terms.stages}, "shards": [[]],
    }  # fmt: skip


def test_a_node_that_would_grade_differently_refuses(plan):
    task.run(plan, 0, None)  # its share is empty
    for field in ("grader", "seed"):
        other = plan | {"keys": {UNIT: plan["keys"][UNIT] | {field: "other"}}}
        with pytest.raises(InfrastructureError, match=rf"would grade unit differently \({field}\): it needs the"):
            task.run(other, 0, None)


def test_a_node_without_the_tier_refuses(plan, monkeypatch):
    with pytest.raises(
        InfrastructureError, match="this node lacks tier `none`, at which the class is graded: no such tier"
    ):
        task.run(plan | {"tier": "none"}, 0, None)
    finding = functools.partial(task.doctor.Finding, has=())
    monkeypatch.setattr(task.doctor, "_sandbox", lambda: finding("sandbox", ("bubblewrap is missing",)))
    with pytest.raises(
        InfrastructureError, match="lacks tier `sandbox`, at which the class is graded: bubblewrap is missing"
    ):
        task.run(plan | {"tier": "sandbox"}, 0, None)


def test_a_task_says_what_is_wrong_in_one_line(plan, tmp_path):
    (tmp_path / "plan.json").write_text(json.dumps(plan | {"tier": "none"}))
    command = [sys.executable, "-m", "grader.batch.task", tmp_path / "plan.json", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "grader failed: this node lacks tier `none`, at which the class is graded: no such tier\n"
