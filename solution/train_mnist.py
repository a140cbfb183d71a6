"""Given: trains the model of part 3 on MNIST, or generates digits with it.

python train_mnist.py train                                # writes save/mnist/; run it again to resume
python train_mnist.py train --name wide --num-feat 256 --T 600
python train_mnist.py generate --omega 0.5                 # writes save/mnist/omega_0.5.png
"""

import argparse
import os
from dataclasses import fields
from pathlib import Path

from pictures import save_grid
from trainers import run
from utils import DMConfig, device, generate, load_model, make_dataloader, mnist_transform, solver


def parse(arguments=None):
    """Parse the command line. Every number of DMConfig is an option."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("train", "generate"))
    parser.add_argument("--name", default="mnist", help="folder inside save/ (default: mnist)")
    default = DMConfig()
    for field in fields(DMConfig):
        value = getattr(default, field.name)
        if isinstance(value, int | float):
            option = f"--{field.name.replace('_', '-')}"
            parser.add_argument(option, dest=field.name, type=type(value), default=value, help=f"default: {value}")
    parser.add_argument("--multi-lr-milestones", type=int, nargs="*", default=default.multi_lr_milestones)
    return parser.parse_args(arguments)


def main():
    """Run the chosen mode."""
    chosen = vars(parse())
    mode, name = chosen.pop("mode"), chosen.pop("name")
    config = DMConfig(**chosen)
    if mode == "train":
        folder = os.environ.get("GENMODELS_DATA", "./data")
        loaders = [make_dataloader(mnist_transform(), config.batch_size, folder, train) for train in (True, False)]
        solver(config, name, *loaders)
    else:
        path = Path("save") / name / f"omega_{config.omega:g}.png"
        model = load_model(config, path.parent / "best_checkpoint.pth")
        save_grid(generate(model, config, 10, device), path, columns=config.num_classes, low=0.0)
        print(f"{path}: one column per class")


if __name__ == "__main__":
    run(main)
