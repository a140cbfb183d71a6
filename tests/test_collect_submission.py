"""`sh collect_submission.sh` as students run it."""

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
import torch
from assignment import prepare_ddpm

ROOT = Path(__file__).resolve().parents[1]


def collect(folder, target):
    return subprocess.run(
        ["sh", "collect_submission.sh", folder, target], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def with_checkpoint(folder, content):
    (folder / "checkpoints").mkdir()
    torch.save(content, folder / "checkpoints" / "DDPM.pt")
    return folder


def test_the_solution_is_collected_and_the_zip_is_deterministic(tmp_path):
    for name in ("a.zip", "b.zip"):
        done = collect("solution", tmp_path / name)
        assert done.returncode == 0, done.stderr
        assert "warning" not in done.stdout
        assert "ready to upload" in done.stdout
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "a.zip").namelist() == ["assignment.py", "checkpoints/DDPM.pt", "models.py"]


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
    assert "checkpoints/DDPM.pt is not there: 32 points of accuracy cannot be earned" in done.stdout


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


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({}, r"does not load into prepare_ddpm\(\): RuntimeError: Error\(s\) in loading state_dict"),
        (prepare_ddpm(), r"does not load into prepare_ddpm\(\):[\s\S]*Save a plain state dict"),
    ],
)
def test_a_checkpoint_that_does_not_load_is_refused(content, told, tmp_path, make_submission):
    refused(with_checkpoint(make_submission(), content), tmp_path / "a.zip", told)


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
