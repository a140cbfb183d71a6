"""The trusted judge of images: a process that never runs student code.

Started as `python -m grader.accuracy.scorer_process CLASSIFIER`. It reads one path of an .npy of images a line on
standard input, and answers each with a JSON object: the fields of `rounds.Judged`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.accuracy.classifiers import about, given, is_there, verified
from grader.runtime.errors import InfrastructureError

if TYPE_CHECKING:
    import torch
    from torch import nn

BATCH = 500
See = Callable[["torch.Tensor"], dict[str, "torch.Tensor"]]  # images, (N, C, H, W), to fields of `Judged`


def main() -> None:
    """Serve until standard input closes."""
    import torch

    name = sys.argv[1]
    see = {"classes": _classes, "objects": _objects}[about(name).sees](name)
    find_copies, compare = _copies(name), _compare(name)
    for line in sys.stdin:
        images = torch.from_numpy(np.load(line.rstrip("\n"), allow_pickle=False))
        judged = {field: values.tolist() for field, values in (see(images) | find_copies(images)).items()}
        print(json.dumps(judged | {"quality": compare(images)}), flush=True)


def _classes(name: str) -> See:
    """What a classifier and its auditor say: the class of each image, (N,)."""
    network, low = given(about(name).module), about(name).lowest
    judges = {"predicted": network.load_classifier(verified(f"{name}.pt"))} | _auditor(name)
    return lambda images: {field: network.classify(j, images, low=low) for field, j in judges.items()}


def _objects(name: str) -> See:
    """What an evaluator and its auditor say: how likely each object is in each image, (N, K)."""
    import torch

    evaluator = given(about(name).module).evaluation_model(verified(f"{name}.pt"), device="cpu")
    judges = {"predicted": evaluator.resnet18} | _auditor(name)

    def see(images: torch.Tensor) -> dict[str, torch.Tensor]:
        batches = torch.split(images.clamp(about(name).lowest, 1), BATCH)
        return {field: torch.cat([judge(batch) for batch in batches]) for field, judge in judges.items()}

    return see


def _auditor(name: str) -> dict[str, nn.Module]:
    """The auditor's field with its network; nothing where there is none, as on a student's machine."""
    if not is_there(f"{name}_auditor.pt"):
        return {}
    from grader.accuracy.staff.auditor import load_auditor

    return {"audited": load_auditor(about(name).sees, verified(f"{name}_auditor.pt"))}


def _copies(name: str) -> See:
    """Which images are training images; nothing where those are not known."""
    if not is_there(f"{name}_auditor.npz"):
        return lambda images: {}
    import torch

    from grader.accuracy.staff.auditor import COPY_DISTANCE, distances

    known = torch.from_numpy(np.load(verified(f"{name}_auditor.npz"))["thumbnails"])
    return lambda images: {"copied": distances(images, known) < COPY_DISTANCE}


def _compare(name: str) -> Callable[[torch.Tensor], dict[str, Any] | None]:
    """How images so far compare with real ones; None without their statistics, as on a student's machine."""
    if not is_there(f"{name}_features.npz"):
        return lambda images: None
    from grader.accuracy.staff.frechet import Comparison

    comparison = Comparison.load(name)

    def compare(images: torch.Tensor) -> dict[str, Any]:
        comparison.add(images)
        return comparison.figures()

    return compare


if __name__ == "__main__":
    try:
        main()
    except InfrastructureError as error:
        sys.exit(str(error))
