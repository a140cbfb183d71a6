"""Given: trains the model of part 2 on CIFAR-10's first three classes, or generates images with it.

python train_cifar10.py train                                # writes checkpoints/CIFAR10.pth, CIFAR10_ema.pth
python train_cifar10.py train cifar-10-batches-py/data_batch_* --epochs 20
python train_cifar10.py generate --guidance 2 --threshold    # writes outputs/cifar10_guidance_2_threshold.png

PATHS are files of CIFAR-10's Python version, or folders with one sub-folder per class. The default is
cifar-10-batches-py or cifar10/train, in $GENMODELS_DATA or else in data. To resume an interrupted training after its
last complete epoch, run the same command again.
"""

import argparse
import os
from pathlib import Path

import torch
from image_gen import CLASSES, ImageGenerator
from pictures import save_grid
from trainers import run

CHECKPOINT = Path("checkpoints") / "CIFAR10.pth"  # the graded file is CIFAR10_ema.pth beside it


def train(arguments):
    """Train, and save the weights and their average."""
    generator = ImageGenerator(arguments.denoising_steps)
    generator.load_dataset(arguments.paths or default_paths(), arguments.batch_size)
    CHECKPOINT.parent.mkdir(exist_ok=True)
    state_path = CHECKPOINT.with_suffix(".resume.pt")
    generator.train_policy(arguments.epochs, learning_rate=arguments.learning_rate, state_path=state_path)
    generator.policy.save_weights(CHECKPOINT)


def default_paths():
    """Return the default paths of the images."""
    folder = Path(os.environ.get("GENMODELS_DATA", "data"))
    return sorted((folder / "cifar-10-batches-py").glob("data_batch_*")) or [folder / "cifar10" / "train"]


def generate(arguments):
    """Save a picture with one row per class."""
    generator = ImageGenerator(arguments.denoising_steps)
    generator.policy.load_weights(CHECKPOINT)
    labels = range(len(CLASSES)) if arguments.class_label is None else [arguments.class_label]
    options = (arguments.guidance, arguments.num_samples, arguments.threshold)
    images = torch.cat([generator.generate_images(*options, class_label) for class_label in labels])
    path = f"outputs/cifar10_guidance_{arguments.guidance:g}{'_threshold' * arguments.threshold}.png"
    save_grid(images, path, columns=arguments.num_samples)
    print(f"{path}: {', '.join(CLASSES[label] for label in labels)}, one row per class")


def parse(arguments=None):
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    training = modes.add_parser("train", help="train, and save the weights and their average")
    training.set_defaults(run=train)
    training.add_argument(
        "paths", nargs="*", type=Path, help="CIFAR-10's batch files, or folders with one sub-folder per class"
    )
    training.add_argument("--epochs", type=int, default=30)
    training.add_argument("--batch-size", type=int, default=64)
    training.add_argument("--learning-rate", type=float, default=3e-4)
    generation = modes.add_parser("generate", help="save a picture with one row per class")
    generation.set_defaults(run=generate)
    generation.add_argument("--guidance", type=float, default=2.0, help="guidance weight w")
    generation.add_argument("--threshold", action="store_true", help="clamp the estimate of x_0 at every step")
    generation.add_argument("--class-label", type=int, choices=range(len(CLASSES)), help="generate only this class")
    generation.add_argument("--num-samples", type=int, default=8, help="images per class")
    for mode in (training, generation):
        mode.add_argument("--denoising-steps", type=int, default=1000, help="number of timesteps T; grading uses 1000")
    return parser.parse_args(arguments)


def main():
    """Run the chosen mode."""
    arguments = parse()
    arguments.run(arguments)


if __name__ == "__main__":
    run(main)
