"""Measure what real images look like to the classifiers, for the Frechet distance of generated ones.

    python test_resources/measure_features.py [NAME ...]   # default: all classifiers

Writes <NAME>_features.npz beside each classifier and records it in MANIFEST.json. Repeat it when the weights change.
The statistics are those of the training images: there are more of them, and the classifier's features of test images
hardly differ. What real images would get is measured with the test images, which are not among them.
Needs the real datasets (in $GENMODELS_DATA, or downloaded).
"""

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "solution")]

import numpy as np  # noqa: E402  (after the path)
from classifier import load_classifier  # noqa: E402
from datasets import DatasetError, load  # noqa: E402
from tqdm import tqdm  # noqa: E402

from grader.classifiers import BLACK, FOLDER, recorded, verified  # noqa: E402
from grader.quality import Spread, Statistics, features  # noqa: E402
from test_resources.references import cifar10, mnist, synthetic  # noqa: E402
from test_resources.train_references import identity, record  # noqa: E402

PER_CLASS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700)  # as many as there are test images
DRAWS = 50  # of each number
REAL = {  # the training or the test images of each classifier, and their labels
    "cifar10": lambda train: cifar10.photos("train" if train else "test"),
    "fashion_mnist": lambda train: load("fashion_mnist", train),
    "mnist": mnist.digits,
    "synthetic": lambda train: load("synthetic", train, synthetic.CHANNELS),
}


def measure(classifier, low, training, held_out, labels, seed=0):
    """The statistics of real images.

    Args:
        classifier: a `ConvClassifier`, frozen.
        low: the least value of an image that it knows.
        training, held_out: (N, C, H, W) and (M, C, H, W), float32.
        labels: of the held-out images, (M,) int64.
        seed: of the draws of held-out images.

    Returns:
        `Statistics` in float32, and the standard deviation over the draws for each number of images.
    """
    known, others = (features(classifier, images, low) for images in (training, held_out))
    spread = Spread(classifier.head[-1].out_features, known.shape[1])
    spread.add(others, classifier.head(others).argmax(1))
    mean, covariance = known.double().mean(dim=0), known.double().T.cov()
    real = Statistics(mean.float().numpy(), covariance.float().numpy(), len(known), spread.value(), (), ())
    by_class = [np.flatnonzero(labels == c) for c in range(len(labels.bincount()))]
    per_class, rng = [n for n in PER_CLASS if n <= min(map(len, by_class))], np.random.default_rng(seed)

    def draw(number):
        return np.concatenate([rng.choice(of_class, number, replace=False) for of_class in by_class])

    drawn = np.array([[distance(real, others[draw(n)]) for _ in range(DRAWS)] for n in tqdm(per_class)])
    samples = len(by_class) * np.array(per_class)
    return replace(real, samples=samples, distances=drawn.mean(axis=1)), drawn.std(axis=1)


def distance(real, found):
    """The Frechet distance of these features to real images."""
    metric = real.metric()
    metric.update(found, real=False)
    return metric.compute().item()


def main():
    """Measure for some classifiers, and record it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(REAL)}")
    names = parser.parse_args().names or list(REAL)
    if unknown := sorted(set(names) - REAL.keys()):
        parser.error(f"no classifier {', '.join(unknown)}: there are {', '.join(REAL)}")
    for name in names:
        training, (held_out, labels) = REAL[name](True).tensors[0], REAL[name](False).tensors
        classifier = load_classifier(verified(f"{name}.pt"))
        real, deviations = measure(classifier, BLACK[name], training, held_out, labels)
        path = FOLDER / f"{name}_features.npz"
        np.savez_compressed(path, **asdict(real))
        entry = {
            "command": f"python test_resources/measure_features.py {name}",
            "data": f"{len(training)} training images; {DRAWS} draws of each number from {len(held_out)} test images",
            "classifier_sha256": recorded(f"{name}.pt")["sha256"],
            **identity(path),
            "figures": {
                "samples": real.samples.tolist(),
                "distances": [round(d, 4) for d in real.distances.tolist()],
                "deviations": [round(d, 4) for d in deviations.tolist()],
            },
        }
        record(str(path.relative_to(ROOT)), entry)
        print(f"{path.name}: {entry['figures']}")


if __name__ == "__main__":
    try:
        main()
    except DatasetError as error:
        sys.exit(str(error))
