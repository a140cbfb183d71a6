"""Draws pictures with the reference models and saves them as PNG files. Each run uses the same noise.

    python test_resources/draw_grids.py gan OUT_DIR       # part 1's generator, and each oracle generator
    python test_resources/draw_grids.py cifar10 OUT_DIR   # part 2, with several guidance weights and thresholding
    python test_resources/draw_grids.py mnist OUT_DIR     # part 3, with several guidance weights
    python test_resources/draw_grids.py ddpm OUT_DIR      # part 4's DDPM; or ddim, vae, lddpm
    python test_resources/draw_grids.py cgan OUT_DIR      # part 5's GAN, for the conditions of both lists; or cddpm
    python test_resources/draw_grids.py warm_up OUT_DIR   # points in the plane on their way through part 4's sampler

Uses a GPU if there is one. On a CPU core, cifar10's 1000 steps take about ten minutes for each picture, and cddpm
takes a few minutes.
"""

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "solution")]

import gan_oracle  # noqa: E402  (after the path)
import main as main_of_part4  # noqa: E402
import torch  # noqa: E402
import train_gan  # noqa: E402
import train_iclevr  # noqa: E402
import warm_up  # noqa: E402
from gan_pytorch import generator  # noqa: E402
from iclevr_renderer import LISTS  # noqa: E402
from image_gen import CLASSES, ImageGenerator  # noqa: E402
from pictures import save_grid  # noqa: E402
from tqdm import tqdm  # noqa: E402
from trainers import TrainingError, load_weights  # noqa: E402
from utils import DMConfig, device, generate, load_model  # noqa: E402

CIFAR10_WEIGHTS = (0.0, 0.5, 1.0, 2.0, 5.0)
MNIST_WEIGHTS = (0.1, 0.5, 1.0, 2.0, 5.0)
COLUMNS = 16  # images in a row of part 1's grids


def gan(checkpoint, folder, rows, seed):
    """Draw images with part 1's generator and with all oracle generators."""
    generators = {checkpoint.stem: load_weights(generator(), checkpoint)}
    generators |= {f"oracle_{p.stem}": gan_oracle.load_oracle(p.stem) for p in gan_oracle.FOLDER.glob("*.pt")}
    for name, network in generators.items():
        save_grid(train_gan.generate(network, rows * COLUMNS, "cpu", seed), folder / f"{name}.png", COLUMNS)


def cifar10(checkpoint, folder, per_class, seed):
    """Draw part 2's pictures with averaged weights."""
    generator = ImageGenerator()
    load_weights(generator.policy.ema.averaged_model, checkpoint)
    draw_cifar10(generator, folder, per_class, seed)


def draw_cifar10(generator, folder, per_class, seed):
    """Draw pictures with an `ImageGenerator`, for each w in CIFAR10_WEIGHTS, with and without thresholding."""
    pictures = [(w, threshold) for w in CIFAR10_WEIGHTS for threshold in (False, True)]
    for w, threshold in tqdm(pictures, desc="pictures"):
        torch.manual_seed(seed)
        images = generator.generate_images(w, per_class * len(CLASSES), threshold)  # class by class, in turn
        by_class = images.unflatten(0, (per_class, len(CLASSES))).transpose(0, 1).flatten(0, 1)
        save_grid(by_class, folder / f"cifar10_w_{w:g}{'_threshold' * threshold}.png", columns=per_class)


def mnist(checkpoint, folder, per_class, seed):
    """Draw part 3's pictures for each omega in MNIST_WEIGHTS, from a checkpoint that `solver` saved."""
    if not checkpoint.is_file():
        raise TrainingError(f"there is no checkpoint {checkpoint}")
    config = DMConfig(**torch.load(checkpoint, map_location="cpu", weights_only=True)["dmconfig"])
    model = load_model(config, checkpoint)
    for omega in tqdm(MNIST_WEIGHTS, desc="pictures"):
        torch.manual_seed(seed)
        images = generate(model, replace(config, omega=omega), per_class, device)
        save_grid(images, folder / f"mnist_omega_{omega:g}.png", columns=config.num_classes, low=0.0)


def part4(name, checkpoint, folder, per_class, seed):
    """Draw pictures with one of part 4's models, with a column for each class."""
    model = load_weights(main_of_part4.MODELS[name].prepare(), checkpoint).to(device).eval()
    labels = torch.arange(per_class * main_of_part4.CLASSES) % main_of_part4.CLASSES
    torch.manual_seed(seed)
    images = model.generate_sample(len(labels), device=device, labels=labels)
    save_grid(images, folder / f"{name}.png", columns=main_of_part4.CLASSES)


def part5(name, checkpoint, folder, _, seed):
    """Draw a grid for each list of conditions with one of part 5's models; for cddpm, also the denoising strip."""
    model = load_weights(train_iclevr.MODELS[name][0](), checkpoint).to(device).eval()
    train_iclevr.generate(name, model, LISTS.parent, device, seed, folder)
    if name == "cddpm":
        train_iclevr.draw_strip(model, LISTS.parent, device, seed, folder)


REFERENCES = {
    "gan": (gan, "GAN_generator.pth"),
    "cifar10": (cifar10, "CIFAR10_ema.pth"),
    "mnist": (mnist, "MNIST.pth"),
    **{name: (partial(part4, name), model.name) for name, model in main_of_part4.MODELS.items()},
    **{name: (partial(part5, name), f"{name.upper()}.pt") for name in train_iclevr.MODELS},
}


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=(*REFERENCES, "warm_up"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checkpoint", type=Path, help="default: the reference's checkpoint, in solution/checkpoints")
    parser.add_argument("--per-class", type=int, default=4, help="images of each class (part 1: rows; part 5: ignored)")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    if chosen.which == "warm_up":  # it trains its own model
        warm_up.main(["--part", "4", "--seed", str(chosen.seed), "--outputs", str(chosen.folder)])
        return
    draw, name = REFERENCES[chosen.which]
    draw(chosen.checkpoint or ROOT / "solution" / "checkpoints" / name, chosen.folder, chosen.per_class, chosen.seed)
    print(f"the pictures are in {chosen.folder}")


if __name__ == "__main__":
    try:
        main()
    except TrainingError as error:
        sys.exit(str(error))
