"""`grader compare`: checkpoints side by side."""

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console

from grader import ROOT
from grader.accuracy.grade import accuracies_of
from grader.commands import compare
from grader.commands.compare import compared, table
from grader.runtime.case import Outcome, Verdict

MODEL = """
import torch
from torch import nn

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.strength = nn.Parameter(torch.zeros(1))
    def generate_sample(self, num_samples, device=None, labels=None):
        rows = (torch.arange(32) < 3 * labels[:, None]).float()[:, None, :, None].expand(-1, 1, 32, 32)
        return (rows + self.strength * torch.rand(num_samples, 1, 32, 32)).detach()

def prepare_ddpm():
    return Model()
"""


@pytest.fixture
def submission(make_submission):
    return make_submission(assignment=MODEL)


@pytest.fixture
def save(tmp_path):
    """save(name, weights) is a checkpoint, which lies outside of the submission."""

    def save(name, **weights):
        torch.save({key: torch.tensor([value]) for key, value in weights.items()}, tmp_path / name)
        return tmp_path / name

    return save


@pytest.fixture
def accuracy(assignment):
    accuracy = next(accuracy for accuracy in accuracies_of(assignment.policy) if accuracy.name == "ddpm")
    return replace(
        accuracy, policy=accuracy.policy.model_copy(update={"samples_per_round": 20, "rounds": 2, "seconds": 60.0})
    )


def test_each_checkpoint_is_sampled_with_the_same_labels_and_seeds(assignment, tier, submission, save, accuracy):
    paths = [save("a.pt", strength=0.1), save("b.pt", strength=9.0), save("again.pt", strength=0.1)]
    first, second, third = (dict(v.figures) for v in compared(assignment, tier, submission, accuracy, paths))
    assert first == third
    assert first["samples"] == 40  # of both rounds, whatever the first one earned
    assert second["distance"] != pytest.approx(first["distance"], rel=0.05)
    assert not (submission / "checkpoints").exists()


def test_a_checkpoint_that_does_not_fit_does_not_stop_the_others(assignment, tier, submission, save, accuracy):
    paths = [save("other.pt", another=1.0), save("a.pt", strength=0.1)]
    wrong, right = compared(assignment, tier, submission, accuracy, paths)
    assert wrong.outcome is Outcome.ERROR
    assert not wrong.figures
    assert "your code must build the one that was trained" in wrong.message
    assert right.figures["samples"] == 40


def grader_compare(*arguments):
    command = [sys.executable, "-m", "grader", "compare", *map(str, arguments), "--trust-submissions"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_the_command_prints_figures_and_problems(submission, save):
    paths = save("a.pt", strength=0.1), save("other.pt", another=1.0)
    done = grader_compare("ddpm", *paths, "--submission", submission, "--samples", 21, "--json")
    assert done.returncode == 1, done.stderr
    good, bad = json.loads(done.stdout)
    assert good["checkpoint"] == str(paths[0])
    assert good["figures"]["samples"] == 21
    assert {"mean", "interval", "distance", "real_distance", "diversity"} <= good["figures"].keys()
    assert (bad["checkpoint"], bad["outcome"], bad["figures"]) == (str(paths[1]), "ERROR", {})
    assert "your code must build the one that was trained" in bad["message"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("dppm", "solution/checkpoints/DDPM.pt"), r"there is no accuracy 'dppm'\. Did you mean .*ddpm"),
        (
            ("ddpm", "solution/checkpoints/DDPM.pt", "nowhere.pt", "no.pt"),
            r"there is no checkpoint nowhere\.pt, no\.pt",
        ),
        (("ddpm", "solution/checkpoints/DDPM.pt", "--submission", "nowhere"), "there is no submission at nowhere"),
    ],
)
def test_what_cannot_be_compared_gets_one_line(arguments, told, monkeypatch, capsys):
    from grader import __main__ as command_line

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["grader", "compare", *arguments, "--trust-submissions"])
    with pytest.raises(SystemExit) as stopped:
        command_line.main()
    assert stopped.value.code == 1
    assert re.fullmatch(f"grader: {told}.*\n", capsys.readouterr().err)


@pytest.mark.parametrize(("samples", "rounds", "size"), [(None, 5, 200), (40, 1, 40), (200, 1, 200), (500, 3, 167)])
def test_samples_are_played_in_equal_rounds_no_larger_than_the_policys(samples, rounds, size, assignment):
    (accuracy,) = [accuracy for accuracy in accuracies_of(assignment.policy) if accuracy.name == "ddpm"]
    sized = compare._sized(accuracy, samples).policy
    assert (sized.rounds, sized.samples_per_round) == (rounds, size)


FIGURES = {"mean": 0.9, "interval": (0.85, 0.94), "samples": 200}
QUALITY = {"distance": 1.234, "real_distance": 0.5, "diversity": 0.66}


def shown(accuracy, **figures):
    """The table of these checkpoints in a terminal of 80 columns; None is one that does not fit."""
    verdicts = [
        Verdict(accuracy.case, Outcome.PASSED, 32.0, figures=f)
        if f
        else Verdict(accuracy.case, Outcome.ERROR, 0.0, "no [b]it")
        for f in figures.values()
    ]
    console = Console(file=io.StringIO(), width=80)
    console.print(table(accuracy, [Path(f"weights/[red]/{name}.pt") for name in figures], verdicts))
    told = console.file.getvalue()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in told.splitlines() if "│" in line]
    return rows, " ".join(told.split())


def test_the_table_has_a_row_for_each_checkpoint_and_the_reason_of_an_empty_one(accuracy):
    rows, told = shown(accuracy, first=FIGURES | QUALITY, other=None)
    assert rows == [
        ["weights/[red]/first.pt", "0.900", "0.850 to 0.940", "1.23", "66%"],
        ["weights/[red]/other.pt", "ERROR", "", "", ""],
    ]
    assert "200 samples each" in told
    assert "the same number of real images gets 0.50" in told
    assert "other.pt: ERROR: no [b]it" in told


@pytest.mark.parametrize(
    ("quality", "columns", "explained"),
    [({}, ["", ""], False), (QUALITY | {"real_distance": None, "diversity": None}, ["1.23", ""], True)],
)
def test_what_is_not_known_is_left_out_of_the_table(quality, columns, explained, accuracy):
    ((*_, distance, diversity),), told = shown(accuracy, first=FIGURES | quality)
    assert [distance, diversity] == columns
    assert ("Frechet" in told) is explained
    assert "number of real images" not in told
