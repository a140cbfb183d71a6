"""Given: trains the models of part 4 and tries them out.

python main.py --model ddpm --mode train                  # writes checkpoints/DDPM.pt; if interrupted, repeat to resume
python main.py --model ddpm --mode generate               # writes outputs/ddpm.png and prints the accuracy
python main.py --model ddpm --mode grade                  # grades that checkpoint as the grader will
python main.py --model ddpm --profile tiny                # does all three in two minutes on a CPU, as a test
python main.py --model ddpm --mode train --data synthetic # trains on digits that your machine draws: no download

--model is ddpm, ddim, vae or lddpm. The checkpoint of a DDPM fits a DDIM with the same network and scheduler:
python main.py --model ddim --mode generate --checkpoint checkpoints/DDPM.pt. To hand it in, copy it to DDIM.pt.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from assignment import prepare_ddim, prepare_ddpm, prepare_lddpm, prepare_vae
from classifier import ClassifierError, classify, load_classifier
from datasets import DatasetError, load
from pictures import save_grid
from train_latent import train_lddpm, train_vae
from trainers import TrainConfig, TrainingError, autocast, best_device, load_weights, run, train

HERE = Path(__file__).resolve().parent
CLASSES = 10
# The tiny profile only shows that everything works. Its poor checkpoint goes where it overwrites no other.
PROFILES = {
    "full": {"folder": Path("checkpoints"), "epochs": TrainConfig.epochs, "limit": None, "num_samples": 200},
    "tiny": {"folder": Path("outputs") / "tiny", "epochs": 1, "limit": 6400, "num_samples": 50},
}


@dataclass(frozen=True)
class Model:
    """How to build and train one of the models."""

    prepare: Callable  # called as prepare(), returns the model
    name: str  # file name of its checkpoint
    train: Callable  # called like `trainers.train`


MODELS = {
    "ddpm": Model(prepare_ddpm, "DDPM.pt", train),
    "ddim": Model(prepare_ddim, "DDIM.pt", train),
    "vae": Model(prepare_vae, "VAE.pt", train_vae),
    "lddpm": Model(prepare_lddpm, "LDDPM.pt", train_lddpm),
}


def train_model(model, arguments):
    """Train the model and print its losses."""
    dataset = load(arguments.data)
    if arguments.limit:
        dataset = torch.utils.data.TensorDataset(*(tensor[: arguments.limit] for tensor in dataset.tensors))
    config = TrainConfig(arguments.epochs, arguments.batch_size, arguments.learning_rate, seed=arguments.seed)
    how = MODELS[arguments.model].train
    losses = how(model, dataset, arguments.checkpoint, config, arguments.device, resume=not arguments.fresh)
    print(f"{arguments.checkpoint}: loss {losses[0]:.4f} after the first epoch, {losses[-1]:.4f} after the last")


def generate(model, arguments):
    """Generate equally many images of each class, save a grid, and print how many the classifier recognises."""
    device, labels = torch.device(arguments.device), torch.arange(arguments.num_samples) % CLASSES
    model = load_weights(model, arguments.checkpoint).to(device).eval()
    classifier = load_classifier(device=device) if arguments.data == "fashion_mnist" else None
    torch.manual_seed(arguments.seed)
    with torch.no_grad(), autocast(device):
        images = model.generate_sample(len(labels), device=device, labels=labels).float()
    path = f"outputs/{arguments.model}.png"
    save_grid(images[: 10 * CLASSES], path, columns=CLASSES)
    print(f"{path}: a column for each class")
    if classifier:
        predicted = classify(classifier, images)
        print(f"accuracy: {(predicted == labels).double().mean():.3f} ({len(labels)} samples)")
    else:
        print("no accuracy: the classifier only knows FashionMNIST")


def grade(arguments):
    """Grade what the checkpoint generates, with the files of this folder as the submission.

    Raises:
        TrainingError: there is no checkpoint, or no grader next to this folder.
    """
    grader, submission = HERE.parent / "grader", Path("outputs") / "submission"
    if not (grader / "conftest.py").exists():
        raise TrainingError(f"there is no grader in {grader}: run main.py in the assignment's own folder")
    if not arguments.checkpoint.exists():
        raise TrainingError(f"there is no checkpoint {arguments.checkpoint}: train first, with --mode train")
    shutil.rmtree(submission, ignore_errors=True)
    (submission / "checkpoints").mkdir(parents=True)
    for path in HERE.glob("*.py"):
        shutil.copy(path, submission)
    shutil.copy(arguments.checkpoint, submission / "checkpoints" / MODELS[arguments.model].name)
    what = ["--submission", submission.resolve(), "--accuracy", "-k", f"4.{arguments.model}_accuracy"]
    command = [sys.executable, "-m", "pytest", grader, *what, "--device", arguments.device]
    subprocess.run(list(map(str, command)), cwd=HERE.parent, check=False)  # pytest reports everything


def parse(arguments=None):
    """Parse the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--mode", choices=("train", "generate", "grade"), help="what to do (default: all three)")
    parser.add_argument("--profile", choices=PROFILES, default="full", help="tiny: few images, one epoch, only a test")
    parser.add_argument("--data", default="fashion_mnist", help="fashion_mnist, synthetic, or a folder of images")
    parser.add_argument("--epochs", type=int, help="passes over the data (full: 10, tiny: 1)")
    parser.add_argument("--batch-size", type=int, default=TrainConfig.batch_size)
    parser.add_argument("--learning-rate", type=float, default=TrainConfig.learning_rate)
    parser.add_argument("--limit", type=int, help="train on only the first LIMIT images")
    parser.add_argument("--num-samples", type=int, help="number of images to generate (full: 200, tiny: 50)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default=str(best_device()), help="cpu, cuda, cuda:1 or mps (default: the fastest)")
    parser.add_argument("--checkpoint", help="default: checkpoints/<MODEL>.pt (tiny: in outputs/tiny)")
    parser.add_argument("--fresh", action="store_true", help="start again instead of resuming")
    arguments = parser.parse_args(arguments)
    profile = PROFILES[arguments.profile]
    for name in ("epochs", "limit", "num_samples"):
        if getattr(arguments, name) is None:
            setattr(arguments, name, profile[name])
    arguments.checkpoint = Path(arguments.checkpoint or profile["folder"] / MODELS[arguments.model].name)
    return arguments


def main(arguments=None):
    """Run one mode of one model, or all three."""
    arguments = parse(arguments)
    torch.manual_seed(arguments.seed)
    if arguments.mode in ("train", None):
        train_model(MODELS[arguments.model].prepare(), arguments)
    if arguments.mode in ("generate", None):
        generate(MODELS[arguments.model].prepare(), arguments)
    if arguments.mode in ("grade", None):
        grade(arguments)


if __name__ == "__main__":
    run(main, "from the last saved state", (ClassifierError, DatasetError, TrainingError))
