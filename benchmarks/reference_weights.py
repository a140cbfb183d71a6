"""Measures the weights that the repository ships: the references, their judges, and the oracle generators.

    python benchmarks/reference_weights.py [NAME...] [--device cpu]

NAME is one of `test_resources/train_references.py`; by default all are measured, each into a result of its own. Needs
the real datasets, in $GENMODELS_DATA or as downloads. MANIFEST.json stays as it is.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "solution")]

import torch  # noqa: E402  (after the path)
from trainers import best_device  # noqa: E402

from benchmarks.record import figure, named, record  # noqa: E402
from test_resources.train_references import REFERENCES  # noqa: E402

SHARES = {  # names of shares in what a reference measures, and what the page says of them
    "confirmed": "Confirmed by the auditor",
    "unlisted": "Found of conditions that no list names",
    "precision": "Precision",
    "recall": "Recall",
    "test_accuracy": "Accuracy on test images",
    "held_out_top_k": "Objects found in new scenes",
    "held_out_varied_top_k": "Objects found in new scenes of varied look",
    "held_out_flat_top_k": "Objects found in flat scenes, a style that it was not trained on",
}


def figures_of(measured: Mapping, of: str = "") -> Iterator[dict]:
    """The figures of what a reference measured, for benchmarks/results.

    Args:
        measured: {name: figure}, or {accuracy: {name: figure}} where one checkpoint is graded by several.
        of: which of several.
    """
    end = f", {of}" if of else ""
    for name, nested in measured.items():
        if isinstance(nested, Mapping):
            yield from figures_of(nested, name)
    if "mean" in measured:
        low, high = measured["interval"]
        what = f"Recognised as asked for, of {measured['samples']:,}{end} (95% interval {low:.1%} to {high:.1%})"
        yield figure(what, 100 * measured["mean"], "%")
    if rounds := measured.get("accuracies"):
        spread = f"{100 * min(rounds):.1f} to {100 * max(rounds):.1f}%"
        yield figure(f"Accuracy of the rounds, from lowest to highest{end}", spread)
    for name, what in SHARES.items():
        if name in measured:
            yield figure(f"{what}{end}", 100 * measured[name], "%")
    if "copies" in measured:
        yield figure(f"Copies of training images{end}", measured["copies"])
    if "distance" in measured:
        real = ("the same number of real images", measured["real_distance"])
        what = f"Frechet distance to real images, in the classifier's features{end}"
        yield figure(what, measured["distance"], baseline=real)


def main():
    """Measure, print the figures, and yield the name of each result, its data and its figures."""
    once = {reference.path: name for name, reference in reversed(REFERENCES.items())}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(REFERENCES)}")
    parser.add_argument("--device", type=torch.device, default=best_device())
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - REFERENCES.keys()):
        parser.error(f"there is no reference {unknown[0]!r}: choose from {', '.join(REFERENCES)}")
    for name in arguments.names or sorted(once.values()):
        reference = REFERENCES[name]
        figures = list(figures_of(reference.measure(reference.path, arguments.device)))
        for one in figures:
            print(f"{name:22} {one['value']:>16} {one['unit']:2} {one['what']}", flush=True)
        yield named("reference_weights", name), reference, figures


if __name__ == "__main__":
    for name, reference, measured in main():
        record(name, measured, note=f"`{reference.path.relative_to(ROOT)}`, trained on: {reference.data}.")
