"""The given files that students train with: datasets.py, trainers.py, main.py, train_cifar10.py, train_mnist.py."""

import argparse
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import trainers
from classifier import ClassifierError
from datasets import SYNTHETIC_CLASSES, DatasetError, load, synthetic_digits
from evaluator import EvaluatorError
from iclevr_scenes import IclevrError
from PIL import Image
from torch import nn
from torch.utils.data import TensorDataset
from trainers import TrainConfig, TrainingError, load_weights, save_weights, train

from grader import ROOT

CONFIG = TrainConfig(epochs=2, batch_size=8, learning_rate=0.01, ema_decay=0.9, seed=3)


class Denoiser(nn.Module):
    """The smallest model with a random loss."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, images, labels):
        noise = torch.randn_like(images)
        return (self.conv(images + noise) - noise).square().mean()


@pytest.fixture
def data():
    generator = torch.Generator().manual_seed(1)
    return TensorDataset(torch.rand(48, 1, 8, 8, generator=generator), torch.arange(48) % 10)


def test_a_compiled_training_gives_weights_under_their_own_names(tmp_path, data, monkeypatch):
    compiled, plain = [], nn.Module.compile

    def without_a_compiler(model, mode):
        compiled.append(mode)
        plain(model, backend="eager")

    monkeypatch.setattr(nn.Module, "compile", without_a_compiler)
    train(Denoiser(), data, tmp_path / "plain.pt", CONFIG, "cpu")
    train(Denoiser(), data, tmp_path / "compiled.pt", CONFIG, "cpu", compiled=True)
    assert compiled == ["reduce-overhead"]
    weights = [torch.load(tmp_path / name, weights_only=True) for name in ("plain.pt", "compiled.pt")]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


@pytest.mark.parametrize("cut", [8, 14], ids=["in the second epoch", "after the last step"])
def test_an_interrupted_training_ends_with_the_same_weights(cut, tmp_path, data, monkeypatch):
    train(Denoiser(), data, tmp_path / "whole.pt", CONFIG, "cpu")
    steps = []

    def power_cut(path, *arguments, store=trainers.store):
        store(path, *arguments)
        steps.append(path)
        if len(steps) == cut:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(trainers, "store", power_cut)
        with pytest.raises(KeyboardInterrupt):
            train(Denoiser(), data, tmp_path / "parts.pt", CONFIG, "cpu", save_every=1)
    train(Denoiser(), data, tmp_path / "parts.pt", CONFIG, "cpu", save_every=1)
    whole, parts = (torch.load(tmp_path / name, weights_only=True) for name in ("whole.pt", "parts.pt"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert not (tmp_path / "parts.resume.pt").exists()


def test_training_lowers_the_loss_and_saves_float16(tmp_path, data):
    losses = train(Denoiser(), data, tmp_path / "a.pt", TrainConfig(epochs=15, batch_size=8, learning_rate=0.05), "cpu")
    assert losses[-1] < 0.8 * losses[0]
    assert {w.dtype for w in torch.load(tmp_path / "a.pt", weights_only=True).values()} == {torch.float16}


def test_a_state_of_another_configuration_is_refused_and_fresh_ignores_it(tmp_path, data):
    path = tmp_path / "a.pt"
    torch.save({"config": {"epochs": 99}}, tmp_path / "a.resume.pt")
    with pytest.raises(TrainingError, match=r"was made with .*99.*start with --fresh"):
        train(Denoiser(), data, path, CONFIG, "cpu")
    train(Denoiser(), data, path, CONFIG, "cpu", resume=False)
    assert path.exists()


def test_the_average_of_a_short_training_is_not_one_of_its_beginnings():
    model = nn.Linear(1, 1, bias=False)
    average = trainers.AveragedModel(model, multi_avg_fn=trainers.averaging(0.999), use_buffers=True)
    for step in range(50):
        model.weight.data.fill_(step)
        average.update_parameters(model)
    assert 40 < average.module.weight.item() < 49  # with a decay of 0.999 throughout it would be 1.2
    for _ in range(100_000, 100_010):
        average.n_averaged.fill_(100_000)
        model.weight.data.copy_(average.module.weight + 1)
        before = average.module.weight.item()
        average.update_parameters(model)
        assert average.module.weight.item() - before == pytest.approx(1e-3, rel=1e-2)


def test_a_loss_that_is_not_finite_is_reported(tmp_path, data):
    data.tensors[0][0, 0, 0, 0] = float("nan")
    with pytest.raises(TrainingError, match="the loss is NaN: lower the learning rate"):
        train(Denoiser(), data, tmp_path / "a.pt", CONFIG, "cpu")


def test_fewer_images_than_a_batch_are_one_batch(tmp_path, data):
    few = TensorDataset(*(tensor[:3] for tensor in data.tensors))
    assert len(train(Denoiser(), few, tmp_path / "a.pt", CONFIG, "cpu")) == 2


def test_weights_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(TrainingError, match=r"there is no checkpoint .*a\.pt: train first"):
        load_weights(Denoiser(), tmp_path / "a.pt")
    save_weights(nn.Linear(2, 2), tmp_path / "a.pt")
    with pytest.raises(TrainingError, match="does not fit the model"):
        load_weights(Denoiser(), tmp_path / "a.pt")


def test_synthetic_digits_are_deterministic_varied_and_balanced():
    images, labels = synthetic_digits(300, seed=5)
    again, _ = synthetic_digits(300, seed=5)
    other, _ = synthetic_digits(300, seed=6)
    assert images.shape == (300, 1, 32, 32)
    assert images.dtype == torch.uint8
    assert torch.equal(images, again)
    assert not torch.equal(images, other)
    assert set(labels.tolist()) == set(range(len(SYNTHETIC_CLASSES)))
    assert len(images.unique(dim=0)) == 300
    assert (images.flatten(1).double().std(dim=1) > 10).all()  # each shows something


def test_synthetic_digits_come_in_colour():
    images, _ = synthetic_digits(20, channels=3)
    assert images.shape == (20, 3, 32, 32)
    assert (images[:, 0] != images[:, 1]).any()


def test_a_simple_classifier_tells_synthetic_digits_apart():
    # The label belongs to the picture: the nearest of 4,000 other digits mostly has the same one.
    images, labels = synthetic_digits(4200, seed=0)
    images = images.flatten(1).float()
    images = (images - images.mean(dim=1, keepdim=True)) / images.std(dim=1, keepdim=True)
    similarity = (images[4000:] @ images[:4000].T).abs()  # abs: some digits are dark on light
    right = (labels[:4000][similarity.argmax(dim=1)] == labels[4000:]).double().mean()
    assert right > 0.7


def test_a_folder_of_images_is_a_dataset(tmp_path):
    for name, value in (("cats", 0), ("dogs", 255)):
        (tmp_path / name).mkdir()
        Image.fromarray(np.full((40, 50, 3), value, np.uint8)).save(tmp_path / name / "a.png")
    images, labels = load(str(tmp_path)).tensors
    assert images.shape == (2, 1, 32, 32)
    assert labels.tolist() == [0, 1]
    assert images.unique().tolist() == [-1.0, 1.0]
    assert load(str(tmp_path), channels=3).tensors[0].shape == (2, 3, 32, 32)


def test_a_folder_without_classes_and_an_unknown_name_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="needs one subfolder of images for each class"):
        load(str(tmp_path))
    with pytest.raises(DatasetError, match="no dataset 'fashion': use fashion_mnist, mnist, svhn, cifar10, synthetic"):
        load("fashion")


def test_data_that_cannot_be_downloaded_is_an_error_not_a_stand_in(tmp_path, monkeypatch):
    monkeypatch.setenv("GENMODELS_DATA", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(DatasetError, match=r"could not be downloaded.*or try the code with --data synthetic"):
        load("fashion_mnist")


REAL = Path(os.environ.get("GENMODELS_DATA", ROOT / ".." / "shared" / "data"))


@pytest.mark.parametrize("name", ["FashionMNIST", "MNIST"])
def test_fashion_mnist_and_mnist_are_padded_and_complete(name, monkeypatch):
    if not (REAL / name).is_dir():
        pytest.skip(f"{name} is not at GENMODELS_DATA")
    monkeypatch.setenv("GENMODELS_DATA", str(REAL))
    images, labels = load({"FashionMNIST": "fashion_mnist", "MNIST": "mnist"}[name], train=False).tensors
    assert images.shape == (10_000, 1, 32, 32)
    assert (images[:, :, :2] == -1).all()
    assert (images.amin(), images.amax()) == (-1, 1)
    assert labels.bincount().min() >= 892  # of MNIST's fives


def main_py(folder, tmp_path, *arguments, model="ddpm"):
    return subprocess.run(
        [sys.executable, ROOT / folder / "main.py", "--model", model, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_main_trains_and_generates_from_the_solution(tmp_path):
    options = ("--data", "synthetic", "--device", "cpu")
    done = main_py("solution", tmp_path, "--mode", "train", *options, "--epochs", "1", "--limit", "64")
    assert done.returncode == 0, done.stderr
    assert "checkpoints/DDPM.pt: loss" in done.stdout
    done = main_py("solution", tmp_path, "--mode", "generate", *options, "--num-samples", "20")
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "outputs" / "ddpm.png").size == (640, 128)
    assert "no accuracy: the classifier only knows FashionMNIST" in done.stdout


def test_a_profile_trains_generates_and_grades_beside_the_real_checkpoints(tmp_path):
    options = ("--profile", "tiny", "--data", "synthetic", "--device", "cpu", "--limit", "128")
    done = main_py("solution", tmp_path, *options, model="vae")
    assert done.returncode == 0, done.stderr
    assert "outputs/tiny/VAE.pt: loss" in done.stdout
    assert Image.open(tmp_path / "outputs" / "vae.png").size == (640, 320)
    assert re.search(r"0 of 24 points, for .*outputs/submission", done.stdout), done.stdout
    assert "accuracy of each round" in done.stdout
    assert not (tmp_path / "checkpoints").exists()


def test_a_ddim_generates_with_the_weights_of_a_ddpm(tmp_path):
    options = ("--data", "synthetic", "--device", "cpu")
    assert main_py("solution", tmp_path, "--mode", "train", *options, "--epochs", "1", "--limit", "64").returncode == 0
    options = (*options, "--num-samples", "10", "--checkpoint", "checkpoints/DDPM.pt")
    done = main_py("solution", tmp_path, "--mode", "generate", *options, model="ddim")
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "outputs" / "ddim.png").size == (640, 64)


def test_main_on_the_stubs_names_what_is_missing(tmp_path):
    done = main_py("student", tmp_path, "--mode", "train", "--data", "synthetic")
    assert done.returncode == 1
    assert done.stderr.startswith("not implemented yet: TODO(4.prepare_ddpm)")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--mode", "generate", "--device", "cpu"), "there is no checkpoint checkpoints/DDPM.pt: train first"),
        (("--mode", "grade", "--device", "cpu"), "there is no checkpoint checkpoints/DDPM.pt: train first"),
        (("--mode", "train", "--data", "nowhere"), "there is no dataset 'nowhere'"),
    ],
)
def test_main_says_what_is_wrong_in_a_line(arguments, told, tmp_path):
    done = main_py("solution", tmp_path, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(told)


def test_main_grades_the_model_that_it_was_asked_for_and_no_other(tmp_path, monkeypatch):
    """'ddpm_accuracy' would be part of 'lddpm_accuracy'."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only -q")
    (tmp_path / "DDPM.pt").touch()
    done = main_py("solution", tmp_path, "--mode", "grade", "--checkpoint", "DDPM.pt")
    assert re.findall(r"4\.\w+_accuracy", done.stdout) == ["4.ddpm_accuracy"], done.stdout


SCRIPTS = {
    "main.py": "from the last saved state",
    "train_cifar10.py": "after the last complete epoch",
    "train_mnist.py": "after the last complete epoch",
}


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (NotImplementedError("TODO(x)"), r"not implemented yet: TODO\(x\)\. Fill it in, then run `pytest grader/`"),
        (TrainingError("no images"), "no images"),
        (KeyboardInterrupt(), "interrupted: the same command resumes {}"),
    ],
)
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_that_cannot_go_on_ends_with_a_line(script, raised, told, monkeypatch):
    def parse_args(*_):
        raise raised

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
    with pytest.raises(SystemExit, match=f"^{told.format(SCRIPTS[script])}$"):  # of text: it goes to stderr, and code 1
        runpy.run_path(str(ROOT / "solution" / script), run_name="__main__")


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("main.py", ClassifierError),
        ("main.py", DatasetError),
        ("train_iclevr.py", EvaluatorError),
        ("train_iclevr.py", IclevrError),
    ],
)
def test_what_a_script_lacks_is_told_in_a_line(script, error, monkeypatch):
    def parse_args(*_):
        raise error("restore it")

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
    with pytest.raises(SystemExit, match=r"^restore it$"):
        runpy.run_path(str(ROOT / "solution" / script), run_name="__main__")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_defect_of_a_script_keeps_its_traceback(script, monkeypatch):
    monkeypatch.setattr(argparse, "ArgumentParser", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        runpy.run_path(str(ROOT / "solution" / script), run_name="__main__")
