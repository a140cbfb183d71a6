"""Train the weights that the repository ships, and record in MANIFEST.json how each came about.

    python test_resources/train_references.py classifier   # test_resources/classifiers/fashion_mnist.pt
    python test_resources/train_references.py ddpm         # solution/checkpoints/DDPM.pt

Needs the real FashionMNIST (GENMODELS_DATA or a download). Interrupted trainings resume.
"""

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "solution"))

import torch  # noqa: E402  (after the path)
import torch.nn.functional as F  # noqa: E402
from assignment import prepare_ddpm  # noqa: E402
from classifier import FashionClassifier, classify  # noqa: E402
from datasets import load  # noqa: E402
from torch import nn  # noqa: E402
from trainers import TrainConfig, best_device, load_weights, train  # noqa: E402

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


def train_classifier(config, device):
    """Train the judge of part 4. Returns its path and the figures reached."""
    path = ROOT / "test_resources" / "classifiers" / "fashion_mnist.pt"
    torch.manual_seed(config.seed)
    classifier = FashionClassifier()
    losses = train(ClassifierLoss(classifier), load("fashion_mnist"), path.with_suffix(".wrapped.pt"), config, device)
    wrapped = ClassifierLoss(classifier)
    load_weights(wrapped, path.with_suffix(".wrapped.pt"))
    torch.save({name: w.half() if w.is_floating_point() else w for name, w in classifier.state_dict().items()}, path)
    path.with_suffix(".wrapped.pt").unlink()
    images, labels = load("fashion_mnist", train=False).tensors
    classifier.cpu().eval()
    predicted = classify(classifier, images)
    per_class = [(predicted[labels == c] == c).double().mean().item() for c in range(10)]
    return path, {
        "test_accuracy": (predicted == labels).double().mean().item(),
        "test_accuracy_per_class": [round(a, 4) for a in per_class],
        "losses": losses,
    }


def train_ddpm(config, device):
    """Train the reference of `prepare_ddpm`. Returns its path and its losses; `grader grade` measures accuracy."""
    path = ROOT / "solution" / "checkpoints" / "DDPM.pt"
    torch.manual_seed(config.seed)
    return path, {"losses": train(prepare_ddpm(), load("fashion_mnist"), path, config, device)}


TRAININGS = {"classifier": (train_classifier, 10), "ddpm": (train_ddpm, 12)}


def record(path, figures, config, seconds, device):
    """Write one entry of the manifest: how the file was made, and what it reached."""
    manifest = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}
    manifest[str(path.relative_to(ROOT))] = {
        "command": "python test_resources/train_references.py " + " ".join(sys.argv[1:]),
        "data": "FashionMNIST, all 60,000 training images",
        "seed": config.seed,
        "epochs": config.epochs,
        "batch_size": config.batch_size,
        "learning_rate": config.learning_rate,
        "torch": torch.__version__,
        "device": str(device),
        "seconds_of_last_run": round(seconds),
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "figures": figures,
    }
    MANIFEST.write_text(json.dumps(dict(sorted(manifest.items())), indent=2) + "\n")


def main():
    """Train one reference and record it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=TRAININGS)
    parser.add_argument("--epochs", type=int, help="passes over the data (default: what the shipped weights had)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    function, epochs = TRAININGS[arguments.which]
    config = TrainConfig(epochs=arguments.epochs or epochs, seed=arguments.seed)
    device = best_device()
    start = time.monotonic()
    path, figures = function(config, device)
    record(path, figures, config, time.monotonic() - start, device)
    print(f"{path.relative_to(ROOT)}: {figures}")


if __name__ == "__main__":
    main()
