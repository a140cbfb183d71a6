"""The weights of part 3, on MNIST: the classifier that judges, the reference DDPM, one of another configuration."""

import os
import shutil
from contextlib import chdir
from pathlib import Path

import torch
from utils import DMConfig, make_dataloader, mnist_transform, solver

from grader import ROOT
from test_resources.references import Reference, accuracy_of_solution

DATA = Path(os.environ.get("GENMODELS_DATA", "data")).resolve()


def loaders(batch_size):
    """Batches of the training and of the test images, standardised."""
    return [make_dataloader(mnist_transform(), batch_size, DATA, train) for train in (True, False)]


def train_ddpm(path, config, seed, device):
    """Train through the students' `solver`, and keep the best weights in float16."""
    torch.manual_seed(seed)
    with chdir(ROOT / "test_resources"):  # an interrupted training goes on from save/, which git ignores
        losses = solver(config, path.stem, *loaders(config.batch_size))
        saved = torch.load(f"save/{path.stem}/best_checkpoint.pth", map_location="cpu", weights_only=True)
        saved["model_state_dict"] = {name: w.half() for name, w in saved["model_state_dict"].items()}
        torch.save(saved, path)
        shutil.rmtree(f"save/{path.stem}")
    return {"test_noise_loss_per_epoch": [round(loss, 4) for loss in losses], "epoch_kept": saved["epoch"]}


REFERENCES = {
    "mnist": Reference(
        ROOT / "solution" / "checkpoints" / "MNIST.pth",
        "MNIST, all 60,000 training images; the epoch is chosen by the 10,000 test images",
        DMConfig(num_feat=64, batch_size=128, epochs=14, learning_rate=1e-3, multi_lr_milestones=[8, 12]),
        train_ddpm,
        accuracy_of_solution,
    ),
}
