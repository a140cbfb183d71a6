"""Checkpoints, and generate_sample, in accuracy grading. The models are small; one samples as the solution does."""

from __future__ import annotations

import functools
import io
import pickle
import struct
import zipfile
import zlib

import numpy as np

from grader import ROOT
from solution.classifier import load_classifier
from tests.submissions.attack import ASSIGNMENT, ERROR, FAILED, MARK, NOT_IMPLEMENTED, PASSED, Attack, folder

ACCURACY = "4.ddpm_accuracy"
LOST = {ACCURACY: ERROR, "4.schedule": PASSED}
SCORED = {ACCURACY: FAILED, "4.schedule": PASSED}
DAMAGED = "The checkpoint is not whole: save it again"
STATE_DICT = r"Save a plain state dict: torch.save\(model.state_dict\(\), path\)"
OTHER_MODEL = "The checkpoint belongs to another model"
FOUND_NOTHING = r"accuracy of each round: 0\.[0-6]\d\d"
REFERENCE = ROOT / "solution" / "checkpoints" / "DDPM.pt"
CLASSIFIER = ROOT / "test_resources" / "classifiers" / "fashion_mnist.pt"
AUDITOR = ROOT / "test_resources" / "classifiers" / "fashion_mnist_auditor.npz"
DRAWING_STEPS = 8
BOMB_BLOCKS = 160  # of 16 MB each, to which a checkpoint of three megabytes inflates

TOY = '''
import torch
from torch import nn

class Model(nn.Module):
    """A model with one weight, and a generate_sample to be filled in."""
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        {init}
    def generate_sample(self, num_samples, device=None, labels=None):
        {body}

def prepare_ddpm():
    return Model()
'''


def saved(content):
    """The bytes of torch.save."""
    import torch

    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def toy(body="return torch.zeros(num_samples, 1, 32, 32)", weights=None, init="pass", data=None, text=TOY):
    """Builds a submission with a toy model.

    Args:
        body: of its generate_sample.
        weights: makes what is saved as its checkpoint; its own state dict if there is none.
        init: further statements of its constructor.
        data: makes the bytes of the checkpoint, instead.
    """

    def build(place):
        import torch

        content = (
            data() if data else saved({"weight": torch.zeros(1)} | weights() if weights else {"weight": torch.zeros(1)})
        )
        code = text.format(init=init.replace("\n", "\n        "), body=body.replace("\n", "\n        "))
        return folder(assignment=code, extra={"checkpoints/DDPM.pt": content})(place)

    return build


def solution(checkpoint, change=lambda text: text):
    """Builds the solution with another checkpoint, {bytes of the reference} -> bytes."""
    return lambda place: folder(
        assignment=change(ASSIGNMENT), extra={"checkpoints/DDPM.pt": checkpoint(REFERENCE.read_bytes())}
    )(place)


def state_dict_with(change):
    """Turns the bytes of the reference's checkpoint into those of a changed state dict."""

    def changed(data):
        import torch

        weights = torch.load(io.BytesIO(data), weights_only=True)
        return saved(change(weights) or weights)

    return changed


def rename(weights):
    """Weights as DataParallel names them."""
    return {f"module.{name}": weight for name, weight in weights.items()}


def lose_one(weights):
    """A state dict that lacks a key."""
    weights.popitem()


def add_one(weights):
    """A state dict with a key too many."""
    weights["network.extra"] = weights["network.head.bias"]


def reshape_one(weights):
    """A state dict in which a weight has another shape."""
    weights["network.head.bias"] = weights["network.head.bias"][:1]


def poison(weights):
    """A state dict of NaN."""
    return {name: weight * float("nan") for name, weight in weights.items()}


class Code:
    """Leaves a file where it is unpickled."""

    def __reduce__(self):
        return (open, (f"/tmp/{MARK}_unpickled", "w"))


def whole_module():
    """The bytes of torch.save(model) instead of its state dict."""
    import torch

    return saved(torch.nn.Linear(2, 2))


def deflated_bomb():
    """A checkpoint whose pickle is followed by gigabytes of zeros, deflated to a few megabytes."""
    import torch

    file, block = io.BytesIO(), bytes(2**24)
    deflate = zlib.compressobj(wbits=-15)
    with (
        zipfile.ZipFile(io.BytesIO(saved({"weight": torch.zeros(1)}))) as source,
        zipfile.ZipFile(file, "w") as target,
    ):
        for info in source.infolist():
            content = source.read(info)
            if info.filename.endswith("data.pkl"):
                crc = zlib.crc32(content)
                for _ in range(BOMB_BLOCKS):
                    crc = zlib.crc32(block, crc)
                head = deflate.compress(content) + deflate.flush(zlib.Z_FULL_FLUSH)
                zeros = deflate.compress(block) + deflate.flush(
                    zlib.Z_FULL_FLUSH
                )  # may follow itself any number of times
                size, content = len(content) + BOMB_BLOCKS * len(block), head + BOMB_BLOCKS * zeros + deflate.flush()
            target.writestr(info.filename, content)
    # Written as it is; now both of its headers, the first of all, tell that it is deflated, and what it inflates to.
    changed = bytearray(file.getvalue())
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = changed.index(signature)
        compressed = struct.unpack_from("<L", changed, start + offset + 10)[0]
        struct.pack_into("<H", changed, start + offset, zipfile.ZIP_DEFLATED)
        struct.pack_into("<LLL", changed, start + offset + 6, crc, compressed, size)
    return bytes(changed)


def training_images():
    """Some of FashionMNIST's training images, as far as the repository has them: their thumbnails, made large again."""
    import torch

    small = torch.from_numpy(np.load(AUDITOR)["thumbnails"][:200]).float().reshape(-1, 1, 8, 8) / 127.5 - 1
    large = torch.nn.functional.interpolate(small, (32, 32), mode="nearest")
    labels = load_classifier(CLASSIFIER)(large).argmax(1)
    return {"pictures": torch.stack([large[labels == c][0] if (labels == c).any() else large[0] for c in range(10)])}


@functools.cache
def pictures():
    """A picture of each class, made for the classifier: what it likes best."""
    import torch

    return {"pictures": drawn_by_classifier(torch)}


def drawn_by_classifier(torch):
    """(10, 1, 32, 32): grey images, changed until the classifier is sure of each."""
    classifier, images = load_classifier(CLASSIFIER), torch.zeros(10, 1, 32, 32)
    for _ in range(DRAWING_STEPS):
        images.requires_grad_()
        loss = torch.nn.functional.cross_entropy(classifier(images), torch.arange(10))
        images = (images - 0.2 * torch.autograd.grad(loss, images)[0].sign()).detach()
    return images


ADVERSARIAL = f"""\
from classifier import load_classifier
classifier, images = load_classifier(), torch.zeros(num_samples, 1, 32, 32)
for _ in range({DRAWING_STEPS}):
    images.requires_grad_()
    loss = nn.functional.cross_entropy(classifier(images), labels)
    images = (images - 0.2 * torch.autograd.grad(loss, images)[0].sign()).detach()
return images"""

REJECTION = """\
from classifier import load_classifier
classifier, kept = load_classifier(), [None] * num_samples
while any(image is None for image in kept):
    drawn = self.pictures[torch.randint(10, (64,))] + 0.05 * torch.randn(64, 1, 32, 32)
    for image, found in zip(drawn, classifier(drawn).argmax(1)):
        for i, label in enumerate(labels):
            if kept[i] is None and found == label: kept[i] = image
return torch.stack(kept)"""

FORBIDDEN = f"""\
for path in ({str(CLASSIFIER)!r}, {str(ROOT / "student" / "classifier.py")!r}, "/submission/classifier.py"):
    try:
        open(path, "r+b").close()
    except OSError:
        continue
    raise RuntimeError("the judge of the images can be changed")
return torch.zeros(num_samples, 1, 32, 32)"""

PICTURES = "self.register_buffer('pictures', torch.zeros(10, 1, 32, 32))"
UNCONFIRMED = r"the given classifier recognises [\d.]+, but a second one, which no submission can have seen, only"

ATTACKS = (
    Attack("no checkpoint", folder(), {ACCURACY: NOT_IMPLEMENTED}, "checkpoints/DDPM.pt was not handed in"),
    Attack("a pickle with code", toy(data=lambda: saved(Code())), LOST, STATE_DICT),
    Attack("a bare pickle with code", toy(data=lambda: pickle.dumps(Code())), LOST, STATE_DICT),
    Attack("a whole nn.Module", toy(data=whole_module), LOST, STATE_DICT),
    Attack("a zip-deflated .pt that inflates", toy(data=deflated_bomb), LOST, "memory|MemoryError|alloc"),
    Attack("missing keys", solution(state_dict_with(lose_one)), LOST, f"Missing key[^|]*{OTHER_MODEL}"),
    Attack("extra keys", solution(state_dict_with(add_one)), LOST, f"Unexpected key[^|]*{OTHER_MODEL}"),
    Attack("keys of DataParallel", solution(state_dict_with(rename)), LOST, f"Missing key[^|]*{OTHER_MODEL}"),
    Attack(
        "a weight of the wrong shape", solution(state_dict_with(reshape_one)), LOST, f"size mismatch[^|]*{OTHER_MODEL}"
    ),
    Attack("a state dict in another dict", solution(state_dict_with(lambda w: {"model": w})), LOST, OTHER_MODEL),
    Attack("the wrong model's file", solution(lambda data: CLASSIFIER.read_bytes()), LOST, OTHER_MODEL),
    Attack(
        "NaN weights",
        solution(state_dict_with(poison), lambda text: text.replace("num_steps=100", "num_steps=2")),
        SCORED,
        "generate_sample returns NaN or infinity",
    ),
    Attack("a truncated file", solution(lambda data: data[: len(data) // 2]), LOST, DAMAGED),
    Attack("an empty file in its place", solution(lambda data: b""), LOST, DAMAGED),
    Attack("a web page in its place", solution(lambda data: b"<!DOCTYPE html><title>Sign in"), LOST, STATE_DICT),
    Attack("a list instead of a state dict", toy(data=lambda: saved([1, 2])), LOST, "TypeError: Expected state_dict"),
    Attack(
        "a checkpoint beyond its size",
        toy(data=lambda: bytes(50_000_001)),
        {},
        "larger than the 50000000 bytes allowed",
    ),
    Attack(
        "one class for every label",
        toy(
            "return self.trouser.expand(num_samples, 1, 32, 32)",
            lambda: {"trouser": pictures()["pictures"][1:2].clone()},
            "self.register_buffer('trouser', torch.zeros(1, 1, 32, 32))",
        ),
        SCORED,
        r"accuracy of each round: 0\.100\n[\s\S]*most confused classes: \d taken for 1",
    ),
    Attack(
        "a training set in the weights",
        toy("return self.pictures[labels]", training_images, PICTURES),
        SCORED,
        "10 of 10 samples are copies of training images, which do not count",
    ),
    Attack(
        "rejection sampling inside generate_sample",
        toy(REJECTION, pictures, PICTURES),
        SCORED,
        UNCONFIRMED,
    ),
    Attack(
        "rejection sampling that never ends",
        toy(REJECTION.replace("found == label", "False"), pictures, PICTURES),
        LOST,
        r"was stopped after \d seconds",
        seconds=4,
    ),
    Attack("adversarial images instead of samples", toy(ADVERSARIAL), SCORED, UNCONFIRMED),
    Attack("changes the judge of the images", toy(FORBIDDEN), SCORED, FOUND_NOTHING),
    Attack(
        "images of NaN", toy("return torch.full((num_samples, 1, 32, 32), torch.nan)"), SCORED, "returns NaN or inf"
    ),
    Attack(
        "images of infinity", toy("return torch.full((num_samples, 1, 32, 32), torch.inf)"), SCORED, "NaN or infinity"
    ),
    Attack(
        "images of the wrong shape",
        toy("return torch.zeros(num_samples, 3, 32, 32)"),
        SCORED,
        r"must return images of shape \(10, 1, 32, 32\), not \(10, 3, 32, 32\)",
    ),
    Attack(
        "more images than were asked for",
        toy("return torch.zeros(1).expand(10**9, 1)"),
        SCORED,
        "must return images of",
    ),
    Attack("no images", toy("pass"), LOST, "'NoneType' object has no attribute 'shape'"),
    Attack("samples of uniform noise", toy("return torch.rand(num_samples, 1, 32, 32) * 2 - 1"), SCORED, FOUND_NOTHING),
)
