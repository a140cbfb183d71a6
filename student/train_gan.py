"""Given: trains the networks of part 1, generates images with them, or evaluates the discriminator.

python train_gan.py train                                  # on SVHN, to checkpoints/; run it again to resume
python train_gan.py train --data synthetic --keep-every 5  # the graded data; keeps checkpoints to compare
python train_gan.py generate                               # writes outputs/gan/images.png
python train_gan.py evaluate --data synthetic              # against the oracle generator of this dataset

--data takes svhn, cifar10, fashion_mnist, synthetic (drawn digits in colour, no download), or a folder with one
sub-folder of images per class. Every epoch saves a picture and a plot of both losses in outputs/gan.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import gan_pytorch as gan
import torch
from datasets import DatasetError, load
from gan_oracle import load_oracle
from pictures import save_grid
from torch.utils.data import DataLoader, TensorDataset
from trainers import TrainingError, best_device, load_weights, restore, run, save_weights, store

CHECKPOINTS = {"D": Path("checkpoints") / "GAN_discriminator.pth", "G": Path("checkpoints") / "GAN_generator.pth"}
OUTPUTS = Path("outputs") / "gan"
COLUMNS = 8  # of a picture, and also its rows


@dataclass(frozen=True)
class GanConfig:
    """The settings of a training run, besides the networks."""

    data: str = "svhn"  # as --data above
    batch_size: int = 128  # images per step
    seed: int = 0  # of the weights, the order of the data and the noise


class Recorded:
    """Wraps a loss function and appends each value to the list `values`."""

    def __init__(self, loss, values):
        self.loss, self.values = loss, values

    def __call__(self, *logits):
        value = self.loss(*logits)
        self.values.append(value.item())
        return value


def make_loader(data, batch_size, train=True):
    """Return a loader of full batches of images, (B, 3, 32, 32), float32 in [0, 1], and labels, in random order.

    Raises:
        DatasetError: the data cannot be read.
        TrainingError: there are fewer images than one batch needs.
    """
    images, labels = load(data, train=train, channels=3).tensors
    if len(images) < batch_size:
        raise TrainingError(f"{data} has only {len(images)} images: choose a --batch-size of {len(images)} or less")
    return DataLoader(TensorDataset(gan.deprocess_img(images), labels), batch_size, shuffle=True, drop_last=True)


def train(config, epochs, checkpoints=CHECKPOINTS, outputs=OUTPUTS, device=None, keep_every=None, loader=None):
    """Train both networks, and save them after every epoch.

    Args:
        config: a `GanConfig`.
        epochs: passes over the data, including those before an interruption.
        checkpoints: where to save the weights, {"D": path, "G": path}. An interrupted run saves its state beside D's.
        outputs: folder for the pictures and the plot.
        device: where to train; by default the best device.
        keep_every: keep copies of both checkpoints every N-th epoch, in epoch_005/ and so on; by default never.
        loader: full batches of `config.batch_size` images, as from `make_loader`; by default of `config.data`.

    Returns:
        The loss of every step, {"D": [...], "G": [...]}.
    """
    import plots  # slow to import

    device = device or best_device()
    loader = loader or make_loader(config.data, config.batch_size)
    nets = {"D": gan.discriminator(config.seed).to(device), "G": gan.generator(seed=config.seed).to(device)}
    solvers = {name: gan.get_optimizer(net) for name, net in nets.items()}
    parts = {f"{name}.{kind}": of[name] for kind, of in (("net", nets), ("solver", solvers)) for name in of}
    state_path, progress = checkpoints["D"].with_suffix(".resume.pt"), {"epoch": 0, "step": 0, "D": [], "G": []}
    torch.manual_seed(config.seed)
    if state_path.exists():
        progress = restore(state_path, parts, config, device)
    losses = Recorded(gan.discriminator_loss, progress["D"]), Recorded(gan.generator_loss, progress["G"])
    options = {"show_every": len(loader), "batch_size": config.batch_size, "num_epochs": 1}
    while progress["epoch"] < epochs:
        for net in nets.values():
            net.train()
        gan.train_gan(*nets.values(), *solvers.values(), *losses, loader, **options)
        progress["epoch"] += 1
        for name, net in nets.items():
            save_weights(net, checkpoints[name])
            if keep_every and progress["epoch"] % keep_every == 0:
                save_weights(net, checkpoints[name].parent / f"epoch_{progress['epoch']:03d}" / checkpoints[name].name)
        store(state_path, parts, config, progress)
        save_grid(generate(nets["G"], COLUMNS**2, device), outputs / f"epoch_{progress['epoch']:03d}.png", COLUMNS)
        plots.gan_losses(progress["D"], progress["G"]).savefig(outputs / "losses.png")
        means = (f"{name} {sum(progress[name][-len(loader) :]) / len(loader):.3f}" for name in nets)
        print(f"epoch {progress['epoch']}/{epochs}: losses {', '.join(means)}")
    state_path.unlink(missing_ok=True)
    return {name: progress[name] for name in nets}


def generate(generator, count, device, seed=0):
    """Generate images in eval mode, shape (count, 3, 32, 32) in [-1, 1]. The same seed gives the same noise."""
    noise = 2 * torch.rand(count, gan.NOISE_DIM, generator=torch.Generator().manual_seed(seed)) - 1
    with torch.no_grad():
        return generator.eval()(noise.to(device)).view(count, *gan.IMAGE)


def evaluate(data, device):
    """Return (accuracy, precision, recall) of the trained D on test images, against this dataset's oracle generator."""
    discriminator = load_weights(gan.discriminator(), CHECKPOINTS["D"]).to(device)
    oracle = load_oracle(data).to(device)
    return gan.eval_discriminator(discriminator, oracle, make_loader(data, 128, train=False), device)


def parse(arguments=None):
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("train", "generate", "evaluate"))
    parser.add_argument("--data", default=GanConfig.data)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=GanConfig.batch_size)
    parser.add_argument("--seed", type=int, default=GanConfig.seed)
    parser.add_argument("--keep-every", type=int, metavar="N", help="keep both checkpoints after every N epochs")
    return parser.parse_args(arguments)


def main():
    """Run the chosen mode."""
    arguments, device = parse(), best_device()
    if arguments.mode == "train":
        config = GanConfig(arguments.data, arguments.batch_size, arguments.seed)
        train(config, arguments.epochs, keep_every=arguments.keep_every)
    elif arguments.mode == "generate":
        path = OUTPUTS / "images.png"
        save_grid(
            generate(load_weights(gan.generator(), CHECKPOINTS["G"]).to(device), COLUMNS**2, device), path, COLUMNS
        )
        print(path)
    else:
        accuracy, precision, recall = evaluate(arguments.data, device)
        print(f"accuracy {accuracy:.3f}, precision {precision:.3f}, recall {recall:.3f}")


if __name__ == "__main__":
    run(main, errors=(TrainingError, DatasetError))
