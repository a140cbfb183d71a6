"""The trusted judge of images: a process that never runs student code.

Started as `python -m grader.scoring CLASSIFIER`. Reads one path of an .npy of images a line on standard input, and
answers each with a JSON object: the fields of `rounds.Judged`.
"""

import json
import sys

import numpy as np

from grader.case import InfrastructureError
from grader.classifiers import BLACK, OF_SCENES, given, is_there, verified

BATCH = 500


def main() -> None:
    """Serve until standard input closes."""
    import torch

    name = sys.argv[1]
    see, find_copies, compare = (_objects if name in OF_SCENES else _classes)(name), _copies(name), _compare(name)
    for line in sys.stdin:
        images = torch.from_numpy(np.load(line.rstrip("\n"), allow_pickle=False))
        judged = {field: values.tolist() for field, values in (see(images) | find_copies(images)).items()}
        print(json.dumps(judged | {"quality": compare(images)}), flush=True)


def _classes(name):
    """What a classifier and its auditor say: the class of each image, (N,)."""
    network = given("classifier")
    judges = {"predicted": network.load_classifier(verified(f"{name}.pt"))} | _auditor(name, "load_auditor")
    return lambda images: {field: network.classify(j, images, low=BLACK[name]) for field, j in judges.items()}


def _objects(name):
    """What an evaluator and its auditor say: how likely each object is in each image, (N, 24)."""
    import torch

    evaluator = given("evaluator").evaluation_model(verified(f"{name}.pt"), device="cpu")
    judges = {"predicted": evaluator.resnet18} | _auditor(name, "load_scene_auditor")

    def see(images):
        batches = images.clamp(BLACK[name], 1).split(BATCH)
        return {field: torch.cat([judge(batch) for batch in batches]) for field, judge in judges.items()}

    return see


def _auditor(name, load):
    """The auditor's field with its network; nothing where there is none, as on a student's machine."""
    if not is_there(f"{name}_auditor.pt"):
        return {}
    from grader import auditor

    return {"audited": getattr(auditor, load)(verified(f"{name}_auditor.pt"))}


def _copies(name):
    """Which images are training images; nothing where those are not known."""
    if not is_there(f"{name}_auditor.npz"):
        return lambda images: {}
    import torch

    from grader.auditor import COPY_DISTANCE, distances

    known = torch.from_numpy(np.load(verified(f"{name}_auditor.npz"))["thumbnails"])
    return lambda images: {"copied": distances(images, known) < COPY_DISTANCE}


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
