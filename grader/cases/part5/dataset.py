"""Part 5: i-CLEVR's lists and items, in a folder of our own making."""

import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

from grader.case import case
from grader.cases.part5.labels import names_of, objects
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")
pil = Lazy("PIL.Image")

FOLDERS = ("images", "iclevr", ".")


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
        "no_files": "what the modes test and new_test give in the place of file names (None)",
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
        "no_files": " and ".join(str(found[mode][0]) for mode in ("test", "new_test")),
        "float32": all(label.dtype == torch.float32 for label in labels.values()),
    }


def _rows(items):
    """Items as rows, even if they are not of the same length."""
    return torch.nn.utils.rnn.pad_sequence([item.flatten() for item in items], batch_first=True, padding_value=-1)


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
    conditions, test = (_rows([probes.tensor(item, "__getitem__ without a picture") for item in i]) for i in alone)
    return {
        "length": [len(items) for items in data],
        "colours": torch.stack(colours),
        "labels": torch.stack(labels),
        "conditions": conditions,
        "test": test,
    }
