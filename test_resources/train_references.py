"""Train the weights that the repository ships, and record in MANIFEST.json how each came about.

    python test_resources/train_references.py classifier   # test_resources/classifiers/fashion_mnist.pt
    python test_resources/train_references.py auditor      # test_resources/classifiers/fashion_mnist_auditor.pt, .npz
    python test_resources/train_references.py ddpm         # solution/checkpoints/DDPM.pt

    python test_resources/train_references.py ddpm --measure   # only measures the checkpoint that is there

Needs the real FashionMNIST (GENMODELS_DATA or a download). Interrupted trainings resume.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "solution")]

import numpy as np  # noqa: E402  (after the path)
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from assignment import prepare_ddpm  # noqa: E402
from classifier import CLASSES, FashionClassifier, classify, load_classifier  # noqa: E402
from datasets import DatasetError, load  # noqa: E402
from torch import nn  # noqa: E402
from trainers import TrainConfig, TrainingError, best_device, load_weights, save_weights, train  # noqa: E402

from grader import assignment as assignments  # noqa: E402
from grader import golden  # noqa: E402
from grader.accuracy import grade_accuracy, tasks  # noqa: E402
from grader.auditor import COPY_DISTANCE, Auditor, distances, load_auditor, thumbnails  # noqa: E402
from grader.grading import open_submission  # noqa: E402
from grader.sandbox import start  # noqa: E402

QUANTILES = torch.tensor([0.0, 0.001, 0.01, 0.1, 0.5])
MANIFEST = ROOT / "test_resources" / "MANIFEST.json"


class ClassifierLoss(nn.Module):
    """Cross-entropy on images that are flipped and shifted at random: both keep the class of a garment."""

    def __init__(self, classifier):
        super().__init__()
        self.classifier = classifier

    def forward(self, images, labels):
        """images: (B, 1, 32, 32) in [-1, 1]; labels: (B,). Returns the mean loss, label smoothing 0.05."""
        flip = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
        images = torch.where(flip, images.flip(3), images)
        dx, dy = torch.randint(-2, 3, (2,)).tolist()
        images = images.roll((dy, dx), dims=(2, 3))
        return F.cross_entropy(self.classifier(images), labels, label_smoothing=0.05)


def train_classifier(path, config, device):
    """Train the judge of part 4. Returns the losses."""
    wrapped_path = path.with_suffix(".wrapped.pt")
    torch.manual_seed(config.seed)
    model = ClassifierLoss(FashionClassifier())
    losses = train(model, load("fashion_mnist"), wrapped_path, config, device)
    load_weights(model, wrapped_path)
    save_weights(model.classifier, path)
    wrapped_path.unlink()
    return losses


class AuditorLoss(nn.Module):
    """Cross-entropy on images that are flipped, shifted and noisy: what is tuned to another network is noise to it."""

    def __init__(self):
        super().__init__()
        self.auditor = Auditor()

    def forward(self, images, labels):
        """images: (B, 1, 32, 32) in [-1, 1]; labels: (B,). Returns the mean loss, label smoothing 0.05."""
        flip = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
        images = torch.where(flip, images.flip(3), images)
        dx, dy = torch.randint(-2, 3, (2,)).tolist()
        noise = 0.4 * torch.rand(len(images), 1, 1, 1, device=images.device) * torch.randn_like(images)
        images = (images.roll((dy, dx), dims=(2, 3)) + noise).clamp(-1, 1)
        return F.cross_entropy(self.auditor(images), labels, label_smoothing=0.05)


def train_auditor(path, config, device):
    """Train the auditor, and keep thumbnails of all training images beside it. Returns the losses."""
    wrapped_path = path.with_suffix(".wrapped.pt")
    torch.manual_seed(config.seed)
    model, dataset = AuditorLoss(), load("fashion_mnist")
    losses = train(model, dataset, wrapped_path, config, device)
    load_weights(model, wrapped_path)
    save_weights(model.auditor, path)
    wrapped_path.unlink()
    np.savez_compressed(path.with_suffix(".npz"), thumbnails=thumbnails(dataset.tensors[0]).numpy())
    return losses


def measure_auditor(path, device):
    """Accuracy on the 10,000 test images, and how near they come to training images."""
    images, labels = load("fashion_mnist", train=False).tensors
    predicted = classify(load_auditor(path), images)
    known = torch.from_numpy(np.load(path.with_suffix(".npz"))["thumbnails"])
    nearest = torch.cat([distances(batch, known) for batch in images.split(500)])
    return {
        "test_accuracy": (predicted == labels).double().mean().item(),
        "test_images_taken_for_copies": (nearest < COPY_DISTANCE).double().mean().item(),
        "nearest_training_image_quantiles": [round(q, 2) for q in nearest.quantile(QUANTILES).tolist()],
    }


def measure_classifier(path, device):
    """Accuracy on the 10,000 test images."""
    images, labels = load("fashion_mnist", train=False).tensors
    predicted = classify(load_classifier(path), images)
    per_class = [(predicted[labels == c] == c).double().mean().item() for c in range(len(CLASSES))]
    return {
        "test_accuracy": (predicted == labels).double().mean().item(),
        "test_accuracy_per_class": [round(accuracy, 4) for accuracy in per_class],
    }


def train_ddpm(path, config, device):
    """Train the reference of `prepare_ddpm`. Returns the losses."""
    torch.manual_seed(config.seed)
    return train(prepare_ddpm(), load("fashion_mnist"), path, config, device)


def measure_ddpm(path, device):
    """The accuracy of the solution's checkpoint as the grader measures it, over all rounds of the policy."""
    assignment, tier = assignments.load(staff=True), start("process")
    with open_submission(assignment, tier, golden.load(assignment.resources), assignment.solution) as grading:
        task = next(task for task in tasks(assignment.policy) if task.policy.checkpoint == f"checkpoints/{path.name}")
        verdict = grade_accuracy(grading, task, str(device), every_round=True)
    tier.close()
    print(verdict.message)
    return dict(verdict.figures)


class Reference(NamedTuple):
    """One weight file of the repository."""

    path: Path
    epochs: int  # what the shipped weights had
    train: Callable  # train(path, config, device) -> losses
    measure: Callable  # measure(path, device) -> figures


REFERENCES = {
    "classifier": Reference(
        ROOT / "test_resources" / "classifiers" / "fashion_mnist.pt", 10, train_classifier, measure_classifier
    ),
    "auditor": Reference(
        ROOT / "test_resources" / "classifiers" / "fashion_mnist_auditor.pt", 10, train_auditor, measure_auditor
    ),
    "ddpm": Reference(ROOT / "solution" / "checkpoints" / "DDPM.pt", 12, train_ddpm, measure_ddpm),
}


def entry(name, reference, config, device):
    """Train, and tell how: the manifest's entry, without the figures that are measured."""
    start = time.monotonic()
    losses = reference.train(reference.path, config, device)
    return {
        "command": f"python test_resources/train_references.py {name} --epochs {config.epochs} --seed {config.seed}",
        "data": "FashionMNIST, all 60,000 training images",
        "seed": config.seed,
        "epochs": config.epochs,
        "batch_size": config.batch_size,
        "learning_rate": config.learning_rate,
        "torch": torch.__version__,
        "device": str(device),
        "seconds_of_last_run": round(time.monotonic() - start),
        "bytes": reference.path.stat().st_size,
        "sha256": hashlib.sha256(reference.path.read_bytes()).hexdigest(),
        "figures": {"losses": losses},
    }


def main():
    """Train or measure one reference, and record it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=REFERENCES)
    parser.add_argument("--epochs", type=int, help="passes over the data (default: what the shipped weights had)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--measure", action="store_true", help="do not train; measure the file that is there")
    arguments = parser.parse_args()
    reference, device = REFERENCES[arguments.which], best_device()
    key = str(reference.path.relative_to(ROOT))
    manifest = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}
    if not arguments.measure:
        config = TrainConfig(epochs=arguments.epochs or reference.epochs, seed=arguments.seed)
        manifest[key] = entry(arguments.which, reference, config, device)
        MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n")  # the scorer verifies hashes against it
    manifest[key]["figures"] |= reference.measure(reference.path, device)
    MANIFEST.write_text(json.dumps(dict(sorted(manifest.items())), indent=2) + "\n")
    print(f"{key}: {manifest[key]['figures']}")


if __name__ == "__main__":
    try:
        main()
    except (DatasetError, TrainingError) as error:
        sys.exit(str(error))
