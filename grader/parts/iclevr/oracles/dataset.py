"""What the cases of i-CLEVR's lists, labels and pictures should observe."""

import numpy as np

from grader.course.assignment import Oracle
from grader.parts.iclevr.cases import dataset, labels, pictures

YES = np.array(True)


def _labels(lists, known):
    """Multi-hot labels: a row for each list and a column for each object, in the order of the indices."""
    by_index = sorted(known, key=known.get)
    return np.array([[name in names for name in by_index] for names in lists], dtype=np.float32)


def _multi_hot(rng):
    known, lists = labels.labelled(rng)
    one, several = _labels(lists, known)
    return {"one": one, "several": several, "float32": YES}


def _multi_hot_refusal(rng):
    _, _, unknown = labels.suspect(rng)
    return {"refused": np.array([name is not None for name in unknown]), "by": np.array("IclevrError"), "named": YES}


def _to_tensor(rng):
    """Sample each plane at the centres of 64 x 64 pixels instead of the file's pixels."""
    tensors = {}
    for name, (mode, _, _, levels, slopes) in zip(
        ("with_alpha", "colours", "grey"), pictures.pictures(rng), strict=True
    ):
        image = pictures.plane(64, 64, levels, slopes)
        tensors[name] = pictures.seen(image[[0, 0, 0]] if mode == "L" else image) * 2 / 255 - 1
    return {"shape": np.array([3, 64, 64]), "float32": YES, **tensors}


def _iclevr_data(rng):
    what = dataset.folder(rng)
    of_modes = {mode: _labels(getattr(what, mode), what.objects) for mode in ("train", "test", "new_test")}
    return of_modes | {"files": np.array(", ".join(what.files)), "no_files": np.array("None and None"), "float32": YES}


def _iclevr_items(rng):
    what = dataset.folder(rng)
    train, test = (_labels(lists, what.objects) for lists in (what.train, what.test))
    length = np.array([len(train), len(train), len(test)])
    return {"length": length, "colours": np.array(what.colours), "labels": train, "conditions": train, "test": test}


ORACLES = (
    Oracle("5.multi_hot", _multi_hot),
    Oracle("5.multi_hot_refusal", _multi_hot_refusal),
    Oracle("5.to_tensor", _to_tensor),
    Oracle("5.iclevr_data", _iclevr_data),
    Oracle("5.iclevr_items", _iclevr_items),
)
