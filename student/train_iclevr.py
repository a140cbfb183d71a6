"""Given: trains part 5's models on i-CLEVR, and generates pictures for the conditions of both lists.

python iclevr_renderer.py --out data/iclevr               # if you do not have i-CLEVR: render similar pictures
python train_iclevr.py cddpm train --data data/iclevr     # writes checkpoints/CDDPM.pt; repeat to resume
python train_iclevr.py cddpm generate --data data/iclevr  # writes grids and a denoising strip, prints the accuracy

The model is cgan or cddpm. The accuracy is the share of the requested objects that `evaluator.py` finds.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from conditional_diffusion import STRIP, prepare_cddpm
from conditional_gan import Discriminator, get_solver, prepare_cgan, resume_training, save_training, train_step
from evaluator import EvaluatorError, evaluation_model
from iclevr_dataset import ICLEVRLoader, multi_hot, read_json
from iclevr_scenes import IclevrError
from pictures import save_grid
from torch import nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import TensorDataset
from tqdm import tqdm
from trainers import (
    TrainConfig,
    TrainingError,
    averaging,
    best_device,
    load_weights,
    run,
    save_weights,
    train,
)

OUTPUTS = Path("outputs")
COLUMNS = 8  # images in a row of a grid
DDPM_CONFIG = TrainConfig(epochs=128)
IN_STRIP = ("red sphere", "cyan cylinder", "cyan cube")  # the objects in the course's denoising strip


@dataclass(frozen=True)
class GanConfig:
    """Settings of the GAN's training."""

    epochs: int = 30  # passes over the data
    batch_size: int = 64
    ema_decay: float = 0.999  # decay of the moving average of G's weights, which is what is saved
    seed: int = 0  # seed of initialisation, data order and noise


def load_pictures(folder, most=None):
    """Load i-CLEVR's pictures into memory as uint8, which takes a quarter of the space of float32.

    Args:
        folder: folder with pictures and lists, as for `ICLEVRLoader`.
        most: load only the first `most` pictures; all by default.

    Returns:
        A TensorDataset of pictures, (N, 3, 64, 64) uint8, and labels, (N, 24) float32.

    Raises:
        IclevrError: `ICLEVRLoader` raises it.
    """
    loader = ICLEVRLoader(folder)
    chosen = range(len(loader))[:most]
    pictures = [((loader[i][0] + 1) * 127.5).round().byte() for i in tqdm(chosen, desc="reading")]
    return TensorDataset(torch.stack(pictures), loader.label_list[:most])


def as_seen(pictures):
    """Scale uint8 pictures to [-1, 1], and mirror each with probability 1/2, which changes no label."""
    images = pictures.float() / 127.5 - 1
    mirrored = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return torch.where(mirrored, images.flip(3), images)


def ddpm_loss(model, pictures, labels):
    """The loss that `trainers.train` minimises."""
    return model(as_seen(pictures), labels)


def train_cddpm(dataset, checkpoint, config=DDPM_CONFIG, device=None, start=None, loss=ddpm_loss):
    """Train the diffusion model; it is compiled on a GPU.

    Args:
        dataset, checkpoint, config, device, loss: as for `trainers.train`.
        start: checkpoint to take the first weights from; random weights by default.

    Returns:
        The losses that `trainers.train` returns.
    """
    device = torch.device(device or best_device())
    torch.manual_seed(config.seed)
    model = prepare_cddpm() if start is None else load_weights(prepare_cddpm(), start)
    return train(model, dataset, checkpoint, config, device, loss=loss, compiled=device.type == "cuda")


class Shifted(nn.Module):
    """A discriminator that shifts every picture, real or generated, at random (Zhao et al. 2020, DiffAugment).

    Otherwise it would soon know all 18,009 pictures and their objects by heart, and G would learn nothing from it.

    Args:
        net: the discriminator.
        most: largest shift, as a share of the picture's size.
    """

    def __init__(self, net, most=0.1):
        super().__init__()
        self.net, self.most = net, most

    def forward(self, images, condition):
        """Shift the images, then return what `net` returns."""
        by = 2 * self.most * (2 * torch.rand(len(images), 2, 1, device=images.device) - 1)
        moves = torch.cat([torch.eye(2, device=by.device).expand(len(by), 2, 2), by], dim=2)
        grid = F.affine_grid(moves, images.shape, align_corners=False)
        return self.net(F.grid_sample(images, grid, padding_mode="border", align_corners=False), condition)


def train_cgan(dataset, checkpoint, config=GanConfig(), device=None):
    """Train the GAN, and save a moving average of its generator.

    Args:
        dataset: a TensorDataset of pictures and labels, such as `load_pictures` returns.
        checkpoint: file for the weights; the state of an interrupted training is saved beside it.
        config: a `GanConfig`.
        device: device to train on; the best one by default.

    Returns:
        The mean losses of each epoch of this run, {"D": [...], "G": [...]}.
    """
    device, (pictures, conditions) = torch.device(device or best_device()), dataset.tensors
    torch.manual_seed(config.seed)
    nets = {"G": prepare_cgan().to(device).train(), "D": Shifted(Discriminator(pictures.shape[-1])).to(device).train()}
    solvers = {name: get_solver(net) for name, net in nets.items()}
    ema = AveragedModel(nets["G"], multi_avg_fn=averaging(config.ema_decay), use_buffers=True)
    parts = nets | {f"{name}_solver": solver for name, solver in solvers.items()} | {"ema": ema}
    state, losses = Path(checkpoint).with_suffix(".resume.pt"), {"D": [], "G": []}
    state.parent.mkdir(parents=True, exist_ok=True)
    for epoch in range(resume_training(state, parts, device), config.epochs):
        torch.manual_seed(config.seed + epoch)
        batches = torch.randperm(len(pictures)).split(config.batch_size)
        total = torch.zeros(2, device=device)
        for batch in tqdm(batches, desc=f"epoch {epoch + 1}/{config.epochs}"):
            images, labels = as_seen(pictures[batch].to(device)), conditions[batch].to(device)
            total += torch.stack(train_step(*nets.values(), *(solvers[name] for name in nets), images, labels))
            ema.update_parameters(nets["G"])
        for name, mean in zip("DG", (total / len(batches)).tolist(), strict=True):
            losses[name].append(mean)
        if total.isnan().any():
            raise TrainingError("a loss is NaN: check whether one of your losses takes the logarithm of 0")
        save_weights(ema.module, checkpoint)
        save_training(state, parts, epoch + 1)
    state.unlink(missing_ok=True)
    return losses


MODELS = {
    "cgan": (prepare_cgan, train_cgan, GanConfig()),
    "cddpm": (prepare_cddpm, train_cddpm, DDPM_CONFIG),
}


@torch.no_grad()
def generate(name, model, folder, device, seed, outputs=OUTPUTS):
    """Generate a picture for each condition of both lists, and print the share of objects that are found."""
    evaluator = evaluation_model(device=device)
    for conditions in ("test", "new_test"):
        labels = ICLEVRLoader(folder, mode=conditions).label_list
        torch.manual_seed(seed)
        images = model.generate_sample(labels, device)
        path = outputs / f"{name}_{conditions}.png"
        save_grid(images, path, COLUMNS)
        share = evaluator.eval(images, labels)
        print(f"{path}: {share:.1%} of the objects are found")


def draw_strip(model, folder, device, seed, outputs=OUTPUTS):
    """Draw the denoising strip of one picture."""
    torch.manual_seed(seed)
    labels = multi_hot(IN_STRIP, read_json(Path(folder) / "objects.json"))[None]
    path = outputs / "cddpm_strip.png"
    save_grid(model.denoising_strip(labels, device)[0], path, STRIP + 1)
    print(f"{path}: {', '.join(IN_STRIP)}")


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("mode", choices=("train", "generate"))
    parser.add_argument("--data", default="data/iclevr", help="folder of i-CLEVR, or one that iclevr_renderer.py made")
    epochs = ", ".join(f"{name}: {config.epochs}" for name, (*_, config) in MODELS.items())
    parser.add_argument("--epochs", type=int, help=f"passes over the data ({epochs})")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", type=Path, help="default: checkpoints/<MODEL>.pt")
    parser.add_argument("--device", default=str(best_device()), help="cpu, cuda, cuda:1 or mps (default: the fastest)")
    chosen = parser.parse_args(arguments)
    prepare, train_model, config = MODELS[chosen.model]
    checkpoint = chosen.checkpoint or Path("checkpoints") / f"{chosen.model.upper()}.pt"
    if chosen.mode == "train":
        config = replace(config, epochs=chosen.epochs or config.epochs, seed=chosen.seed)
        train_model(load_pictures(chosen.data), checkpoint, config, chosen.device)
        print(checkpoint)
        return
    device = torch.device(chosen.device)
    model = load_weights(prepare(), checkpoint).to(device).eval()
    generate(chosen.model, model, chosen.data, device, chosen.seed)
    if chosen.model == "cddpm":
        draw_strip(model, chosen.data, device, chosen.seed)


if __name__ == "__main__":
    run(main, errors=(EvaluatorError, IclevrError, TrainingError))
