"""The doors that people use: `grader`, `pytest grader/`, and what they cost."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from grader import ROOT
from grader.authoring import secret as secrets
from grader.commands import staff as command_line
from grader.course import assignment as assignments
from grader.grading.run import ONLY_PUBLIC
from grader.parts.fashion_mnist.cases import inputs
from grader.runtime.rng import Streams, case_seed
from grader.sandbox import doctor

UNIT_POINTS, UNIT_BONUS, CASES = 113, 4.5, len(assignments.load().cases)
WRITTEN_POINTS, QUESTIONS = 44.5, [question.id for question in assignments.load().questions]


def run(*command, timeout=600, **options):
    return subprocess.run(
        [sys.executable, *map(str, command)], cwd=ROOT, capture_output=True, text=True, timeout=timeout, **options
    )


def grade(*arguments, **options):
    """At the strongest tier of this machine, whichever that is."""
    return run("-m", "grader", "grade", *arguments, "--no-accuracy", "--trust-submissions", **options)


def pytest_grader(*arguments):
    return run("-m", "pytest", "grader/", *arguments)


def test_the_untouched_stubs_are_all_not_implemented_without_a_traceback():
    done = pytest_grader()
    assert done.returncode == 1
    words = re.findall(r"test_case\[(\S+)\] (\w+) ([\d.]+)/\+?([\d.]+)", done.stdout)
    assert len(words) == CASES
    assert {word for _, word, *_ in words} == {"NOT_IMPLEMENTED"}
    assert sum(float(most) for *_, most in words) == UNIT_POINTS + UNIT_BONUS
    of = f"0 of {UNIT_POINTS} points, plus 0 of {UNIT_BONUS} bonus"
    assert f"{of}, for {ROOT / 'student'} (TAs mark the written questions)" in done.stdout
    assert "next: TODO(1.sample_noise)" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_the_solution_earns_full_points():
    done = pytest_grader("--submission", "solution")
    assert done.returncode == 0, done.stdout
    assert f"{UNIT_POINTS} of {UNIT_POINTS} points, plus {UNIT_BONUS} of {UNIT_BONUS} bonus" in done.stdout
    assert f"{CASES} passed" in done.stdout


def test_cases_are_chosen_by_keyword_and_by_part():
    done = pytest_grader("--submission", "solution", "-k", "add_noise")
    assert f"2 passed, {CASES - 2} deselected" in done.stdout
    assert "there is no part 7; the parts are: 1, 2, 3, 4, 5, 6" in pytest_grader("--part", "7").stderr


def test_a_failure_names_the_difference_the_mistake_and_the_equation(make_submission, solution_text):
    wrong = solution_text("models").replace("(1 - alpha_bar).sqrt() * noise", "(1 - alpha_bar.sqrt()).sqrt() * noise")
    done = pytest_grader("--submission", make_submission(models=wrong), "-k", "4.add_noise")
    assert done.returncode == 1
    assert re.search(r"factors of x_0 and eps.*5 of 10 values differ; the worst at \[\d, 1\]: expected", done.stdout)
    assert (
        "Diagnosis: Your code multiplies the noise by sqrt(1 - sqrt(alpha_bar_t)). The factor should be "
        "sqrt(1 - alpha_bar_t)." in done.stdout
    )
    assert "Equation: x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps (DDPM eq. 4)" in done.stdout
    assert re.search(r"Hints: .*python.* -m grader hint 4.add_noise --submission ", done.stdout)
    assert "Traceback" not in done.stdout


def test_in_process_gives_the_same_points():
    done = pytest_grader("--submission", "solution", "--in-process")
    assert f"{UNIT_POINTS} of {UNIT_POINTS} points, plus {UNIT_BONUS} of {UNIT_BONUS} bonus" in done.stdout


@pytest.mark.parametrize("command", ["pytest", "grade"])
def test_a_submission_that_cannot_be_graded_gets_one_line(command, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADER_SECRET", str(tmp_path / "secret"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "not.zip").write_text("not a zip")
    for path, told in [
        (tmp_path / "nowhere", "there is no submission at"),
        (tmp_path / "empty", "holds none of the files to hand in"),
        (tmp_path / "not.zip", "is not a zip that can be read"),
    ]:
        done = pytest_grader("--submission", path) if command == "pytest" else grade(path)
        assert done.returncode not in (0, 2)
        assert told in " ".join((done.stdout + done.stderr).split())
        assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "secret").exists()  # the hidden goldens, which take half a minute, were not made for it


def test_grade_prints_one_json_document(tmp_path):
    with zipfile.ZipFile(tmp_path / "alice.zip", "w") as archive:
        for name in [a.name for a in assignments.load().allowlist if a.required]:
            archive.write(ROOT / "solution" / name, f"work/{name}")
    done = grade(tmp_path / "alice.zip", "--json", "--gradescope", tmp_path / "results.json")
    document = json.loads(done.stdout)
    assert (document["submission"], document["tier"]) == ("alice", doctor.strongest().tier)
    assert document["seeds"] == ["public", "secret"]
    assert (document["points"], document["max"]) == (UNIT_POINTS + UNIT_BONUS, UNIT_POINTS + WRITTEN_POINTS)
    assert document["bonus"] == sum(case["max"] for case in document["cases"] if case["bonus"])
    assert document["not_marked"] == WRITTEN_POINTS
    assert [case["id"] for case in document["cases"] if case["points"] is None] == QUESTIONS
    keys = {"id", "part", "points", "max", "outcome", "diagnosis", "message", "seconds"}
    assert all(keys <= case.keys() for case in document["cases"])
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["score"] == UNIT_POINTS + UNIT_BONUS
    assert results["extra_data"] == {
        "tier": doctor.strongest().tier,
        "seeds": ["public", "secret"],
        "outside_todos": [],
    }
    secret = Path(os.environ["GRADER_SECRET"]).read_text().strip()
    for report in (done.stdout + done.stderr, json.dumps(results)):
        assert secret not in report
        assert str(int(secret, 16)) not in report
    assert {test["status"] for test in results["tests"] if "status" in test} == {"passed"}
    assert [test["number"] for test in results["tests"] if "score" not in test] == QUESTIONS
    assert f"{WRITTEN_POINTS} points of written questions are not marked yet" in results["output"]


@pytest.fixture
def tied(make_submission, solution_text):
    """A submission whose U-Net is right for the public inputs of its case only."""
    rng = Streams(case_seed(assignments.load().policy.public_seed, "4.ddpm_loss"))
    first = float(rng.uniform("x_0", *inputs.LOSS_SHAPE, low=0.5).flat[0])
    old = "        # BEGIN ANSWER(4.ddpm_loss)"
    wrong = f"        if abs(float(x.flatten()[0]) - {first}) > 1e-6:\n            raise ValueError(x)\n"
    assert solution_text("models").count(old) == 1
    return make_submission(models=solution_text("models").replace(old, wrong + old))


def test_an_answer_for_the_public_inputs_alone_passes_without_the_secret_seed_only(tied):
    outcomes = {}
    for options in ((), ("--public-only",)):
        document = json.loads(grade(tied, "--json", *options).stdout)
        (case,) = [case for case in document["cases"] if case["id"] == "4.ddpm_loss"]
        outcomes[tuple(document["seeds"])] = case["outcome"]
        if not options:
            assert case["message"] == ONLY_PUBLIC
            assert "tensor" not in json.dumps(case)
    assert outcomes == {("public", "secret"): "ERROR", ("public",): "PASSED"}


def test_a_secret_that_cannot_be_used_stops_grading_with_a_remedy(tmp_path):
    (tmp_path / "secret").write_text("12345")
    (tmp_path / "secret").chmod(0o600)
    done = grade("solution", env=os.environ | {"GRADER_SECRET": str(tmp_path / "secret")})
    assert done.returncode == 1
    assert re.search(r"^grader: .* does not hold 32 hexadecimal digits: rm ", done.stderr)
    assert "12345" not in done.stderr


def test_students_who_have_no_solution_are_graded_with_the_public_inputs_and_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(secrets, "ROOT", tmp_path)
    console = Console(file=io.StringIO(), width=200)
    assert secrets.load_here(console) is None
    assert "grading with the public inputs only" in console.file.getvalue()


def test_grade_shows_a_report_card(make_submission):
    done = grade(make_submission(assignment="raise ValueError('[red]boo')\n"))
    assert done.returncode == 0
    assert re.search(rf"total +│ +[\d.]+/{UNIT_POINTS + WRITTEN_POINTS:g} ", done.stdout), done.stdout
    assert f" of {UNIT_BONUS + 1.5:g} bonus (marked +)" in done.stdout
    assert f"{WRITTEN_POINTS} NOT_MARKED" in done.stdout
    assert "ValueError: [red]boo" in done.stdout  # shown as it is, not taken for markup


@pytest.fixture
def marks(tmp_path):
    """marks(row, ...) is a file that `grader marks` made for two submissions, with these rows filled in.

    A row is (submission, question, mark, comment).
    """

    def fill(*rows):
        submissions = [tmp_path / "solution", tmp_path / "bob.zip"]
        submissions[0].symlink_to(ROOT / "solution")
        submissions[1].write_bytes(b"")
        path = tmp_path / "marks.csv"
        done = run("-m", "grader", "marks", *submissions, "--output", path)
        assert done.returncode == 0, done.stderr
        assert "grader grade PATH --marks" in done.stdout
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
        assert len(lines) == 1 + 2 * len(QUESTIONS)
        for name, question, *given in rows:
            (line,) = [line for line in lines if line[:2] == [name, question]]
            line[-2:] = given
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows(lines)
        return path

    return fill


def test_marks_of_a_csv_are_part_of_the_grade_and_their_comments_of_the_report(marks, tmp_path):
    path = marks(("solution", "1.final_image", "1,5", "no cause; see the rubric"), ("bob", "1.mode_collapse", "2", ""))
    gradescope = ("--gradescope", tmp_path / "results.json")
    done = grade("solution", "--part", 1, "--marks", path, "--json", "--public-only", *gradescope)
    document = json.loads(done.stdout)
    assert (document["points"], document["max"], document["not_marked"]) == (6, 8.5, 2)
    assert [(c["points"], c["outcome"], c["message"]) for c in document["cases"][-2:]] == [
        (1.5, "MARKED", "no cause; see the rubric"),
        (None, "NOT_MARKED", "a TA has not marked this yet"),
    ]
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["score"] == 6
    assert results["tests"][-2]["output"] == "MARKED\nno cause; see the rubric"
    card = grade("solution", "--part", 1, "--marks", path, "--public-only").stdout
    assert re.search(r"total\W+6/8\.5\W.*2 NOT_MARKED", card)
    assert "no cause; see the rubric" in card


def test_a_submission_that_the_marks_do_not_know_is_graded_and_told_of(marks):
    done = grade(
        "student", "--part", 1, "--marks", marks(("bob", "1.mode_collapse", "2", "")), "--json", "--public-only"
    )
    assert "there is no mark for student" in done.stderr
    assert json.loads(done.stdout)["not_marked"] == 4


def test_marks_that_cannot_be_used_stop_grading_before_it_begins(marks):
    path = marks(("solution", "1.final_image", "3", ""), ("solution", "2.simple_loss", "much", ""))
    done = grade("solution", "--part", 1, "--marks", path, "--public-only")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "grader: marks.csv, line 2: the mark 3 is above the 2 points of 1.final_image: lower it",
        "marks.csv, line 5: the mark 'much' is not a number: write it like 1.5 "
        "(a spreadsheet may have turned it into a date)",
    ]


def test_a_file_of_marks_is_not_written_twice(marks, tmp_path):
    before = marks().read_bytes()
    done = run("-m", "grader", "marks", "solution", "--output", tmp_path / "marks.csv")
    assert done.returncode == 1
    assert re.search(r"^grader: .*marks\.csv exists already and may hold marks", done.stderr)
    assert (tmp_path / "marks.csv").read_bytes() == before


IMPORTS = (
    "import sys; {}; print(sorted({{'torch', 'torchvision', 'torchmetrics'}} & set(sys.modules)), file=sys.stderr)"
)
# `grader watch`, at which q is pressed when the first case runs.
QUITTING = (
    "from grader.commands.students import app; from grader.watch.session import Session; "
    "from typer.testing import CliRunner; "
    "run = Session.run; Session.run = lambda session: (session.pressed('q'), run(session)); "
    "assert CliRunner().invoke(app, ['watch', '--submission', 'solution']).output.startswith('watching solution: ')"
)


@pytest.mark.parametrize(
    "statement",
    [
        "import grader.grading.judge",
        "from typer.testing import CliRunner as C; from grader.commands.staff import app; C().invoke(app, ['--help'])",
        "import grader.accuracy.grade, grader.commands.compare, grader.commands.collect, grader.report.results",
        "import grader.commands.batch, grader.batch.local, grader.batch.records, grader.batch.task, submitit",
        "import pytest; print(pytest.main(['grader/', '--submission', 'solution']))",
        QUITTING,
    ],
    ids=["judge", "help", "accuracy", "batch", "pytest", "watch"],
)
def test_the_parent_never_imports_torch(statement):
    done = run("-c", IMPORTS.format(statement))
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip().endswith("[]")


def test_a_machine_without_the_sandbox_grades_only_on_request(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "_sandbox", lambda: doctor.Finding("sandbox", ("no namespaces",), ()))
    monkeypatch.setattr(sys, "argv", ["grader", "grade", "solution", "--no-accuracy"])
    with pytest.raises(SystemExit) as stopped:
        command_line.main()
    assert stopped.value.code == 2
    assert "grader failed: this machine has no tier `sandbox`" in capsys.readouterr().err


def test_a_grade_records_the_strongest_tier_of_this_machine():
    assert json.loads(grade("solution", "--json").stdout)["tier"] == doctor.strongest().tier


def test_the_policy_is_checked_before_anything_runs(monkeypatch, capsys):
    from grader.course.toml import PolicyError

    def broken(**options):
        raise PolicyError("assignment.toml, line 7: limits.seconds = -1")

    monkeypatch.setattr(command_line.assignments, "load", broken)
    monkeypatch.setattr(sys, "argv", ["grader", "grade", "solution"])
    with pytest.raises(SystemExit) as stopped:
        command_line.main()
    assert stopped.value.code == 1
    assert capsys.readouterr().err == "grader: assignment.toml, line 7: limits.seconds = -1\n"


@pytest.mark.parametrize("command", ["check", "update"])
def test_staff_commands_hold_on_the_repository(command):
    options = ["--check"] if command == "update" else ["--json", "--other-seeds", "1"]  # `make check` tries three
    done = run("-m", "grader", command, *options, timeout=2400)
    assert done.returncode == 0, done.stdout + done.stderr
    if command == "check":
        document = json.loads(done.stdout)
        assert document["failures"] == []
        assert sum(part["cases"] for part in document["parts"].values()) == CASES
        for part in document["parts"].values():
            assert part["mistakes"] >= 12
            assert part["variants"] >= 5
            assert part["oracles"] >= part["cases"]
