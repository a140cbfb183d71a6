"""Part 5's given training script: both models, interrupted and whole, and what is drawn with them."""

import itertools
import json
import re

import pytest
import torch
import train_iclevr
from conditional_diffusion import MultiLabelDDPM, MultiLabelUnet
from iclevr_renderer import LISTS, write_folder
from PIL import Image
from torch.utils.data import TensorDataset
from trainers import TrainConfig, TrainingError, save_weights

from test_resources.references.iclevr import prioritized_loss

GAN = train_iclevr.GanConfig(epochs=2, batch_size=4, seed=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder as the renderer makes it, of eight pictures."""
    lists = tmp_path_factory.mktemp("lists")
    for path in LISTS.parent.glob("*.json"):
        content = json.loads(path.read_text())
        few = dict(itertools.islice(content.items(), 8)) if path == LISTS else content
        (lists / path.name).write_text(json.dumps(few))
    made = lists / "pictures"
    write_folder(lists / "train.json", made)
    return made


@pytest.fixture(scope="module")
def dataset(folder):
    return train_iclevr.load_pictures(folder)


def test_pictures_are_read_as_they_were_drawn(folder, dataset):
    pictures, labels = dataset.tensors
    assert (pictures.dtype, pictures.shape, labels.shape) == (torch.uint8, (8, 3, 64, 64), (8, 24))
    first = Image.open(folder / "images" / next(iter(json.loads((folder / "train.json").read_text()))))
    assert pictures[0].permute(1, 2, 0).flatten().tolist() == list(first.convert("RGB").tobytes())


def test_networks_see_pictures_as_they_are_or_mirrored(dataset):
    pictures = dataset.tensors[0][:1].expand(40, -1, -1, -1)
    torch.manual_seed(0)
    seen, plain = train_iclevr.as_seen(pictures), pictures[0] / 127.5 - 1
    kinds = [torch.equal(image, plain) + 2 * torch.equal(image, plain.flip(2)) for image in seen]
    assert set(kinds) == {1, 2}


def test_shifted_pictures_have_the_same_content_elsewhere():
    torch.manual_seed(0)
    seen = []
    images = torch.zeros(50, 1, 20, 20)
    images[:, :, 9:11, 9:11] = 1
    train_iclevr.Shifted(lambda images, condition: seen.append((images, condition)), most=0.2)(images, "condition")
    (moved, condition) = seen[0]
    assert condition == "condition"
    assert torch.allclose(moved.sum(dim=(1, 2, 3)), torch.tensor(4.0))
    rows = (moved.sum(dim=3) * torch.arange(20)).sum(dim=(1, 2)) / 4 - 9.5  # centre of mass
    assert 2.5 < rows.abs().max() <= 4


def test_the_gan_ends_with_the_same_weights_if_it_is_interrupted(dataset, tmp_path, monkeypatch):
    losses = train_iclevr.train_cgan(dataset, tmp_path / "whole.pt", GAN, "cpu")
    assert {name: len(values) for name, values in losses.items()} == {"D": 2, "G": 2}
    steps, step = itertools.count(), train_iclevr.train_step

    def third_interrupts(*arguments):
        if next(steps) == 2:  # the first of the second epoch
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(train_iclevr, "train_step", third_interrupts)
    with pytest.raises(KeyboardInterrupt):
        train_iclevr.train_cgan(dataset, tmp_path / "broken.pt", GAN, "cpu")
    train_iclevr.train_cgan(dataset, tmp_path / "broken.pt", GAN, "cpu")
    whole, resumed = (torch.load(tmp_path / f"{name}.pt", weights_only=True) for name in ("whole", "broken"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.pt", "whole.pt"]


def test_a_loss_that_is_nan_ends_the_training(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(train_iclevr, "train_step", lambda *_: (torch.tensor(0.0), torch.tensor(float("nan"))))
    with pytest.raises(TrainingError, match="a loss is NaN"):
        train_iclevr.train_cgan(dataset, tmp_path / "CGAN.pt", GAN, "cpu")
    assert not (tmp_path / "CGAN.pt").exists()


def test_the_diffusion_model_goes_on_from_the_weights_that_it_is_given(dataset, tmp_path):
    """Without a learning rate to speak of they stay as they are."""
    few = TensorDataset(*(tensor[:2] for tensor in dataset.tensors))
    torch.manual_seed(5)
    save_weights(train_iclevr.prepare_cddpm(), tmp_path / "start.pt")
    config = TrainConfig(epochs=1, batch_size=2, learning_rate=1e-12)
    train_iclevr.train_cddpm(few, tmp_path / "CDDPM.pt", config, "cpu", start=tmp_path / "start.pt")
    start, end = (torch.load(tmp_path / f"{name}.pt", weights_only=True) for name in ("start", "CDDPM"))
    assert all(torch.equal(start[name], end[name]) for name in start)


def test_the_diffusion_model_is_trained_and_only_on_a_gpu_compiled(dataset, tmp_path, monkeypatch):
    few = TensorDataset(*(tensor[:4] for tensor in dataset.tensors))
    config = TrainConfig(epochs=1, batch_size=2)
    assert len(train_iclevr.train_cddpm(few, tmp_path / "CDDPM.pt", config, "cpu")) == 1
    train_iclevr.prepare_cddpm().load_state_dict(torch.load(tmp_path / "CDDPM.pt", weights_only=True))
    asked = []
    monkeypatch.setattr(train_iclevr, "train", lambda *_, **options: asked.append(options["compiled"]))
    for device in ("cpu", "cuda"):
        train_iclevr.train_cddpm(few, tmp_path / "CDDPM.pt", config, device)
    assert asked == [False, True]


def test_the_command_trains_and_draws(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    options = ["--data", str(folder), "--device", "cpu"]
    train_iclevr.main(["cgan", "train", "--epochs", "1", *options])
    train_iclevr.main(["cgan", "generate", *options])
    told = capsys.readouterr().out
    assert re.findall(r"outputs/(\w+)\.png: \d+\.\d% of the objects are found", told) == ["cgan_test", "cgan_new_test"]
    assert Image.open("outputs/cgan_new_test.png").size == (8 * 64, 4 * 64)


def test_the_strip_runs_from_noise_to_the_picture(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model = train_iclevr.prepare_cddpm()
    monkeypatch.setattr(model, "guided_noise", lambda x, timestep, labels: x)
    train_iclevr.draw_strip(model, folder, torch.device("cpu"), seed=0)
    assert capsys.readouterr().out == "outputs/cddpm_strip.png: red sphere, cyan cylinder, cyan cube\n"
    assert Image.open("outputs/cddpm_strip.png").size == (13 * 64, 64)


def test_a_checkpoint_that_is_missing_is_told(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrainingError, match=r"there is no checkpoint checkpoints/CGAN.pt: train first"):
        train_iclevr.main(["cgan", "generate", "--data", str(folder), "--device", "cpu"])


@pytest.mark.parametrize("seed", range(4))
def test_the_references_loss_is_the_students_times_the_share_of_noise(seed):
    model, seen, losses = MultiLabelDDPM(MultiLabelUnet(channels=(8, 8)), num_steps=8), [], []
    model.network.register_forward_pre_hook(lambda network, arguments: seen.append(int(arguments[1])))
    picture, labels = torch.full((1, 3, 16, 16), 200, dtype=torch.uint8), torch.ones(1, 24)
    for loss in (train_iclevr.ddpm_loss, prioritized_loss):
        torch.manual_seed(seed)
        losses.append(loss(model, picture, labels).item())
    assert seen[0] == seen[1]
    assert losses[1] == pytest.approx(losses[0] * (1 - float(model.alpha_bars[seen[0]])), rel=1e-4)
