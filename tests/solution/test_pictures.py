"""What people look at: grids of images, by the given scripts and of the references."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

import numpy as np
import pytest
import torch
import train_cifar10
import train_iclevr
import train_mnist
from conditional_gan import prepare_cgan
from DDPM import ConditionalDDPM
from image_gen import ImageGenerator
from pictures import ZOOM, grid, save_grid
from PIL import Image
from trainers import TrainingError, save_weights
from utils import DMConfig

from test_resources import draw_grids

TINY = DMConfig(num_feat=16, T=2)


def pixels(path):
    """A picture, one pixel for each of an image: (H, W) or (H, W, 3)."""
    return np.asarray(Image.open(path))[::ZOOM, ::ZOOM]


@pytest.mark.parametrize("low", [-1.0, 0.0])
def test_a_grid_has_its_images_row_by_row_from_black_to_white_and_what_is_missing_is_white(low, tmp_path):
    images = torch.tensor([low, 1.0, (low + 1) / 2, low - 3, 4.0]).reshape(5, 1, 1, 1).expand(5, 1, 2, 3)
    save_grid(images, tmp_path / "new" / "a.png", columns=2, low=low)
    assert pixels(tmp_path / "new" / "a.png")[::2, ::3].tolist() == [[0, 255], [128, 0], [255, 255]]


def test_a_grid_may_have_colour(tmp_path):
    save_grid(torch.tensor([-1.0, 0.0, 1.0]).reshape(1, 3, 1, 1), tmp_path / "a.png", columns=1)
    assert pixels(tmp_path / "a.png").tolist() == [[[0, 128, 255]]]


@pytest.mark.parametrize(("height", "size"), [(63, (130, 126)), (64, (65, 64))])
def test_small_images_are_enlarged(height, size, tmp_path):
    save_grid(torch.zeros(1, 1, height, 65), tmp_path / "a.png", columns=1)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == size


def test_images_of_a_grid_may_be_apart():
    picture = grid(torch.full((3, 1, 2, 3), -1), columns=2, gap=1)
    assert picture.tolist() == [[*[0] * 3, 255, *[0] * 3]] * 2 + [[255] * 7] + [[*[0] * 3, *[255] * 4]] * 2


@pytest.mark.parametrize("shape", [(1, 4, 4), (2, 2, 4, 4), (0, 1, 4, 4)])
def test_what_is_no_batch_of_images_is_told(shape):
    with pytest.raises(ValueError, match=re.escape(f"shape (N, C, H, W) with C = 1 or 3, not {shape}")):
        grid(torch.zeros(shape), columns=1)


# ------------------------------------------------------------------------------------------------------ train_cifar10


@pytest.fixture
def photos(tmp_path):
    """A folder with two images of each of the three classes."""
    for i, name in enumerate(train_cifar10.CLASSES):
        folder = tmp_path / "data" / "cifar10" / "train" / name
        folder.mkdir(parents=True)
        for j in range(2):
            Image.fromarray(np.full((32, 32, 3), 40 * (2 * i + j), np.uint8)).save(folder / f"{j}.png")
    return tmp_path / "data" / "cifar10" / "train"


@pytest.fixture
def cifar10(tmp_path, monkeypatch):
    """cifar10(argument, ...) is a call of train_cifar10.py in a folder of its own, with two denoising steps."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GENMODELS_DATA", raising=False)

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["train_cifar10.py", *map(str, arguments), "--denoising-steps", "2"])
        train_cifar10.main()

    return run


def test_cifar10_is_trained_with_its_average_and_an_interrupted_training_goes_on(
    cifar10, photos, tmp_path, monkeypatch, capsys
):
    import diffusion_model

    def power_cut(content, path, write=diffusion_model.write_whole):
        write(content, path)
        raise KeyboardInterrupt

    options = ("train", photos, "--epochs", 2, "--batch-size", 6)
    with monkeypatch.context() as patch:
        patch.setattr(diffusion_model, "write_whole", power_cut)
        with pytest.raises(KeyboardInterrupt):
            cifar10(*options)
    assert not (tmp_path / "checkpoints" / "CIFAR10.pth").exists()
    cifar10(*options)
    assert re.search(r"resuming after epoch 1\nepoch 2: loss", capsys.readouterr().out)
    assert sorted(p.name for p in (tmp_path / "checkpoints").iterdir()) == ["CIFAR10.pth", "CIFAR10_ema.pth"]


@pytest.mark.parametrize(
    ("options", "name", "size", "rows"),
    [
        ((), "cifar10_guidance_2.png", (64, 96), "airplane, automobile, bird"),
        (
            ("--guidance", 0.5, "--threshold", "--class-label", 1),
            "cifar10_guidance_0.5_threshold.png",
            (64, 32),
            "automobile",
        ),
    ],
)
def test_generated_photos_have_a_row_for_each_class(options, name, size, rows, cifar10, tmp_path, capsys):
    (tmp_path / "checkpoints").mkdir()
    ImageGenerator(2).policy.save_weights(tmp_path / train_cifar10.CHECKPOINT)
    cifar10("generate", "--num-samples", 2, *options)
    assert f"outputs/{name}: {rows}, one row per class" in capsys.readouterr().out
    assert Image.open(tmp_path / "outputs" / name).size == (ZOOM * size[0], ZOOM * size[1])


def test_photos_are_looked_for_where_the_data_is(photos, tmp_path, monkeypatch):
    monkeypatch.setenv("GENMODELS_DATA", str(tmp_path / "data"))
    assert train_cifar10.default_paths() == [photos]
    batches = tmp_path / "data" / "cifar-10-batches-py"
    batches.mkdir()
    for name in ("data_batch_2", "data_batch_1", "test_batch"):
        (batches / name).touch()
    assert train_cifar10.default_paths() == [batches / "data_batch_1", batches / "data_batch_2"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["train"], r"there is no data/cifar10/train: give"),
        (["generate"], r"there is no .*train first"),
    ],
)
def test_what_is_missing_is_told(arguments, told, cifar10):
    with pytest.raises(TrainingError, match=told):
        cifar10(*arguments)


# -------------------------------------------------------------------------------------------------- digits, references


@pytest.fixture
def digits(tmp_path):
    """A checkpoint of part 3 with a tiny network."""
    path = tmp_path / "save" / "tiny" / "best_checkpoint.pth"
    path.parent.mkdir(parents=True)
    torch.save({"model_state_dict": ConditionalDDPM(TINY).state_dict(), "dmconfig": asdict(TINY)}, path)
    return path


def test_generated_digits_have_a_column_for_each_class(digits, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    options = ["--name", "tiny", "--num-feat", "16", "--T", "2", "--omega", "0.5"]
    monkeypatch.setattr("sys.argv", ["train_mnist.py", "generate", *options])
    train_mnist.main()
    assert "omega_0.5.png: one column per class" in capsys.readouterr().out
    assert Image.open(digits.parent / "omega_0.5.png").size == (ZOOM * 280, ZOOM * 280)


def test_digits_are_drawn_at_each_guidance_weight_from_the_same_noise(digits, tmp_path):
    for folder in ("a", "b"):
        draw_grids.main(["mnist", str(tmp_path / folder), "--checkpoint", str(digits), "--per-class", "2"])
    names = {f"mnist_omega_{omega:g}.png" for omega in draw_grids.MNIST_WEIGHTS}
    assert {p.name for p in (tmp_path / "a").iterdir()} == names
    drawn = [pixels(tmp_path / "a" / name) for name in sorted(names)]
    assert all(np.array_equal(d, pixels(tmp_path / "b" / n)) for d, n in zip(drawn, sorted(names), strict=True))
    assert {d.shape for d in drawn} == {(2 * 28, 10 * 28)}
    assert len({d.tobytes() for d in drawn}) == len(names)


def test_photos_are_drawn_at_each_guidance_weight_with_and_without_thresholding(tmp_path):
    class Generator:
        """Draws class + 1 in units of a tenth, and remembers what it was asked for."""

        asked = ()

        def generate_images(self, guidance, num_samples, threshold):
            self.asked += ((guidance, threshold, torch.rand(()).item()),)
            return (torch.arange(num_samples) % 3 / 10).reshape(-1, 1, 1, 1).expand(-1, 3, 32, 32)

    generator = Generator()
    draw_grids.draw_cifar10(generator, tmp_path, per_class=2, seed=4)
    assert {asked[:2] for asked in generator.asked} == {(w, t) for w in (0, 0.5, 1, 2, 5) for t in (False, True)}
    assert len({noise for *_, noise in generator.asked}) == 1
    assert len(list(tmp_path.iterdir())) == 10
    rows = pixels(tmp_path / "cifar10_w_0.5_threshold.png")[::32, ::32, 0]
    assert rows.shape == (3, 2)
    assert (rows[:, 0] == rows[:, 1]).all()
    assert rows[0, 0] < rows[1, 0] < rows[2, 0]


def test_pictures_of_scenes_have_a_place_for_each_condition(tmp_path):
    save_weights(prepare_cgan(), tmp_path / "CGAN.pt")
    for folder in ("a", "b"):
        draw_grids.main(["cgan", str(tmp_path / folder), "--checkpoint", str(tmp_path / "CGAN.pt")])
    names = [f"cgan_{mode}.png" for mode in ("test", "new_test")]
    drawn, again = ([np.asarray(Image.open(tmp_path / folder / name)) for name in names] for folder in "ab")
    assert {picture.shape for picture in drawn} == {(4 * 64, 8 * 64, 3)}
    assert np.array_equal(drawn, again)
    assert not np.array_equal(*drawn)


def test_a_denoising_strip_has_thirteen_pictures_of_the_courses_objects(tmp_path):
    class Model:
        """Draws ever whiter pictures, and remembers what it was asked for."""

        def denoising_strip(self, labels, device):
            self.labels = labels
            return torch.linspace(-1, 1, 13).reshape(1, 13, 1, 1, 1).expand(1, 13, 3, 64, 64)

    model = Model()
    train_iclevr.draw_strip(model, draw_grids.LISTS.parent, "cpu", 0, tmp_path)
    objects = list(json.loads((draw_grids.LISTS.parent / "objects.json").read_text()))
    assert {objects[i] for i in model.labels[0].nonzero()} == {"red sphere", "cyan cylinder", "cyan cube"}
    row = np.asarray(Image.open(tmp_path / "cddpm_strip.png"))[0, ::64, 0]
    assert len(row) == 13
    assert (np.diff(row.astype(int)) > 0).all()


def test_the_warm_up_is_drawn_as_well(tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr(draw_grids.warm_up, "main", called.extend)
    draw_grids.main(["warm_up", str(tmp_path), "--seed", "3"])
    assert called == ["--part", "4", "--seed", "3", "--outputs", str(tmp_path)]


@pytest.mark.parametrize("which", draw_grids.REFERENCES)
def test_a_reference_that_is_not_there_is_told(which, tmp_path):
    with pytest.raises(TrainingError, match=r"there is no checkpoint .*nowhere\.pth"):
        draw_grids.main([which, str(tmp_path), "--checkpoint", str(tmp_path / "nowhere.pth")])
