"""What benchmarks/without_guidance.py trains and what it leaves alone; a line of part4_accuracy's table."""

import subprocess
import sys

import pytest

from benchmarks import without_guidance
from benchmarks.part4_accuracy import HEADER, row
from benchmarks.without_guidance import train, write_unguided
from grader.runtime.case import Case, Outcome, Verdict

# The loss of a network that predicts 0 is that of the noise: sqrt(2 / pi) is L1's, 1 is L2's.
PROBE = """
import assignment, torch
for prepare in (assignment.prepare_ddpm, assignment.prepare_ddim, assignment.prepare_lddpm):
    model = prepare()
    assert (model.p_uncond, model.guidance_weight) == (0, 0), model
model = assignment.prepare_ddpm()
model.network.forward = lambda x, timestep, label: torch.zeros_like(x)
loss = model(torch.zeros(64, 1, 32, 32), torch.zeros(64, dtype=torch.int64)).item()
assert abs(loss - (2 / torch.pi) ** 0.5) < 0.02, loss
"""
# Stands in for the real one, whose training takes minutes.
MAIN = """
import sys
from pathlib import Path
print(*sys.argv[1:])
Path(sys.argv[-1]).write_text("trained")
sys.exit(0 if "--epochs" in sys.argv else 7)
"""


@pytest.fixture
def trainer(tmp_path):
    """A folder with a main.py that writes the checkpoint at once."""
    (tmp_path / "main.py").write_text(MAIN)
    return tmp_path


def test_no_label_is_dropped_and_no_guidance_asked_for(assignment, tmp_path):
    folder = write_unguided(assignment, tmp_path / "without_guidance")
    subprocess.run([sys.executable, "-c", PROBE], cwd=folder, check=True)


def test_a_model_is_trained_by_main_with_the_options(trainer, capfd):
    train(trainer, "ddpm", trainer / "DDPM.pt", ["--epochs", "3"])
    told = capfd.readouterr().out
    assert f"--epochs 3 --model ddpm --mode train --checkpoint {trainer / 'DDPM.pt'}" in told
    assert "ddpm: 0.0 minutes of training" in told


def test_what_is_complete_is_not_trained_again(trainer, capfd):
    (trainer / "DDPM.pt").write_text("complete")
    train(trainer, "ddpm", trainer / "DDPM.pt", ["--epochs", "3"])
    assert (trainer / "DDPM.pt").read_text() == "complete"
    assert "not trained again" in capfd.readouterr().out


def test_what_was_interrupted_goes_on(trainer):
    (trainer / "DDPM.pt").write_text("after the first epoch")
    (trainer / "DDPM.resume.pt").touch()
    train(trainer, "ddpm", trainer / "DDPM.pt", ["--epochs", "3"])
    assert (trainer / "DDPM.pt").read_text() == "trained"


def test_a_failed_training_ends_the_command(trainer):
    with pytest.raises(SystemExit) as ended:
        train(trainer, "ddpm", trainer / "DDPM.pt", [])
    assert ended.value.code == 7


def test_every_model_is_measured_with_the_weights_trained_for_it(assignment, tmp_path, monkeypatch, capsys):
    seen = []

    def measure(assignment, tier, model, folder, checkpoint, device):
        seen.append((model, checkpoint, device))
        return Verdict(Case(f"4.{model}", "", 1.0, None, ""), Outcome.FAILED, 0.0, "not asked")

    monkeypatch.setattr(without_guidance, "measure", measure)
    monkeypatch.setattr(without_guidance, "train", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["without_guidance.py", "--out", str(tmp_path)])
    without_guidance.main()
    ddpm, lddpm = tmp_path / "DDPM.pt", tmp_path / "LDDPM.pt"
    assert seen == [("ddpm", ddpm, "cpu"), ("ddim", ddpm, "cpu"), ("lddpm", lddpm, "cpu")]
    assert "ddim   without guidance  failed: not asked" in capsys.readouterr().out.lower()


def test_a_line_of_the_table_fits_its_header():
    figures = {"mean": 0.868, "interval": (0.85, 0.89), "accuracies": [0.85, 0.86, 0.87, 0.88, 0.89], "confirmed": 0.8}
    case = Case("4.ddpm_accuracy", "", 32.0, None, "")
    line = row("ddpm", "without guidance", Verdict(case, Outcome.PASSED, 32.0, "", seconds=100.0, figures=figures))
    assert line.startswith("ddpm   without guidance   86.8%   85.0% to  89.0%  0.850 0.860 0.870 0.880 0.890")
    assert len(line) == len(HEADER)
