"""Hints: three steps, of which the first two give no answer away, and the commands that show them."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader import ROOT
from grader.commands import students
from grader.course import assignment as assignments
from grader.grading import hints
from grader.runtime.case import Outcome, Verdict
from tests.authoring.test_stubs import answers

CASE = assignments.load().by_id["4.add_noise"]
LONG = 12  # characters of an answer's line, without blanks, that do not stand in a hint by chance


def shown(*arguments):
    """Exit code and output of the students' command line."""
    done = CliRunner().invoke(students.app, [str(argument) for argument in arguments])
    return done.exit_code, done.output


# ----------------------------------------------------------------------------------------------------------- steps


def test_the_steps_are_where_to_look_which_term_and_what_is_known_of_a_run():
    look, term, diagnosis = hints.steps(CASE, None)
    assert look == CASE.look
    assert term == f"{CASE.equation}\n{CASE.term}"
    assert diagnosis.startswith("Run the case first")


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict(CASE, Outcome.PASSED, 1.0), "The case passes: there is nothing to repair."),
        (Verdict(CASE, Outcome.FAILED, 0.0, "a: 1\nb: 2"), "a: 1\nNo known mistake has exactly this result."),
        (Verdict(CASE, Outcome.FAILED, 0.0, "a: 1", "4.x", "It is x."), "A known mistake: It is x."),
        (Verdict(CASE, Outcome.ERROR, 0.0, "E: no\n  at m.py", "4.x", "It is x."), "A known mistake: It is x."),
        (Verdict(CASE, Outcome.ERROR, 0.0, "E: no\n  at m.py, line 1"), "E: no\n  at m.py, line 1"),
        (Verdict(CASE, Outcome.NOT_IMPLEMENTED, 0.0, "TODO(4.x)\n  at m.py"), "TODO(4.x)\n  at m.py"),
    ],
)
def test_the_third_step_tells_the_known_mistake_or_what_differs(verdict, told):
    assert hints.steps(CASE, verdict)[2] == told


def test_no_hint_before_the_diagnosis_holds_a_line_of_an_answer(assignment):
    def squeezed(text):
        return re.sub(r"\s", "", text)

    lines = {line for path in assignment.solution.glob("*.py") for line in answers(path.read_text())}
    # What is behind `return` or `=` would be given away as well.
    secret = {
        part for line in map(squeezed, lines) for part in (line, line.removeprefix("return"), line.partition("=")[2])
    }
    secret = {part for part in secret if len(part) > LONG}
    assert len(secret) > 300
    told = {case.id: squeezed(case.look + case.term) for case in assignment.cases}
    assert {(id, part) for id, text in told.items() for part in secret if part in text} == set()


def test_every_hint_fits_a_glance_and_ends_as_a_sentence(assignment):
    for case in assignment.cases:
        for text in (case.look, case.term):
            assert 40 < len(text) < 240, (case.id, text)
            assert text[-1] in ".?", (case.id, text)


# ------------------------------------------------------------------------------------------------------- command


def test_a_step_is_shown_with_those_before_it_and_the_command_for_the_next():
    code, first = shown("hint", CASE.id)
    assert (code, first.splitlines()) == (0, [f"1. Look at: {CASE.look}", f"More: {hints.command(CASE.id)} --step 2"])
    code, second = shown("hint", CASE.id, "--step", 2)
    assert first.splitlines()[0] in second
    assert f"2. Equation: {CASE.equation}\n   {CASE.term}\n" in second
    assert second.endswith(f"More: {hints.command(CASE.id)} --step 3\n")


def test_the_third_step_grades_the_case(make_submission, solution_text):
    right, wrong = "(1 - alpha_bar).sqrt() * noise", "(1 - alpha_bar) * noise"
    folder = make_submission(models=solution_text("models").replace(right, wrong))
    code, told = shown("hint", CASE.id, "--step", 3, "--submission", folder)
    assert code == 0
    assert (
        "\n3. Diagnosis: A known mistake: Your code multiplies the noise by 1 - alpha_bar_t. "
        "The factor should be its square root, sqrt(1 - alpha_bar_t).\n" in told
    )
    assert "More:" not in told


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("add_noise", "Did you mean 2.add_noise, 4.add_noise?"),
        ("4.addnoise", "Did you mean 4.add_noise"),
        ("4.vae_k", "Did you mean 4.vae_kl"),
        ("?", "`pytest grader/` lists all of them"),
    ],
)
def test_an_unknown_case_is_answered_with_those_of_similar_names(name, near):
    code, told = shown("hint", name)
    assert code == 2
    assert near in " ".join(re.sub("[│╭╮╰╯─]", " ", told).split())


def test_a_submission_that_is_not_there_is_told_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["grader", "hint", CASE.id, "--step", "3", "--submission", str(tmp_path / "no")])
    with pytest.raises(SystemExit, match="1"):
        students.main()
    assert capsys.readouterr().err.startswith("grader: there is no submission at")


def test_the_command_is_one_to_type_where_the_process_was_started(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "executable", str(ROOT / ".venv" / "bin" / "python"))
    assert hints.command("4.x") == f"{Path('.venv/bin/python')} -m grader hint 4.x"
    assert shlex.split(hints.command("4.x", Path("my work")))[-2:] == ["--submission", "my work"]
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    assert hints.command("4.x") == "/usr/bin/python3 -m grader hint 4.x"
