"""Given: configuration, data, training and pictures for part 3, the conditional DDPM on MNIST.

You can interrupt `solver` at any time. Call it again, and it resumes after the last complete epoch from its state in
`save/<exp_name>/resume.pth`. It removes that file when training is complete.
"""

import csv
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
import torch.nn as nn  # noqa: F401  (`from utils import *` gives student files the usual names)
import torch.nn.functional as F
import torch.optim as optim
from torch.optim.lr_scheduler import MultiStepLR
from torch.utils.data import DataLoader
from tqdm import tqdm
from trainers import TrainingError, autocast, write_whole

MEAN, STD = 0.1307, 0.3081  # of MNIST's training images in [0, 1]
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


@dataclass
class DMConfig:
    """The settings of a model of part 3 and of its training."""

    input_dim: tuple[int, int] = (28, 28)  # height and width of an image
    num_channels: int = 1  # channels of an image
    condition_mask_value: int = -1  # every element of the null condition
    num_classes: int = 10  # number of digits K
    T: int = 400  # number of timesteps, which count from 1
    beta_1: float = 1e-4  # variance at t = 1
    beta_T: float = 2e-2  # variance at t = T  # noqa: N815  (the paper's name)
    mask_p: float = 0.1  # probability with which training drops a label
    num_feat: int = 128  # n_feat of the network
    omega: float = 2.0  # guidance weight of the pictures that training draws
    batch_size: int = 256  # images per step
    epochs: int = 10  # passes over the training images
    learning_rate: float = 1e-4  # learning rate of Adam
    multi_lr_milestones: list[int] = field(default_factory=lambda: [20])  # epochs after which it falls
    multi_lr_gamma: float = 0.1  # factor by which it falls


def mnist_transform():
    """Return the transform that the model expects: (1, 28, 28), mean 0 and standard deviation 1 over the dataset."""
    from torchvision.transforms import Compose, Normalize, ToTensor

    return Compose([ToTensor(), Normalize((MEAN,), (STD,))])


def make_dataloader(transform, batch_size, dir="./data", train=True):
    """Return a loader of batches of MNIST.

    Args:
        transform: turns a PIL image into a tensor, e.g. `mnist_transform()`.
        batch_size: images in a batch.
        dir: the folder that contains MNIST/. Downloads MNIST into it if necessary.
        train: if True, the 60,000 training images, shuffled; otherwise the 10,000 test images, in order.

    Raises:
        TrainingError: MNIST is not in the folder and cannot be downloaded.
    """
    from torchvision.datasets import MNIST

    try:
        dataset = MNIST(root=dir, train=train, transform=transform, download=True)
    except Exception as error:
        reason = " ".join(str(error).split())
        raise TrainingError(
            f"MNIST is not in {dir} and could not be downloaded ({reason}): pass the folder that contains MNIST/"
        ) from error
    return DataLoader(dataset, batch_size=batch_size, shuffle=train)


def check_forward(loader, config, device):
    """Train a new model for one epoch, plot the loss of each step, and return the model."""
    import matplotlib.pyplot as plt
    from DDPM import ConditionalDDPM

    model = ConditionalDDPM(config).to(device)
    losses = train(loader, model, optim.Adam(model.network.parameters(), lr=config.learning_rate))
    plt.figure(figsize=(6, 4))
    plt.plot(losses)
    plt.xlabel("step")
    plt.ylabel("noise loss")
    plt.show()
    return model


def check_sample(model, config, device, rows=10):
    """Draw a figure of `rows` generated images per class, one column per class, with guidance weight config.omega."""
    import matplotlib.pyplot as plt

    images = generate(model, config, rows, device)
    figure, axes = plt.subplots(figsize=(0.6 * config.num_classes, 0.6 * rows))
    axes.imshow(tiled(images, config.num_classes), cmap="gray", vmin=0, vmax=1)
    axes.set_axis_off()
    figure.tight_layout(pad=0)
    return figure


def sample_images(config, checkpoint_path):
    """Load a checkpoint of `solver` and generate 10 images per class.

    Returns:
        One picture with one column per class, a numpy array, shape (280, 28 num_classes, 1), float32 in [0, 1].

    Raises:
        TrainingError: the checkpoint does not exist, or belongs to another configuration.
    """
    return tiled(generate(load_model(config, checkpoint_path), config, 10, device), config.num_classes)


def generate(model, config, rows, device):
    """Generate rows with one image per class: shape (rows num_classes, C, H, W) in [0, 1], on the CPU."""
    labels = torch.arange(config.num_classes, device=device).repeat(rows)
    model.eval()
    with torch.no_grad(), autocast(device):
        return model.sample(F.one_hot(labels, config.num_classes), config.omega).float().cpu()


def tiled(images, columns):
    """Tile images, (N, C, H, W), into one numpy picture, `columns` images per row: (N / columns H, columns W, C)."""
    rows = images.unflatten(0, (-1, columns))  # (rows, columns, C, H, W)
    return rows.permute(0, 3, 1, 4, 2).flatten(2, 3).flatten(0, 1).numpy()


def load_model(config, checkpoint_path):
    """Load the model of a checkpoint of `solver`, in eval mode.

    Raises:
        TrainingError: the checkpoint does not exist, or belongs to another configuration.
    """
    from DDPM import ConditionalDDPM

    if not Path(checkpoint_path).is_file():
        raise TrainingError(f"there is no checkpoint {checkpoint_path}: train first, with solver()")
    saved = torch.load(checkpoint_path, map_location="cpu", weights_only=True)
    model = ConditionalDDPM(config)
    try:
        model.load_state_dict(saved["model_state_dict"])
    except RuntimeError as error:
        raise TrainingError(f"{checkpoint_path} was trained with {saved['dmconfig']}, not {config}") from error
    return model.to(device).eval()


def train(loader, model, optimizer):
    """Train for one epoch. Returns the noise loss of each step."""
    model.train()
    losses, bar = [], tqdm(loader, desc="training", leave=False)
    for images, conditions in bar:
        with autocast(device):
            loss = model(images.to(device), conditions.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        bar.set_postfix(noise_loss=f"{losses[-1]:.4f}")
    return losses


@torch.no_grad()
def test(loader, model):
    """Return the mean noise loss over the test images. Each call uses the same timesteps and noise."""
    model.eval()
    total = 0.0
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for images, conditions in tqdm(loader, desc="testing", leave=False):
            total += model(images.to(device), conditions.to(device)).item() * len(images)
    return total / len(loader.dataset)


def solver(dmconfig, exp_name, train_loader, test_loader):
    """Train a model and keep its best weights.

    Writes to `save/<exp_name>/`: best_checkpoint.pth (the weights with the lowest noise loss on the test images, and
    the configuration), losses.csv (noise loss on training and test images after each epoch), and one picture per epoch.

    Returns:
        The test noise loss after each epoch, a list of floats.

    Raises:
        TrainingError: the interrupted run had another configuration.
    """
    from DDPM import ConditionalDDPM

    folder = Path("save") / exp_name
    (folder / "images").mkdir(parents=True, exist_ok=True)
    model = ConditionalDDPM(dmconfig).to(device)
    optimizer = optim.Adam(model.network.parameters(), lr=dmconfig.learning_rate)
    schedule = MultiStepLR(optimizer, dmconfig.multi_lr_milestones, dmconfig.multi_lr_gamma)
    parts, history = {"model": model, "optimizer": optimizer, "schedule": schedule}, []
    if (folder / "resume.pth").exists():
        history = _resume(folder / "resume.pth", parts, dmconfig)
    for epoch in range(len(history) + 1, dmconfig.epochs + 1):
        losses = train(train_loader, model, optimizer)
        schedule.step()
        history.append((sum(losses) / len(losses), test(test_loader, model)))
        print(f"epoch {epoch}/{dmconfig.epochs}: noise loss {history[-1][0]:.4f} (train), {history[-1][1]:.4f} (test)")
        if history[-1][1] == min(loss for _, loss in history):
            weights = {"model_state_dict": model.state_dict(), "dmconfig": asdict(dmconfig), "epoch": epoch}
            write_whole(weights, folder / "best_checkpoint.pth")
        states = {name: part.state_dict() for name, part in parts.items()}
        rng = torch.get_rng_state()
        write_whole(
            {"parts": states, "dmconfig": asdict(dmconfig), "history": history, "rng": rng}, folder / "resume.pth"
        )
        _picture(model, dmconfig, folder / "images" / f"epoch_{epoch:02}.png")
    with (folder / "losses.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("epoch", "train", "test"), *((i, *row) for i, row in enumerate(history, 1))])
    (folder / "resume.pth").unlink(missing_ok=True)
    return [loss for _, loss in history]


def _resume(path, parts, dmconfig):
    state = torch.load(path, map_location=device, weights_only=True)
    if state["dmconfig"] != asdict(dmconfig):
        raise TrainingError(
            f"{path} was made with {state['dmconfig']}: use that configuration again, or remove the file"
        )
    for name, part in parts.items():
        part.load_state_dict(state["parts"][name])
    torch.set_rng_state(state["rng"].cpu())
    print(f"resuming after epoch {len(state['history'])}")
    return state["history"]


def _picture(model, dmconfig, path):
    import matplotlib.pyplot as plt

    with torch.random.fork_rng():  # pictures must not change the training
        torch.manual_seed(0)
        figure = check_sample(model, dmconfig, device, rows=2)
    figure.savefig(path)
    plt.close(figure)
