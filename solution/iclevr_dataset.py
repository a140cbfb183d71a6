"""Part 5: i-CLEVR's pictures and labels.

A picture is a float32 tensor (3, 64, 64) in [-1, 1]. Its label is multi-hot: 24 numbers in the order of objects.json, 1
for each object in the picture and 0 for the rest. If you do not have the course's folder, make a similar one with
`python iclevr_renderer.py --out data/iclevr`.
"""

import json
from pathlib import Path

import numpy as np
import torch
from iclevr_scenes import IclevrError
from PIL import Image
from torch.utils.data import Dataset

SIZE = 64
MODES = ("train", "test", "new_test")  # also the names of the lists, without .json
IMAGE_FOLDERS = ("images", "iclevr", ".")  # where the pictures may be, inside the root folder


def multi_hot(names, objects):
    """Make the multi-hot label of a picture.

    Args:
        names: names of the objects in the picture, e.g. ["red cube", "cyan sphere"].
        objects: the content of objects.json, {name: index}; indices start at 0.

    Returns:
        The label, shape (len(objects),), float32: 1 at the indices of the named objects, 0 elsewhere.

    Raises:
        IclevrError: a name is not in `objects`; the message says which.
    """
    # BEGIN ANSWER(5.multi_hot) [10 min, easy] put 1 at the index of each object; refuse unknown names
    if unknown := [name for name in names if name not in objects]:
        raise IclevrError(f"{unknown[0]!r} is not in objects.json, which has {', '.join(objects)}")
    label = torch.zeros(len(objects))
    label[[objects[name] for name in names]] = 1.0
    return label
    # END ANSWER


def to_tensor(image):
    """Turn a picture into the tensor that the networks expect.

    Args:
        image: a PIL image of any size and mode; i-CLEVR's have 320 x 240 pixels and four channels.

    Returns:
        The picture, shape (3, 64, 64), float32: red, green, blue, where the file's 0 becomes -1 and 255 becomes 1. Both
        sides are scaled bilinearly to 64.
    """
    # BEGIN ANSWER(5.to_tensor) [10 min, easy] RGB, 64 x 64, channels first, in [-1, 1]
    resized = image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 127.5 - 1.0
    # END ANSWER


def get_iCLEVR_data(root_folder, mode):
    """Read the file names and labels of one mode.

    Args:
        root_folder: the folder with objects.json, train.json ({file name: [object, ...]}), test.json and new_test.json
            ([[object, ...], ...]).
        mode: one of MODES.

    Returns:
        (file names, labels): a list of N file names, or None in the modes without pictures; and the labels, shape
        (N, 24), float32.

    Raises:
        IclevrError: a file is missing or is not JSON, or the mode or an object is unknown.
    """
    if mode not in MODES:
        raise IclevrError(f"there is no mode {mode!r}: give one of {', '.join(MODES)}")
    lists, objects = (read_json(Path(root_folder) / f"{name}.json") for name in (mode, "objects"))
    # BEGIN ANSWER(5.iclevr_data) [15 min, medium] file names where there are any; one label for each list
    images = list(lists) if mode == "train" else None
    labels = torch.stack([multi_hot(names, objects) for names in (lists.values() if mode == "train" else lists)])
    return images, labels
    # END ANSWER


def read_json(path):
    """Read a JSON file.

    Raises:
        IclevrError: the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise IclevrError(
            f"{path} cannot be read ({error}): put i-CLEVR's lists into {path.parent}, or render a folder with "
            "`python iclevr_renderer.py --out FOLDER`"
        ) from error


def image_folder(root_folder, images):
    """Find the folder that holds the pictures.

    Args:
        root_folder: the folder to search, together with its sub-folders in IMAGE_FOLDERS.
        images: file names of the pictures.

    Returns:
        The path of the folder.

    Raises:
        IclevrError: a picture is missing; the message names one and counts them.
    """
    root = Path(root_folder)
    missing = {}
    for name in IMAGE_FOLDERS:
        there = {path.name for path in (root / name).glob("*.png")}
        missing[name] = [image for image in images if image not in there]
        if not missing[name]:
            return root / name
    place, lacking = min(missing.items(), key=lambda item: len(item[1]))
    raise IclevrError(
        f"{root / place} lacks {len(lacking)} of the {len(images)} pictures in train.json, such as {lacking[0]}: put "
        "i-CLEVR's pictures there, or render a folder with `python iclevr_renderer.py --out FOLDER`"
    )


class ICLEVRLoader(Dataset):
    """The i-CLEVR dataset: an item is a picture with its label, or a label alone in the modes without pictures.

    Args:
        root_folder: the folder for `get_iCLEVR_data`; the pictures are in it or in its sub-folder images or iclevr.
        trans: a function that is applied to each PIL image; `to_tensor` by default.
        cond: whether items are labels alone in the mode train too; it then needs no pictures.
        mode: one of MODES.

    Raises:
        IclevrError: `get_iCLEVR_data` raises it, or a picture is missing.
    """

    def __init__(self, root_folder, trans=None, cond=False, mode="train"):
        self.trans = trans or to_tensor
        self.img_list, self.label_list = get_iCLEVR_data(root_folder, mode)
        self.cond = cond or self.img_list is None
        self.folder = None if self.cond else image_folder(root_folder, self.img_list)

    def __len__(self):
        """The number of items."""
        return len(self.label_list)

    def __getitem__(self, index):
        """Return (trans(picture), label), or the label alone without a picture; the label is (24,) float32."""
        # BEGIN ANSWER(5.iclevr_items) [10 min, easy] the picture and its label, or the label alone
        label = self.label_list[index]
        if self.cond:
            return label
        with Image.open(self.folder / self.img_list[index]) as image:
            return self.trans(image), label
        # END ANSWER
