"""Measures the classifiers' features of real images, for the Frechet distance to generated ones.

    python test_resources/measure_features.py [NAME ...]   # default: all classifiers

Writes <NAME>_features.npz beside each classifier and records it in MANIFEST.json. Run it again when the weights change.
The statistics come from the training images, because there are more of them and the features of test images hardly
differ. The test images show which distance real images would get. The script needs the real datasets (in
$GENMODELS_DATA, or downloaded).
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

from grader.accuracy.classifiers import FOLDER, about, recorded, verified  # noqa: E402
from grader.accuracy.staff.frechet import Spread, Statistics, features  # noqa: E402
from test_resources.references import cifar10, mnist, synthetic  # noqa: E402
from test_resources.train_references import identity, record  # noqa: E402

PER_CLASS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700)  # as far as the test images go
DRAWS = 50  # random draws of each number of images
REAL = {  # name of a classifier -> function that loads its training or test images with labels
    "cifar10": lambda train: cifar10.photos("train" if train else "test"),
    "fashion_mnist": lambda train: load("fashion_mnist", train),
    "mnist": mnist.digits,
    "synthetic": lambda train: load("synthetic", train, synthetic.CHANNELS),
}


def measure(classifier, low, training, held_out, labels, seed=0):
    """Measure the statistics of real images.

    Args:
        classifier: a frozen `ConvClassifier`.
        low: lowest pixel value of the images that it was trained on.
        training, held_out: images, (N, C, H, W) and (M, C, H, W), float32.
        labels: labels of the held-out images, (M,) int64.
        seed: seed for drawing held-out images.

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
    """The Frechet distance between these features and those of real images."""
    metric = real.metric()
    metric.update(found, real=False)
    return metric.compute().item()


def main():
    """Measure the features of some classifiers, and record them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(REAL)}")
    names = parser.parse_args().names or list(REAL)
    if unknown := sorted(set(names) - REAL.keys()):
        parser.error(f"there is no classifier {', '.join(unknown)}: choose from {', '.join(REAL)}")
    for name in names:
        training, (held_out, labels) = REAL[name](True).tensors[0], REAL[name](False).tensors
        classifier = load_classifier(verified(f"{name}.pt"))
        real, deviations = measure(classifier, about(name).lowest, training, held_out, labels)
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
