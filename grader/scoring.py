"""The trusted judge of images: a process that never runs student code.

Started as `python -m grader.scoring CLASSIFIER`. Reads one path of an .npy of images a line on standard input, and
answers each with a JSON object: the fields of `rounds.Judged`.
"""

import hashlib
import importlib.util
import json
import sys

import numpy as np

from grader import ROOT

FOLDER = ROOT / "test_resources" / "classifiers"
BLACK = {"cifar10": -1.0, "fashion_mnist": -1.0, "mnist": 0.0}  # least value of an image, by classifier; white is 1


def main() -> None:
    """Serve until standard input closes."""
    import torch

    name, given = sys.argv[1], _given_classifier()
    classifier = given.load_classifier(_verified(f"{name}.pt"))
    audit = _audit(name, given)
    for line in sys.stdin:
        images = torch.from_numpy(np.load(line.rstrip("\n"), allow_pickle=False))
        judged = {"predicted": given.classify(classifier, images, low=BLACK[name])} | audit(images)
        print(json.dumps({name: values.tolist() for name, values in judged.items()}), flush=True)


def _audit(name, given):
    """What the auditor of a classifier says of images; nothing where there is none, as on a student's machine."""
    if not (FOLDER / f"{name}_auditor.pt").exists():
        return lambda images: {}
    import torch

    from grader.auditor import COPY_DISTANCE, distances, load_auditor

    auditor = load_auditor(_verified(f"{name}_auditor.pt"))
    known = torch.from_numpy(np.load(_verified(f"{name}_auditor.npz"))["thumbnails"])
    return lambda images: {
        "audited": given.classify(auditor, images),
        "copied": distances(images, known) < COPY_DISTANCE,
    }


def _given_classifier():
    """The network, from the given file."""
    spec = importlib.util.spec_from_file_location("given_classifier", ROOT / "student" / "classifier.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _verified(name):
    """The path of a file of a classifier, which must be the one that the manifest tells of."""
    path = FOLDER / name
    manifest = json.loads((ROOT / "test_resources" / "MANIFEST.json").read_text())
    recorded = manifest[str(path.relative_to(ROOT))]["sha256"]
    if hashlib.sha256(path.read_bytes()).hexdigest() != recorded:
        raise SystemExit(f"{path} is not the file that MANIFEST.json records: restore it with git")
    return path


if __name__ == "__main__":
    main()
