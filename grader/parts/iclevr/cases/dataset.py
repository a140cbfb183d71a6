"""Part 5: i-CLEVR's lists and items, read from a small folder that the cases write."""

import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

from grader.parts.iclevr.cases.labels import names_of, objects
from grader.runtime.case import case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
pil = Lazy("PIL.Image")

FOLDERS = ("images", "iclevr", ".")


def folder(rng):
    """Draw the contents of an i-CLEVR folder: objects.json, three lists, a colour and a place for the pictures."""
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
    """Write the folder that `folder` has drawn, with pictures of two pixels."""
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
    look="What do you loop over in each mode, and what does the loop give you: keys, values or lists?",
    term="{file: ...} and [[...], ...]: only one mode has file names. Each label should stay with the file whose list "
    "it comes from.",
    shows={
        "files": "file names in the mode train",
        "train": "labels in the mode train",
        "no_files": "file names in the modes test and new_test",
        "test": "labels in the mode test",
        "new_test": "labels in the mode new_test",
        "float32": "whether all labels are float32",
    },
    needs=("5.multi_hot",),
)
def iclevr_data(code, rng):
    """Lists: file names and labels of the pictures, and labels alone in the modes without pictures"""
    with tempfile.TemporaryDirectory() as root:
        _write(Path(root), folder(rng))
        read = code.iclevr_dataset.get_iCLEVR_data
        returned_by = {mode: read(root, mode) for mode in ("train", "test", "new_test")}
    for mode, returned in returned_by.items():
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            raise TypeError(f"get_iCLEVR_data must return (file names, labels), not {type(returned).__name__} ({mode})")
    labels = {
        mode: probes.tensor(returned[1], "the second item that get_iCLEVR_data returns")
        for mode, returned in returned_by.items()
    }
    files = returned_by["train"][0]
    return labels | {
        "files": ", ".join(map(str, files)) if isinstance(files, list | tuple) else str(files),
        "no_files": " and ".join(str(returned_by[mode][0]) for mode in ("test", "new_test")),
        "float32": all(label.dtype == torch.float32 for label in labels.values()),
    }


def _rows(items):
    """Stack items as rows; pad the shorter ones with -1."""
    return torch.nn.utils.rnn.pad_sequence([item.flatten() for item in items], batch_first=True, padding_value=-1)


@case(
    "5.iclevr_items",
    points=2,
    equation="item i is (trans(picture i), label i), or label i alone if cond is set or the mode has no pictures",
    look="__getitem__: which file do you open, what do you do with it, and what do you return when there is no file?",
    term="'label i alone' is a tensor, not a pair. trans gets file i as a PIL image, from the folder that was found.",
    shows={
        "length": "numbers of items: with pictures, with cond=True, and in the mode test",
        "colours": "colour that trans saw in each picture",
        "labels": "labels that come with the pictures",
        "conditions": "items with cond=True",
        "test": "items in the mode test",
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
