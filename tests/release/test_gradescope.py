"""The autograder of Gradescope, run in its layout: what it grades, what a submission there can reach, how it fails."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from grader import ROOT
from grader.authoring import building
from grader.commands.staff import app
from grader.grading.goldens import Secret
from grader.grading.run import select
from grader.release import autograde, gradescope
from grader.release.autograde import Settings, with_metadata
from grader.release.bundle import BundleError, write_zip
from grader.report import results
from grader.runtime.case import Case, Outcome, Verdict
from grader.runtime.errors import InfrastructureError
from grader.sandbox import doctor
from grader.sandbox.isolation import USERS
from tests import gradescope_machine
from tests.release.test_handout import COMMONPLACE, LONG, closure, staff_lines, texts
from tests.release.test_handout import _module as module_of

PART, SEED = 6, 0xFEDC_BA98_7654_3210_0123_4567_89AB_CDEF
POINTS = 10.0  # of part 6's cases
EXPORT = {
    "created_at": "2026-07-31T14:22:32.365935-07:00",
    "assignment": {"due_date": "2026-07-31T23:00:00.000000-07:00", "total_points": "20.0"},
    "users": [{"email": "ada@example.com", "id": 1, "name": "Ada L"}, {"email": "", "id": 2, "name": "Bo\u202eb"}],
}
VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}


@pytest.fixture(scope="module")
def hidden(assignment, tier):
    """A secret seed with its goldens, of the part that these tests grade."""
    cases = tuple(select(assignment.cases, PART))
    of_part = tuple(v for v in assignment.variants if v.id.startswith(f"{PART}."))
    small = replace(assignment, cases=cases, variants=of_part)
    return Secret(SEED, building.build_goldens(small, tier, SEED))


@pytest.fixture(scope="module")
def zipped(assignment, hidden, tmp_path_factory):
    """The autograder's zip."""
    path = tmp_path_factory.mktemp("bundle") / "autograder.zip"
    write_zip(gradescope.autograder(assignment, hidden, Settings(PART, (), 540.0), None), path)
    return path


@pytest.fixture
def machine(zipped, tmp_path):
    """machine(folder) lays out what Gradescope would; returns the folder that is to become /autograder."""
    if reason := _no_machine():
        pytest.skip(reason)

    def lay_out(submission, settings=None, limits=None):
        place = tmp_path / "autograder"
        with zipfile.ZipFile(zipped) as archive:
            assert archive.getinfo("run_autograder").external_attr >> 16 == 0o100755
        gradescope_machine.lay_out(zipped, submission, place)
        shutil.rmtree(place / "submission" / "checkpoints", ignore_errors=True)
        (place / "submission_metadata.json").write_text(json.dumps(EXPORT))
        file = place / "source" / "gradescope.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | (settings or {})))
        policy = place / "source" / "grader" / "assignment.toml"
        for name, value in (limits or {}).items():
            policy.write_text(re.sub(rf"^{name} = \d+", f"{name} = {value}", policy.read_text(), count=1, flags=re.M))
        return place

    return lay_out


def _no_machine():
    """Why Gradescope's layout cannot be rebuilt here, if so."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "only root can have a mount namespace without a user namespace, as Gradescope's containers do"
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True)
    return f"mount namespaces are refused here: {tried.stderr.strip()}" if tried.returncode else ""


COMMAND = [sys.executable, "-m", "tests.gradescope_machine"]


def run(place):
    """Run the autograder to its end. Returns its results and what it printed."""
    done = subprocess.run([*COMMAND, place], cwd=ROOT, capture_output=True, text=True, timeout=200)
    document = json.loads((place / "results" / "results.json").read_text())
    check_schema(document)
    return document, done.stdout + done.stderr


def check_schema(document):
    """What Gradescope asks of a results.json."""
    assert document.keys() <= {
        *("score", "execution_time", "output", "output_format", "visibility", "stdout_visibility", "extra_data"),
        *("tests", "leaderboard"),
    }
    assert document["output_format"] == "text"
    assert document["stdout_visibility"] == "hidden"
    assert isinstance(document.get("score", 0.0), int | float)
    for test in document.get("tests", []):
        assert {"name", "output", "visibility"} <= test.keys()
        assert test["visibility"] in VISIBILITIES
        assert test.get("status", "passed") in ("passed", "failed")
        assert test.get("score", 0) <= test.get("max_score", 0)


def outcomes(document):
    return {test["number"]: test["extra_data"]["outcome"] for test in document["tests"]}


# ------------------------------------------------------------------------------------------------- in its layout


def test_the_solution_earns_everything_at_the_tier_of_a_container(machine, assignment):
    place = machine(assignment.solution)
    document, printed = run(place)
    assert document["score"] == POINTS, printed
    assert outcomes(document) == {case.id: "PASSED" for case in select(assignment.cases, PART)}
    assert document["extra_data"] == {
        "tier": "restricted",
        "seeds": ["public", "secret"],
        "outside_todos": [],
        "students": ["Ada L", "Bo\\u202eb"],
        "late": False,
    }
    assert "trust tier: restricted" in printed
    told = json.dumps(document) + printed
    assert f"{SEED:032x}" not in told
    assert str(SEED) not in told


def test_the_stubs_earn_nothing_and_read_what_is_to_be_done(machine, assignment):
    document, _ = run(machine(assignment.student))
    assert document["score"] == 0
    assert set(outcomes(document).values()) == {"NOT_IMPLEMENTED"}
    assert "TODO(6.gaussian_kl)" in json.dumps(document)


ATTACK = """
import os
def attack():
    reached = []
    ours = ("source/secret/seed", "source/gradescope.json", "source/secret/goldens/part6.npz", "submission/theory.py")
    for path in ours:
        try:
            open("/autograder/" + path, "rb").read(1)
            reached.append(path)
        except OSError:
            pass
    for path in ("results/results.json", "source/grader/__init__.py", "results/results.json.tmp", "run_autograder"):
        try:
            open("/autograder/" + path, "w").write('{"score": 1000}')
            reached.append(path)
        except OSError:
            pass
    return f"I am user {os.getuid()} and group {os.getgid()}, and reached {reached}"
"""


def test_a_hostile_submission_is_another_user_and_reaches_nothing_of_ours(machine, make_submission, solution_text):
    begin = "    # BEGIN ANSWER(6.game_value)"
    theory = solution_text("theory")
    assert theory.count(begin) == 1
    hostile = theory.replace(begin, "    raise RuntimeError(attack())\n" + begin)
    place = machine(make_submission(theory=hostile + ATTACK))
    document, printed = run(place)
    assert document["score"] == POINTS - 0.5, printed
    (test,) = [test for test in document["tests"] if test["status"] == "failed"]
    assert test["number"] == "6.game_value"
    told = re.search(r"I am user (\d+) and group (\d+), and reached (\[.*?\])", test["output"])
    assert {int(told[1]), int(told[2])} <= set(USERS)
    assert told[3] == "[]"
    # Landlock alone would have refused as well; these would without it.
    assert {name: place.joinpath(name).stat().st_mode & 0o077 for name in ("source", "submission", "results")} == {
        "source": 0,
        "submission": 0,
        "results": 0,
    }


def test_a_submission_that_hangs_uses_its_own_time_up_and_gets_a_grade(machine, make_submission):
    place = machine(make_submission(theory="while True: pass\n"), limits={"seconds": 1, "submission_seconds": 3})
    document, _ = run(place)
    assert document["score"] == 0
    assert set(outcomes(document).values()) == {"ERROR"}
    told = [test["output"] for test in document["tests"]]
    assert "was stopped after" in told[0]
    assert "theory.py, line 1" in told[0]
    assert "was not run: the cases before it have used up the 3 seconds" in told[-1]


def test_when_gradescopes_time_is_up_the_rest_is_no_zero(machine, make_submission):
    place = machine(make_submission(theory="while True: pass\n"), settings={"seconds": 9.0})
    document, printed = run(place)
    assert "score" not in document
    assert outcomes(document)["6.markov_blanket"] == "INFRASTRUCTURE", printed
    assert autograde.OUT_OF_TIME in document["tests"][-1]["output"]
    assert all("score" not in test for test in document["tests"])


def test_the_fallback_is_there_when_the_grader_is_killed_midway(machine, make_submission):
    place = machine(make_submission(theory="while True: pass\n"))
    process = subprocess.Popen([*COMMAND, place], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "trust tier: restricted\n"
    process.kill()
    process.wait()
    process.stdout.close()
    document = json.loads((place / "results" / "results.json").read_text())
    check_schema(document)
    assert document == gradescope.BROKEN
    assert {path.name for path in (place / "results").iterdir()} == {"results.json"}


def test_a_submission_without_any_of_the_files_is_told_what_to_hand_in(machine, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "essay.py").write_text("")
    document, _ = run(machine(tmp_path / "other"))
    assert (document["score"], document["tests"]) == (0, [])
    assert "holds none of the files to hand in" in document["output"]


# ------------------------------------------------------------------------------------------------ what it is made of


def files_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_zip_holds_what_the_autograder_imports_and_no_answer(zipped, assignment):
    files = files_of(zipped)
    assert {"setup.sh", "run_autograder", "secret/seed"} <= files.keys()
    modules = {module_of(name) for name in files if name.endswith(".py") and name.startswith("grader/")}
    cases = {module for module in modules if ".cases" in module}
    started = ("release.autograde", "sandbox.forkserver", "sandbox.worker", "parts.gan.challenge")
    assert closure({f"grader.{name}" for name in started} | cases) <= modules
    assert not {module for module in modules for kind in ("mistakes", "variants", "oracles") if f".{kind}" in module}
    lines = {(where, line.strip()) for where, line in staff_lines(assignment) if len(line.strip()) > LONG}
    stubs = "\n".join(text for name, text in texts(files) if name.startswith("student/"))
    others = {name: text for name, text in texts(files) if not name.startswith("student/")}
    secret = {line for _, line in lines if line not in stubs and not COMMONPLACE.match(line)}
    assert {(line, name) for line in secret for name, text in others.items() if line in text} == set()


def test_an_accuracy_brings_its_judge_and_is_on_the_leaderboard(assignment, hidden):
    files = gradescope.autograder(assignment, hidden, Settings(None, ("vae", "gan"), 540.0), None)
    for name in ("classifiers/fashion_mnist_auditor.pt", "classifiers/synthetic.pt", "oracles/synthetic.pt"):
        assert f"test_resources/{name}" in files
        assert f"test_resources/{name}" in json.loads(files["test_resources/MANIFEST.json"])
    assert {"grader/accuracy/staff/auditor.py", "grader/accuracy/staff/frechet.py"} <= files.keys()
    assert "test_resources/classifiers/mnist.pt" not in files
    assert "torchmetrics\n" in files["packages.txt"].decode()
    case = Case("4.vae_accuracy", "VAE", 24, None, "")
    report = results.gradescope("sandbox", [], [Verdict(case, Outcome.PASSED, 24, figures={"mean": 0.89561})])
    assert report["leaderboard"] == [{"name": "4.vae_accuracy", "value": 0.8956}]
    assert "leaderboard" not in results.gradescope("sandbox", [], [Verdict(case, Outcome.FAILED, 0)])


def test_part_5_brings_its_evaluator_with_its_auditor_and_the_lists(assignment, hidden):
    files = gradescope.autograder(assignment, hidden, Settings(5, ("cgan_test",), 540.0), None)
    for name in ("classifiers/iclevr.pt", "classifiers/iclevr_auditor.pt", "iclevr/objects.json", "iclevr/test.json"):
        assert f"test_resources/{name}" in files
    assert {"student/evaluator.py", "grader/course/conditions.py", "grader/accuracy/staff/auditor.py"} <= files.keys()
    assert "test_resources/iclevr/train.json" not in files  # a megabyte that nobody reads there


def test_setup_installs_pinned_packages_and_names_an_index_only_if_told(assignment, hidden, zipped):
    files = files_of(zipped)
    for script in ("setup.sh", "run_autograder"):
        checked = subprocess.run(["sh", "-n"], input=files[script], capture_output=True)
        assert checked.returncode == 0, checked.stderr
        assert files[script].startswith(b"#!/bin/sh\n")
    setup = files["setup.sh"].decode()
    assert "pip install --quiet --no-cache-dir --constraint requirements.txt --requirement packages.txt" in setup
    told = gradescope.autograder(assignment, hidden, Settings(PART, (), 1.0), "https://example.com/a b")["setup.sh"]
    assert b"--extra-index-url 'https://example.com/a b' --constraint" in told
    pinned = {line.partition("==")[0] for line in files["requirements.txt"].decode().splitlines()}
    asked = {re.match(r"[\w-]+", line)[0] for line in files["packages.txt"].decode().splitlines()}
    assert {"torch", "numpy", "pydantic", "pyseccomp"} <= asked <= pinned


def test_the_command_writes_the_zip_and_tells_what_to_set(tmp_path, monkeypatch, capsys, hidden):
    monkeypatch.setattr("grader.authoring.secret.load_here", lambda console: hidden)
    app(["gradescope", "--out", str(tmp_path / "a.zip"), "--part", "6", "--minutes", "20"], standalone_mode=False)
    told = capsys.readouterr().out
    assert "give it to nobody else: it holds the secret seed" in told
    assert f"set there: {POINTS:g} points, a timeout of 20 minutes, 768 MB of memory" in told
    assert json.loads(files_of(tmp_path / "a.zip")["gradescope.json"]) == {"part": 6, "accuracy": [], "seconds": 1140.0}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--out", str(ROOT / "a.zip")], r"a\.zip lies in the repository, which students may get"),
        (["--out", "/tmp/a.zip", "--accuracy", "vea"], "there is no accuracy vea to grade; there is: gan, cifar10"),
        (["--out", "/tmp/a.zip", "--part", "4", "--accuracy", "gan"], "no accuracy gan .* there is: ddpm, ddim, vae"),
        (["--out", "/tmp/a.zip", "--part", "7"], "there is nothing to grade in part 7"),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is_written(arguments, told):
    with pytest.raises(BundleError, match=told):
        app(["gradescope", *arguments], standalone_mode=False)


# --------------------------------------------------------------------------------------------------------- apart


def test_settings_are_read_as_they_were_written(zipped, tmp_path):
    (tmp_path / "settings.json").write_bytes(files_of(zipped)["gradescope.json"])
    assert Settings.read(tmp_path / "settings.json") == Settings(PART, (), 540.0)


def test_a_machine_without_protection_grades_nothing(monkeypatch, assignment, hidden):
    monkeypatch.setattr(doctor, "strongest", lambda: doctor.Finding("process", (), ()))
    monkeypatch.setattr(doctor, "findings", lambda: [doctor.Finding("sandbox", ("no namespaces",), ())])
    with pytest.raises(InfrastructureError, match="this machine has no protection from submissions: no namespaces"):
        autograde.grade(assignment, hidden, Settings(PART, (), 1.0), assignment.student)


def test_time_that_is_up_interrupts_whatever_runs():
    with pytest.raises(autograde.OutOfTimeError), autograde._deadline(0.05):
        threading.Event().wait()
    with autograde._deadline(60.0):
        pass


@pytest.mark.parametrize(
    ("metadata", "late"),
    [
        (EXPORT, False),
        (EXPORT | {"created_at": "2026-08-01T08:00:00+02:00"}, False),
        (EXPORT | {"created_at": "2026-08-01T08:01:00+02:00"}, True),
        (EXPORT | {"assignment": {"due_date": None}}, False),
        ({}, False),
    ],
)
def test_lateness_is_told_by_the_moment_and_not_by_the_clock_of_a_place(metadata, late, tmp_path):
    (tmp_path / "metadata.json").write_text(json.dumps(metadata))
    document = with_metadata({"output": "Graded.", "extra_data": {"tier": "x"}}, tmp_path / "metadata.json")
    assert document["extra_data"]["late"] is late
    assert ("Handed in after the due date, 2026-07-31T23:00" in document["output"]) is late
    assert document["extra_data"]["tier"] == "x"


def test_without_metadata_nothing_is_known_of_the_student(tmp_path):
    document = with_metadata({"output": "", "extra_data": {}}, Path(tmp_path / "nowhere"))
    assert document["extra_data"] == {"students": [], "late": False}
