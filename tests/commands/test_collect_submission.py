"""`sh collect_submission.sh` as students run it."""

import re
import shutil
import subprocess
import zipfile
from dataclasses import asdict

import pytest
import torch
from assignment import prepare_ddpm
from DDPM import ConditionalDDPM
from utils import DMConfig

from grader import ROOT


def collect(folder, target):
    return subprocess.run(
        ["sh", "collect_submission.sh", folder, target], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def with_checkpoint(folder, content, name="DDPM.pt"):
    (folder / "checkpoints").mkdir()
    torch.save(content, folder / "checkpoints" / name)
    return folder


def test_the_solution_is_collected_and_the_zip_is_deterministic(tmp_path, assignment):
    names = {allowed.name for allowed in assignment.allowlist}
    there = {name for name in names if (assignment.solution / name).is_file()}
    for name in ("a.zip", "b.zip"):
        done = collect("solution", tmp_path / name)
        assert done.returncode == 0, done.stderr
        assert set(re.findall(r"warning: (\S+) is not there", done.stdout)) == names - there
        assert done.stdout.count("warning") == len(names - there)
        assert "ready to upload" in done.stdout
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "a.zip").namelist() == sorted(there)


def test_a_collected_zip_can_be_graded(tmp_path, make_submission, verdicts_of):
    collect(make_submission(), tmp_path / "a.zip")
    assert verdicts_of(tmp_path / "a.zip", "4.schedule")["4.schedule"].points == 0.5


def test_unfinished_work_is_collected_with_warnings(tmp_path):
    done = collect("student", tmp_path / "a.zip")
    assert done.returncode == 0, done.stderr
    assert "warning: models.py: TODO(4.schedule) is not done" in done.stdout
    assert "warning: assignment.py: TODO(4.prepare_ddpm) is not done" in done.stdout
    assert (tmp_path / "a.zip").exists()


def test_a_missing_checkpoint_is_a_warning(tmp_path, make_submission):
    done = collect(make_submission(), tmp_path / "a.zip")
    assert done.returncode == 0
    assert "checkpoints/DDPM.pt is not there: you cannot earn its 32 points of accuracy" in done.stdout
    assert done.stdout.count("checkpoints/CGAN.pt is not there: you cannot earn its 20 points of accuracy") == 1


def refused(folder, target, told):
    done = collect(folder, target)
    assert done.returncode == 1
    assert re.search(told, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert not target.exists()


def test_a_missing_file_is_refused(tmp_path, make_submission):
    refused(make_submission(models=None), tmp_path / "a.zip", r"not collected: missing in .*: models\.py")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    refused(tmp_path / "nowhere", tmp_path / "a.zip", "there is no submission at")


DEFAULT = {"model_state_dict": {}, "dmconfig": asdict(DMConfig())}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("DDPM.pt", {}, r"does not load into the model of part 4: RuntimeError: Error\(s\) in loading state_dict"),
        ("DDPM.pt", prepare_ddpm(), r"does not load into the model of part 4:[\s\S]*Save a plain state dict"),
        ("CIFAR10_ema.pth", {}, r"does not load into the model of part 2: RuntimeError: Error\(s\) in loading"),
        ("MNIST.pth", {}, r"does not load into the model of part 3: CheckpointError:.*best_checkpoint\.pth"),
        ("MNIST.pth", DEFAULT, r"does not load into the model of part 3: RuntimeError: Error\(s\) in loading"),
        ("MNIST_own.pth", DEFAULT, r"MNIST_own\.pth does not load .* dmconfig is the default: train with another"),
    ],
)
def test_a_checkpoint_that_does_not_load_is_refused(name, content, told, tmp_path, make_submission):
    refused(with_checkpoint(make_submission(), content, name), tmp_path / "a.zip", told)


def test_a_checkpoint_of_solver_is_collected(tmp_path, make_submission):
    config = DMConfig(num_feat=16)
    content = {"model_state_dict": ConditionalDDPM(config).half().state_dict(), "dmconfig": asdict(config), "epoch": 3}
    done = collect(with_checkpoint(make_submission(), content, "MNIST_own.pth"), tmp_path / "a.zip")
    assert done.returncode == 0, done.stderr
    assert "checkpoints/MNIST_own.pth" in zipfile.ZipFile(tmp_path / "a.zip").namelist()


def test_a_file_beyond_its_limit_is_refused(tmp_path, make_submission):
    folder = make_submission(models="#" * 1_000_001)
    refused(folder, tmp_path / "a.zip", r"models\.py is larger than the 1000000 bytes allowed")


def test_a_linked_file_is_refused(tmp_path, make_submission):
    folder = make_submission(models=None)
    (folder / "models.py").symlink_to(ROOT / "solution" / "models.py")
    refused(folder, tmp_path / "a.zip", "is a link")


@pytest.mark.skipif(not shutil.which("dash"), reason="dash is not installed")
def test_the_script_is_posix_sh():
    assert subprocess.run(["dash", "-n", ROOT / "collect_submission.sh"]).returncode == 0


def test_paths_are_those_of_the_caller(tmp_path, make_submission):
    folder = make_submission()
    done = subprocess.run(
        ["sh", ROOT / "collect_submission.sh", folder.name], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "submission.zip").exists()
