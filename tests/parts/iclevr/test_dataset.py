"""Part 5's dataset: labels in the order of objects.json, pictures in [-1, 1], conditions alone, and what is missing."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import train_iclevr
from iclevr_dataset import ICLEVRLoader, get_iCLEVR_data, multi_hot, to_tensor
from iclevr_renderer import LISTS, write_folder
from iclevr_scenes import OBJECTS, IclevrError
from PIL import Image
from torch.utils.data import DataLoader

INDEX = {"cyan sphere": 2, "red cube": 0, "gray cylinder": 1}  # any order: it is the file's that counts
TRAIN = {"CLEVR_train_000001_0.png": ["cyan sphere"], "CLEVR_train_000001_1.png": ["cyan sphere", "red cube"]}
COLOURS = {name: (10 * step, 100, 255 - step) for step, name in enumerate(TRAIN)}


@pytest.fixture
def root(tmp_path):
    """i-CLEVR's folder: lists, and pictures of 320 x 240 with an alpha channel, each of a colour of its own."""
    lists = {
        "objects": INDEX,
        "train": TRAIN,
        "test": [["gray cylinder"]],
        "new_test": [["red cube", "cyan sphere"]] * 2,
    }
    for name, content in lists.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    (tmp_path / "images").mkdir()
    for name, colour in COLOURS.items():
        Image.new("RGBA", (320, 240), (*colour, 255)).save(tmp_path / "images" / name)
    return tmp_path


def test_labels_are_in_the_order_of_the_file(root):
    assert multi_hot(["cyan sphere", "red cube"], INDEX).tolist() == [1, 0, 1]
    assert multi_hot([], INDEX).tolist() == [0, 0, 0]
    images, labels = get_iCLEVR_data(root, "train")
    assert (images, labels.tolist(), labels.dtype) == ([*TRAIN], [[0, 0, 1], [1, 0, 1]], torch.float32)


def test_our_objects_have_the_order_of_objects_json():
    assert json.loads(LISTS.with_name("objects.json").read_text()) == {name: i for i, name in enumerate(OBJECTS)}


@pytest.mark.parametrize("folder", ["images", "iclevr", "."])
def test_pictures_are_found_wherever_the_course_had_them(folder, root):
    if folder == ".":
        for path in (root / "images").iterdir():
            path.rename(root / path.name)
    else:
        (root / "images").rename(root / folder)
    data = ICLEVRLoader(root)
    assert len(data) == 2
    for (image, label), name in zip((data[0], data[1]), TRAIN, strict=True):
        assert (image.shape, image.dtype) == ((3, 64, 64), torch.float32)
        assert torch.allclose(image[:, 5, 9], torch.tensor(COLOURS[name]) / 127.5 - 1)
        assert label.equal(multi_hot(TRAIN[name], INDEX))


def test_a_picture_is_squeezed_into_a_square():
    pixels = np.zeros((240, 320, 3), np.uint8)
    pixels[:, 160:, 0] = 255  # the right half is red
    pixels[:120, :, 2] = 255  # the upper half is blue
    image = to_tensor(Image.fromarray(pixels))
    assert image[:, 10, 10].tolist() == [-1, -1, 1]
    assert image[:, 10, 50].tolist() == [1, -1, 1]
    assert image[:, 50, 50].tolist() == [1, -1, -1]


@pytest.mark.parametrize(("mode", "labels"), [("test", [[0, 1, 0]]), ("new_test", [[1, 0, 1]] * 2)])
def test_test_modes_have_conditions_alone_and_need_no_picture(mode, labels, root):
    for path in (root / "images").iterdir():
        path.unlink()
    data = ICLEVRLoader(root, mode=mode)
    assert [data[i].tolist() for i in range(len(data))] == labels
    assert ICLEVRLoader(root, cond=True)[1].tolist() == [1, 0, 1]


def test_pictures_are_made_by_another_transform_if_asked(root):
    data = ICLEVRLoader(root, lambda image: image.size)
    assert data[0][0] == (320, 240)


def test_a_rendered_folder_is_one_of_i_clevr(tmp_path):
    lists = tmp_path / "train.json"
    lists.write_text(json.dumps(TRAIN))
    (tmp_path / "objects.json").write_bytes(LISTS.with_name("objects.json").read_bytes())
    write_folder(lists, tmp_path / "out")
    images, labels = next(iter(DataLoader(ICLEVRLoader(tmp_path / "out"), batch_size=2)))
    assert (images.shape, labels.shape) == ((2, 3, 64, 64), (2, 24))
    assert labels.nonzero().tolist() == [[0, 14], [1, 1], [1, 14]]
    assert -1 <= images.min() < -0.5 < 0.5 < images.max() <= 1


# ---------------------------------------------------------------------------------------------------- what is wrong


def test_an_unknown_object_is_named(root):
    (root / "test.json").write_text('[["red cube"], ["red cub"]]')
    with pytest.raises(IclevrError, match=r"'red cub' is not in objects.json, which has cyan sphere, red cube"):
        ICLEVRLoader(root, mode="test")


@pytest.mark.parametrize("mode", ["valid", "TRAIN", "", None])
def test_an_unknown_mode_is_told(mode, root):
    with pytest.raises(IclevrError, match=f"there is no mode {mode!r}: give one of train, test, new_test"):
        ICLEVRLoader(root, mode=mode)


@pytest.mark.parametrize("name", ["objects", "train"])
@pytest.mark.parametrize("content", [None, "{"])
def test_a_list_that_cannot_be_read_is_told(name, content, root):
    path = root / f"{name}.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(
        IclevrError, match=rf"{name}\.json cannot be read .*put i-CLEVR's lists into .* or render a folder"
    ):
        ICLEVRLoader(root)


def test_missing_pictures_are_counted_where_most_of_them_are(root):
    (root / "iclevr").mkdir()
    (root / "images" / "CLEVR_train_000001_1.png").unlink()
    told = r"images lacks 1 of the 2 pictures in train.json, such as CLEVR_train_000001_1.png: put .*render a folder"
    with pytest.raises(IclevrError, match=told):
        ICLEVRLoader(root)


def test_pictures_in_memory_are_those_of_the_folder_or_the_first_of_them(root):
    pictures, labels = train_iclevr.load_pictures(root).tensors
    assert (pictures.dtype, labels.tolist()) == (torch.uint8, [[0, 0, 1], [1, 0, 1]])
    assert pictures[:, :, 0, 0].tolist() == [list(colour) for colour in COLOURS.values()]
    few, labels_of_few = train_iclevr.load_pictures(root, most=1).tensors
    assert torch.equal(few, pictures[:1])
    assert torch.equal(labels_of_few, labels[:1])
