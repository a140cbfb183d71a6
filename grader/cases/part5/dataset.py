"""Part 5: i-CLEVR's lists, labels and pictures, in a folder of our own making."""

import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from grader.case import case
from grader.cases.part5 import gan_inputs
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")
pil = Lazy("PIL.Image")

NAMES = tuple(
    f"{colour} {shape}"
    for colour in ("yellow", "red", "purple", "green", "gray", "cyan", "brown", "blue")
    for shape in ("sphere", "cylinder", "cube")
)
UNKNOWN = tuple(f"{colour} {shape}" for colour in ("pink", "white", "black", "orange") for shape in ("cone", "torus"))
FOLDERS = ("images", "iclevr", ".")
LEVEL = 0.012  # one and a half of a file's 255 levels, in [-1, 1]: resized pictures are rounded once or twice


def objects(rng, count=len(NAMES)):
    """What objects.json says, of so many objects: their order in the file is not that of their indices."""
    names, indices = rng.choice("names", NAMES, count), rng.choice("indices", range(count), count)
    return dict(zip(names, indices, strict=True))


def names_of(rng, name, known, count):
    """So many different objects, in random order."""
    return rng.choice(name, list(known), count)


def labelled(rng):
    """What objects.json says of fewer objects than there are, and two lists: of one object, and of several."""
    known = objects(rng, rng.integer("number of objects", 9, 20))
    return known, [
        names_of(rng, f"list {i}", known, count) for i, count in enumerate((1, rng.integer("several", 3, 6)))
    ]


@case(
    "5.multi_hot",
    points=2.5,
    equation="y_i = 1 if object i is in the picture, 0 else; i is what objects.json says",
    look="multi_hot: where do the index of an object and the length of the label come from?",
    term="'i is what objects.json says': neither the place in a list of names nor the order of the file. Several y_i "
    "are 1 at a time.",
    shows={
        "one": "label of a list of one object",
        "several": "label of a list of several objects",
        "float32": "whether labels are float32",
    },
)
def multi_hot(code, rng):
    """Labels: 1 at the index of each object in the picture, 0 elsewhere"""
    known, lists = labelled(rng)
    one, several = (probes.tensor(code.iclevr_dataset.multi_hot(names, known), "multi_hot") for names in lists)
    return {"one": one, "several": several, "float32": one.dtype == several.dtype == torch.float32}


def suspect(rng):
    """What objects.json says, ten lists of two known objects, and of which of them a name is replaced by which."""
    known = objects(rng)
    lists = [names_of(rng, f"list {i}", known, 2) for i in range(10)]
    wrong = gan_inputs.some_items(rng, "wrong", len(lists))
    names = [rng.choice(f"unknown {i}", UNKNOWN, 1)[0] if is_wrong else None for i, is_wrong in enumerate(wrong)]
    for i, name in enumerate(names):
        if name:
            lists[i][rng.integer(f"place {i}", 0, 2)] = name
    return known, lists, names


@case(
    "5.multi_hot_refusal",
    points=0.5,
    equation="an object that is not in objects.json has no index: IclevrError, with its name",
    look="What multi_hot does with a name that it does not find, in the first place of a list and in the last one.",
    term="'IclevrError, with its name': the type from iclevr_scenes.py, and a message by which the name can be found "
    "in the lists.",
    shows={
        "refused": "which lists are refused (those with an unknown object)",
        "by": "names of the exceptions",
        "named": "whether each message says which object is unknown",
    },
    needs=("5.multi_hot",),
)
def multi_hot_refusal(code, rng):
    """Labels: an object that objects.json does not know is refused by name"""
    known, lists, unknown = suspect(rng)
    raised = [_raised(code.iclevr_dataset.multi_hot, names, known) for names in lists]
    return {
        "refused": [error is not None for error in raised],
        "by": ", ".join(sorted({type(error).__name__ for error in raised if error})),
        "named": all(name in str(error) for name, error in zip(unknown, raised, strict=True) if name and error),
    }


def _raised(function, *arguments):
    """What the call raises; None if nothing."""
    try:
        function(*arguments)
    except NotImplementedError:
        raise
    except Exception as error:
        return error


def pictures(rng):
    """Mode, width and height of pictures, and three planes of each, one a channel: level, slopes to the right and down.

    A plane stays a plane when it is scaled, whether or not the scaling smooths.
    """
    sizes = (
        ("RGBA", 320, 240),  # i-CLEVR's
        ("RGB", rng.integer("width", 90, 140), rng.integer("height", 150, 200)),
        ("L", rng.integer("grey width", 70, 90), rng.integer("grey height", 20, 60)),
    )
    for mode, width, height in sizes:
        slopes = (
            rng.uniform(f"{mode}: slopes", 3, 2, low=25.0, high=50.0) * rng.choice(f"{mode}: sign", (-1.0, 1.0), 1)[0]
        )
        levels = rng.uniform(f"{mode}: levels", 3, low=105.0, high=150.0)
        yield mode, width, height, np.array(levels), np.array(slopes)


def plane(width, height, levels, slopes):
    """Three planes (3, height, width): their levels in the middle, their slopes from there to an edge."""
    right, down = (2 * (np.arange(pixels) + 0.5) / pixels - 1 for pixels in (width, height))
    return levels[:, None, None] + slopes[:, :1, None] * right + slopes[:, 1:, None] * down[:, None]


def seen(image):
    """Some pixels of a picture (..., 64, 64), none at its edge, where ways of scaling differ."""
    return image[..., 4:-4:7, 4:-4:7]


@case(
    "5.to_tensor",
    points=2.5,
    equation="x = 2 v / 255 - 1 for the levels v of red, green and blue, on 64 x 64 pixels",
    look="Print shape, least and greatest number of what to_tensor gives for a picture of i-CLEVR. Then which channel "
    "comes first.",
    term="'red, green and blue' of four channels or of one; '64 x 64' of whatever height and width, nothing cut off; "
    "2 v / 255 - 1 at both ends, 0 and 255.",
    shows={
        "shape": "shape of a picture of 320 x 240 with four channels, as a tensor",
        "float32": "whether it is float32",
        "with_alpha": "some pixels of it",
        "colours": "some pixels of a picture of three channels and another size",
        "grey": "some pixels of a picture of one channel",
    },
    atol=LEVEL,
)
def to_tensor(code, rng):
    """Pictures: three channels of 64 x 64 in [-1, 1], whatever the file has"""
    found = []
    for mode, *planes in pictures(rng):
        levels = plane(*planes).round().astype(np.uint8).transpose(1, 2, 0)
        image = pil.fromarray(np.ascontiguousarray(levels[:, :, 0] if mode == "L" else levels)).convert(mode)
        found.append(probes.tensor(code.iclevr_dataset.to_tensor(image), "to_tensor"))
    first = found[0]
    return {
        "shape": first.shape,
        "float32": first.dtype == torch.float32,
        **dict(zip(("with_alpha", "colours", "grey"), map(seen, found), strict=True)),
    }


def folder(rng):
    """What is in a folder of i-CLEVR: objects.json, the three lists, a colour for each picture, and where these are."""
    known = objects(rng)
    counts = {mode: rng.integer(f"items of {mode}", 4, 8) for mode in ("train", "test", "new_test")}
    lists = {
        mode: [names_of(rng, f"{mode} {i}", known, rng.integer(f"{mode} {i}: objects", 1, 4)) for i in range(count)]
        for mode, count in counts.items()
    }
    numbers = rng.choice("numbers", range(1000), counts["train"])
    return SimpleNamespace(
        objects=known,
        files=[f"CLEVR_train_{number:06}_0.png" for number in numbers],
        colours=[[rng.integer(f"colour {i} {c}", 0, 256) for c in range(3)] for i in range(counts["train"])],
        place=rng.choice("place", FOLDERS, 1)[0],
        **lists,
    )


def _write(root, what):
    """Write what `folder` says, with pictures of two pixels."""
    lists = {"objects": what.objects, "train": dict(zip(what.files, what.train, strict=True))}
    for name, content in (lists | {"test": what.test, "new_test": what.new_test}).items():
        (root / f"{name}.json").write_text(json.dumps(content))
    (root / what.place).mkdir(exist_ok=True)
    for file, colour in zip(what.files, what.colours, strict=True):
        pil.new("RGBA", (2, 1), (*colour, 255)).save(root / what.place / file)


@case(
    "5.iclevr_data",
    points=2.5,
    equation="train.json: {file: [object, ...]}; test.json, new_test.json: [[object, ...], ...]",
    look="What you iterate over in each mode, and what it gives: keys, values or lists?",
    term="{file: ...} and [[...], ...]: file names belong to one mode only, and a label goes with the file of its own "
    "list.",
    shows={
        "files": "file names of the mode train",
        "train": "labels of the mode train",
        "no_files": "what the modes test and new_test give in the place of file names (None, None)",
        "test": "labels of the mode test",
        "new_test": "labels of the mode new_test",
        "float32": "whether all labels are float32",
    },
    needs=("5.multi_hot",),
)
def iclevr_data(code, rng):
    """Lists: file names and labels of the pictures, labels alone in the modes that have no pictures"""
    with tempfile.TemporaryDirectory() as root:
        _write(Path(root), folder(rng))
        read = code.iclevr_dataset.get_iCLEVR_data
        found = {mode: read(root, mode) for mode in ("train", "test", "new_test")}
    for mode, returned in found.items():
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            raise TypeError(f"get_iCLEVR_data must return (file names, labels), not {type(returned).__name__} ({mode})")
    labels = {
        mode: probes.tensor(returned[1], "the second item that get_iCLEVR_data returns")
        for mode, returned in found.items()
    }
    files = found["train"][0]
    return labels | {
        "files": ", ".join(map(str, files)) if isinstance(files, list | tuple) else str(files),
        "no_files": ", ".join(type(found[mode][0]).__name__.removesuffix("Type") for mode in ("test", "new_test")),
        "float32": all(label.dtype == torch.float32 for label in labels.values()),
    }


@case(
    "5.iclevr_items",
    points=2,
    equation="item i is (trans(picture i), label i), or label i alone if cond is set or the mode has no pictures",
    look="__getitem__: what is opened, what is done to it, and what is returned if there is nothing to open.",
    term="'label i alone': a tensor, no pair. And trans gets the PIL image of file i, in the folder that was found.",
    shows={
        "length": "numbers of items: with pictures, with cond=True, in the mode test",
        "colours": "what trans made of each picture: its colour",
        "labels": "the labels beside them",
        "conditions": "items with cond=True",
        "test": "items of the mode test",
    },
    needs=("5.iclevr_data",),
)
def iclevr_items(code, rng):
    """Items: a picture with its label, or the label alone"""

    def colour(image):
        return torch.tensor(image.convert("RGB").getpixel((1, 0)))

    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        _write(root, folder(rng))
        loader = code.iclevr_dataset.ICLEVRLoader
        data = (
            loader(root, trans=colour),
            loader(root, trans=colour, cond=True),
            loader(root, trans=colour, mode="test"),
        )
        with_pictures, *alone = [[items[i] for i in range(len(items))] for items in data]
    colours, labels = zip(*(probes.pair(item, "__getitem__ in the mode train") for item in with_pictures), strict=True)
    alone = [[probes.tensor(item, "__getitem__ without a picture", (len(NAMES),)) for item in items] for items in alone]
    return {
        "length": [len(items) for items in data],
        "colours": torch.stack(colours),
        "labels": torch.stack(labels),
        "conditions": torch.stack(alone[0]),
        "test": torch.stack(alone[1]),
    }
