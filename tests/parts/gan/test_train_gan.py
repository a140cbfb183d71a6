"""The given script of part 1, and its data: SVHN as torchvision reads it, CIFAR-10 in files and in folders."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import gan_pytorch as gan
import numpy as np
import pytest
import torch
import train_gan
from datasets import DatasetError, load
from PIL import Image
from scipy.io import savemat
from trainers import TrainingError

from grader import ROOT

CONFIG = train_gan.GanConfig("synthetic", batch_size=8, seed=1)


@pytest.fixture
def few_digits(monkeypatch):
    """Makes the synthetic digits few."""
    images = torch.rand(40, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    labels = torch.arange(40) % 10
    monkeypatch.setattr(train_gan, "load", lambda *_, **__: torch.utils.data.TensorDataset(images, labels))


def paths(folder):
    return {"checkpoints": {"D": folder / "D.pth", "G": folder / "G.pth"}, "outputs": folder / "out", "device": "cpu"}


def test_training_leaves_checkpoints_pictures_and_a_plot(few_digits, tmp_path):
    losses = train_gan.train(CONFIG, 2, **paths(tmp_path), keep_every=2)
    assert {name: len(values) for name, values in losses.items()} == {"D": 10, "G": 10}
    assert np.isfinite([*losses["D"], *losses["G"]]).all()
    pictures = {path.name: Image.open(path) for path in (tmp_path / "out").iterdir()}
    assert pictures.keys() == {"epoch_001.png", "epoch_002.png", "losses.png"}
    assert pictures["epoch_001.png"].size == (512, 512)
    gan.discriminator().load_state_dict(torch.load(tmp_path / "D.pth", weights_only=True))
    gan.generator().load_state_dict(torch.load(tmp_path / "G.pth", weights_only=True))
    assert not (tmp_path / "D.resume.pt").exists()
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("epoch_*/*.pth")) == [
        "epoch_002/D.pth",
        "epoch_002/G.pth",
    ]


def test_batches_that_are_given_are_trained_on(few_digits, tmp_path):
    loader = list(train_gan.make_loader("synthetic", 8))[:3]
    losses = train_gan.train(CONFIG, 1, **paths(tmp_path), loader=loader)
    assert [len(losses[name]) for name in "DG"] == [3, 3]


def test_an_interrupted_training_ends_with_the_same_weights(few_digits, tmp_path, monkeypatch):
    train_gan.train(CONFIG, 2, **paths(tmp_path / "whole"))
    with monkeypatch.context() as patch:
        patch.setattr(train_gan, "save_grid", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train_gan.train(CONFIG, 2, **paths(tmp_path / "parts"))
    assert (tmp_path / "parts" / "D.resume.pt").exists()
    train_gan.train(CONFIG, 2, **paths(tmp_path / "parts"))
    for name in ("D.pth", "G.pth"):
        whole, parts = (torch.load(tmp_path / folder / name, weights_only=True) for folder in ("whole", "parts"))
        assert all(torch.equal(whole[key], parts[key]) for key in whole)


def test_a_state_of_other_data_is_refused(few_digits, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(train_gan, "save_grid", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train_gan.train(CONFIG, 1, **paths(tmp_path))
    with pytest.raises(TrainingError, match=r"was made with .*'data': 'synthetic'"):
        train_gan.train(train_gan.GanConfig("cifar10", batch_size=8, seed=1), 1, **paths(tmp_path))


def test_fewer_images_than_a_batch_are_refused(few_digits):
    with pytest.raises(TrainingError, match="has only 40 images: choose a --batch-size of 40 or less"):
        train_gan.make_loader("synthetic", 64)


def test_loaders_give_whole_batches_in_0_to_1(few_digits):
    batches = [x for x, _ in train_gan.make_loader("synthetic", 16)]
    assert [x.shape for x in batches] == [(16, 3, 32, 32)] * 2
    assert all((x.min() >= 0) & (x.max() <= 1) for x in batches)


def script(folder, cwd, *arguments):
    return subprocess.run(
        [sys.executable, ROOT / folder / "train_gan.py", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
    )


@pytest.fixture
def folder_of_images(tmp_path):
    """A small dataset of one's own."""
    for name in ("a", "b"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for i in range(6):
            pixels = np.random.default_rng(i).integers(0, 255, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{i}.png")
    return tmp_path / "images"


def test_the_script_trains_and_generates(folder_of_images, tmp_path):
    done = script("solution", tmp_path, "train", "--data", str(folder_of_images), "--epochs", "1", "--batch-size", "4")
    assert done.returncode == 0, done.stderr
    assert "epoch 1/1: losses D " in done.stdout
    assert script("solution", tmp_path, "generate").returncode == 0
    assert Image.open(tmp_path / "outputs" / "gan" / "images.png").size == (512, 512)


@pytest.mark.parametrize(
    ("folder", "arguments", "told"),
    [
        ("solution", ("evaluate",), "there is no checkpoint checkpoints/GAN_discriminator.pth: train first"),
        ("solution", ("train", "--data", "nowhere"), "there is no dataset 'nowhere': use fashion_mnist, mnist, svhn"),
        ("student", ("train", "--data", "synthetic"), "not implemented yet: TODO(1.discriminator)"),
    ],
)
def test_the_script_says_what_is_wrong_in_a_line(folder, arguments, told, tmp_path):
    done = script(folder, tmp_path, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(told)


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("GENMODELS_DATA", str(tmp_path))
    return tmp_path


def test_svhn_is_read_as_torchvision_reads_it(data, monkeypatch):
    """MATLAB's format and order of axes; the label 10 stands for the digit 0."""
    pixels, digits = np.random.default_rng(0).integers(0, 255, (32, 32, 3, 11), dtype=np.uint8), np.arange(11) % 10
    for split in ("train", "test"):
        savemat(data / f"{split}_32x32.mat", {"X": pixels, "y": np.where(digits == 0, 10, digits)[:, None]})
    monkeypatch.setattr("torchvision.datasets.svhn.check_integrity", lambda *_: True)  # of the true files
    monkeypatch.setattr("torchvision.datasets.svhn.download_url", lambda *_, **__: None)
    images, labels = load("svhn", channels=3).tensors
    assert torch.equal(((images + 1) * 127.5).round().byte(), torch.from_numpy(pixels).permute(3, 2, 0, 1))
    assert labels.tolist() == digits.tolist()


def test_cifar10_is_read_from_folders_of_classes(data):
    (data / "cifar10" / "train" / "bird").mkdir(parents=True)
    Image.new("RGB", (32, 32), (255, 0, 0)).save(data / "cifar10" / "train" / "bird" / "a.png")
    images, _ = load("cifar10", channels=3).tensors
    assert images.mean(dim=(0, 2, 3)).tolist() == [1, -1, -1]


def test_cifar10_is_read_from_its_files(data, monkeypatch):
    folder = data / "cifar-10-batches-py"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (4, 3072), dtype=np.uint8)
    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        (folder / name).write_bytes(pickle.dumps({"data": pixels, "labels": [0, 1, 2, 9]}))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda *_: True)
    images, labels = load("cifar10", train=False, channels=3).tensors
    assert torch.equal(((images + 1) * 127.5).round().byte(), torch.from_numpy(pixels).view(4, 3, 32, 32))
    assert labels.tolist() == [0, 1, 2, 9]


@pytest.mark.parametrize("name", ["svhn", "cifar10"])
def test_data_that_cannot_be_downloaded_are_named(name, data, monkeypatch):
    for proxy in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(DatasetError, match=r"could not be downloaded.*or try the code with --data synthetic"):
        load(name, channels=3)


REAL = Path(os.environ.get("GENMODELS_DATA", ROOT / ".." / "shared" / "data"))


@pytest.mark.skipif(not (REAL / "FashionMNIST").is_dir(), reason="FashionMNIST is not at GENMODELS_DATA")
def test_grey_images_have_three_equal_channels_where_colour_is_asked_for(monkeypatch):
    monkeypatch.setenv("GENMODELS_DATA", str(REAL))
    images, _ = load("fashion_mnist", train=False, channels=3).tensors
    assert images.shape == (10_000, 3, 32, 32)
    assert torch.equal(images[:, 0], images[:, 2])
