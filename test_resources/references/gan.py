"""Part 1's weights: the solution's networks, and oracle generators that are independent of them."""

from dataclasses import dataclass

import torch
from datasets import load
from gan_oracle import NOISE_DIM, OracleGenerator, load_oracle
from gan_pytorch import discriminator, eval_discriminator, generator
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm
from train_gan import GanConfig, generate, make_loader, train
from trainers import autocast, load_weights, restore, save_weights, store

from grader import ROOT
from grader.accuracy.staff.frechet import compared
from test_resources.references import Reference

THRESHOLD, SEEDS = 0.55, 5  # the course's threshold for D's accuracy, and the number of seeds to measure with
SAMPLES = 500  # number of images that judge a generator


@dataclass(frozen=True)
class Epochs(GanConfig):
    """A `GanConfig` with the number of epochs."""

    epochs: int = 30


@dataclass(frozen=True)
class OracleConfig(Epochs):
    """Settings of an oracle generator's training."""

    batch_size: int = 64
    learning_rate: float = 4e-4
    ema_decay: float = 0.999


def critic():
    """Build a discriminator with spectral normalisation (Miyato et al. 2018): images to scores, shape (B, 1)."""
    layers = []
    for inputs, outputs in ((3, 32), (32, 64), (64, 128)):
        layers += [spectral_norm(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)), nn.LeakyReLU(0.1)]
    return nn.Sequential(*layers, nn.Flatten(), spectral_norm(nn.Linear(128 * 4 * 4, 1)))


def train_oracle(path, config, seed, device):
    """Train differently from the students: with the hinge loss and an average of the generator's weights."""
    torch.manual_seed(seed)
    images = load(config.data, channels=3).tensors[0]
    G, D = OracleGenerator().to(device), critic().to(device)  # noqa: N806
    average = AveragedModel(G, multi_avg_fn=get_ema_multi_avg_fn(config.ema_decay), use_buffers=True)
    solvers = [torch.optim.Adam(net.parameters(), config.learning_rate, betas=(0.0, 0.9)) for net in (G, D)]
    parts = {"G": G, "D": D, "average": average, "G solver": solvers[0], "D solver": solvers[1]}
    state_path, progress = path.with_suffix(".resume.pt"), {"epoch": 0, "step": 0}
    if state_path.exists():
        progress = restore(state_path, parts, config, device)
    while progress["epoch"] < config.epochs:
        order = torch.randperm(len(images)).split(config.batch_size)[: len(images) // config.batch_size]
        for batch in tqdm(order, desc=f"epoch {progress['epoch'] + 1}/{config.epochs}", mininterval=10):
            hinge_steps(G, D, *solvers, images[batch].to(device))
            average.update_parameters(G)
        progress["epoch"] += 1
        store(state_path, parts, config, progress)
    save_weights(average.module, path)
    state_path.unlink()
    return {}


def hinge_steps(G, D, G_solver, D_solver, real):  # noqa: N803
    """Take a step of D and a step of G (Lim & Ye 2017)."""
    noise = 2 * torch.rand(len(real), NOISE_DIM, device=real.device) - 1
    with autocast(real.device):
        fake = G(noise)
        loss = (1 - D(real)).relu().mean() + (1 + D(fake.detach())).relu().mean()
    D_solver.zero_grad()
    loss.backward()
    D_solver.step()
    with autocast(real.device):
        loss = -D(fake).mean()
    G_solver.zero_grad()
    loss.backward()
    G_solver.step()


def train_both(path, config, seed, device):
    """Train the solution's networks with the students' script, and save the generator beside the discriminator."""
    checkpoints = {"D": path, "G": generator_of(path)}
    setting = GanConfig(config.data, config.batch_size, seed)
    losses = train(setting, config.epochs, checkpoints, ROOT / "outputs" / path.stem, device)
    last = {name: values[-len(values) // config.epochs :] for name, values in losses.items()}
    return {f"mean_loss_{name}_last_epoch": round(sum(values) / len(values), 3) for name, values in last.items()}


def generator_of(path):
    """The path of the generator that belongs to a discriminator's file."""
    return path.with_name(path.name.replace("discriminator", "generator"))


def measure_both(path, device):
    """Measure D on test images and the oracle's images as a student does, for several seeds of the noise."""
    data = DATA_OF[path]
    D, oracle = load_weights(discriminator(), path).to(device), load_oracle(data).to(device)  # noqa: N806
    found = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        found.append(eval_discriminator(D, oracle, make_loader(data, 100, train=False), device, batch_size=100))
    accuracies, precisions, recalls = (list(column) for column in zip(*found, strict=True))
    G = load_weights(generator(), generator_of(path)).to(device)  # noqa: N806
    return {
        "accuracies": accuracies,
        "margin_above_threshold": min(accuracies) - THRESHOLD,
        "precision": sum(precisions) / SEEDS,
        "recall": sum(recalls) / SEEDS,
        "generator": quality(G, data, device),
    }


def measure_oracle(path, device):
    """Measure the distance of its images to real ones."""
    data = DATA_OF[path]
    return quality(load_oracle(data).to(device), data, device)


def quality(G, data, device):  # noqa: N803
    """Compare SAMPLES images of a generator with real ones (`grader.accuracy.staff.frechet.compared`)."""
    images = generate(G, SAMPLES, device).cpu()
    return compared(data, images.mean(1, keepdim=True) if data == "fashion_mnist" else images)  # its judge sees grey


def both(name, data, config):
    """Make the reference for a discriminator, with its generator beside it."""
    path = ROOT / "solution" / "checkpoints" / f"{name}_discriminator.pth"
    return Reference(path, data, config, train_both, measure_both, beside=(generator_of(path),))


ORACLES = ROOT / "test_resources" / "oracles"
SYNTHETIC, CIFAR10 = "10,000 synthetic digits in colour", "CIFAR-10, airplanes, automobiles and birds, 15,000 images"
FASHION = "FashionMNIST, all 60,000 training images, grey in three channels"
REFERENCES = {
    "oracle_synthetic": Reference(
        ORACLES / "synthetic.pt", SYNTHETIC, OracleConfig("synthetic", epochs=40), train_oracle, measure_oracle
    ),
    "oracle_cifar10": Reference(
        ORACLES / "cifar10.pt", CIFAR10, OracleConfig("cifar10", epochs=20), train_oracle, measure_oracle
    ),
    "oracle_fashion_mnist": Reference(
        ORACLES / "fashion_mnist.pt", FASHION, OracleConfig("fashion_mnist", epochs=6), train_oracle, measure_oracle
    ),
    "gan": both("GAN", SYNTHETIC, Epochs("synthetic", epochs=40)),
    "gan_fashion_mnist": both("GAN_fashion_mnist", FASHION, Epochs("fashion_mnist", epochs=15)),
}
DATA_OF = {reference.path: reference.config.data for reference in REFERENCES.values()}
