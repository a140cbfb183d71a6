"""The trusted judge of images: a process that never runs student code.

Started as `python -m grader.scoring CLASSIFIER`. Reads one path of an .npy of images a line on standard input, and
answers each with a JSON list of predicted classes.
"""

import hashlib
import importlib.util
import json
import sys

import numpy as np

from grader import ROOT


def main() -> None:
    """Serve until standard input closes."""
    import torch

    name = sys.argv[1]
    given = _given_classifier()
    classifier = given.load_classifier(_verified_weights(name))
    for line in sys.stdin:
        images = torch.from_numpy(np.load(line.rstrip("\n"), allow_pickle=False))
        print(json.dumps(given.classify(classifier, images).tolist()), flush=True)


def _given_classifier():
    """The network, from the given file."""
    spec = importlib.util.spec_from_file_location("given_classifier", ROOT / "student" / "classifier.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _verified_weights(name):
    """The path of the weights, which must be those that the manifest tells of."""
    path = ROOT / "test_resources" / "classifiers" / f"{name}.pt"
    manifest = json.loads((ROOT / "test_resources" / "MANIFEST.json").read_text())
    recorded = manifest[str(path.relative_to(ROOT))]["sha256"]
    if hashlib.sha256(path.read_bytes()).hexdigest() != recorded:
        raise SystemExit(f"{path} is not the file that MANIFEST.json records: restore it with git")
    return path


if __name__ == "__main__":
    main()
