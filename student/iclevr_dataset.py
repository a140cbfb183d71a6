"""Part 5: the pictures of i-CLEVR with the objects in them, or the objects alone.

A picture is a float32 tensor (3, 64, 64) in [-1, 1]; its label is multi-hot: 24 numbers in the order of objects.json, 1
for each object that is in the picture and 0 for all others. `python iclevr_renderer.py --out data/iclevr` makes such a
folder, for whoever does not have the course's.
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
IMAGE_FOLDERS = ("images", "iclevr", ".")  # where in the root folder the pictures may be


def multi_hot(names, objects):
    """The label of a picture.

    Args:
        names: of the objects in it, e.g. ["red cube", "cyan sphere"].
        objects: index of each object, as objects.json tells it.

    Returns:
        Shape (len(objects),), float32: 1 at the objects' indices, 0 elsewhere.

    Raises:
        IclevrError: a name is not in `objects`; the message says which.
    """
    # TODO(5.multi_hot): 1 at the index of each object; refuse unknown names
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(5.multi_hot)")


def to_tensor(image):
    """A picture as networks take it.

    Args:
        image: a PIL image of any size and mode; i-CLEVR's have 320 x 240 pixels and four channels.

    Returns:
        Shape (3, 64, 64), float32: red, green, blue; 0 of the file becomes -1, 255 becomes 1. Both sides are scaled to
        64, bilinearly.
    """
    # TODO(5.to_tensor): RGB, 64 x 64, channels first, in [-1, 1]
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(5.to_tensor)")


def get_iCLEVR_data(root_folder, mode):  # noqa: N802  (the course's name)
    """Read the lists of i-CLEVR.

    Args:
        root_folder: has objects.json and the lists: train.json, {file name: [object, ...]}; test.json and
            new_test.json, [[object, ...], ...].
        mode: one of MODES.

    Returns:
        The file names of the pictures, a list, or None in the modes that have no pictures; and the labels, shape
        (N, 24), float32.

    Raises:
        IclevrError: a file is missing or not JSON, the mode or an object is unknown.
    """
    if mode not in MODES:
        raise IclevrError(f"there is no mode {mode!r}: give one of {', '.join(MODES)}")
    lists, objects = (read_json(Path(root_folder) / f"{name}.json") for name in (mode, "objects"))
    # TODO(5.iclevr_data): the files where there are any, a label for each list
    # (about 15 minutes, medium)
    raise NotImplementedError("TODO(5.iclevr_data)")


def read_json(path):
    """What a JSON file says.

    Raises:
        IclevrError: it is not there, or not JSON.
    """
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise IclevrError(
            f"{path} cannot be read ({error}): put i-CLEVR's lists into {path.parent}, or render a folder with "
            "`python iclevr_renderer.py --out FOLDER`"
        ) from error


def image_folder(root_folder, images):
    """The folder in which the pictures are.

    Raises:
        IclevrError: one is missing; the message says which, and how many are.
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
        f"{root / place} lacks {len(lacking)} of the {len(images)} pictures of train.json, {lacking[0]} for one: put "
        "i-CLEVR's pictures there, or render a folder with `python iclevr_renderer.py --out FOLDER`"
    )


class ICLEVRLoader(Dataset):
    """i-CLEVR, one item a picture; or a condition, in the modes that have no pictures.

    Args:
        root_folder: as of `get_iCLEVR_data`; the pictures are in it or in its sub-folder images or iclevr.
        trans: what is done to a PIL image; default: `to_tensor`.
        cond: whether items are labels alone in the mode train as well; no picture is needed then.
        mode: one of MODES.

    Raises:
        IclevrError: as of `get_iCLEVR_data`, or a picture is missing.
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
        """One item: the picture, as `trans` makes it, and its label, (24,) float32; or the label alone."""
        # TODO(5.iclevr_items): picture and label, or the label alone
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(5.iclevr_items)")
