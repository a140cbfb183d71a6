"""The trusted judge of images: a process that never runs student code.

Started as `python -m grader.scoring CLASSIFIER`. Reads one path of an .npy of images a line on standard input, and
answers each with a JSON object: the fields of `rounds.Judged`.
"""

import json
import sys

import numpy as np

from grader.case import InfrastructureError
from grader.classifiers import BLACK, given, is_there, verified


def main() -> None:
    """Serve until standard input closes."""
    import torch

    name, network = sys.argv[1], given()
    classifier = network.load_classifier(verified(f"{name}.pt"))
    audit, compare = _audit(name, network), _compare(name)
    for line in sys.stdin:
        images = torch.from_numpy(np.load(line.rstrip("\n"), allow_pickle=False))
        judged = {"predicted": network.classify(classifier, images, low=BLACK[name])} | audit(images)
        judged = {field: values.tolist() for field, values in judged.items()}
        print(json.dumps(judged | {"quality": compare(images)}), flush=True)


def _audit(name, network):
    """What the auditor of a classifier says of images; nothing where there is none, as on a student's machine."""
    if not is_there(f"{name}_auditor.pt"):
        return lambda images: {}
    import torch

    from grader.auditor import COPY_DISTANCE, distances, load_auditor

    auditor = load_auditor(verified(f"{name}_auditor.pt"))
    known = torch.from_numpy(np.load(verified(f"{name}_auditor.npz"))["thumbnails"])
    return lambda images: {
        "audited": network.classify(auditor, images),
        "copied": distances(images, known) < COPY_DISTANCE,
    }


def _compare(name):
    """How images so far compare with real ones; None where no statistics of those are, as on a student's machine."""
    if not is_there(f"{name}_features.npz"):
        return lambda images: None
    from grader.quality import Comparison

    comparison = Comparison.load(name)

    def compare(images):
        comparison.add(images)
        return comparison.figures()

    return compare


if __name__ == "__main__":
    try:
        main()
    except InfrastructureError as error:
        sys.exit(str(error))
