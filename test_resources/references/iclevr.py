"""Part 5's weights, on rendered scenes: the evaluator, its auditor and the reference models."""

import random
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F
from evaluator import evaluation_model, evaluation_network, top_k
from iclevr_renderer import LISTS, coverage, pictures, read_lists, render, scene_number
from iclevr_scenes import OBJECTS, Look
from torch import nn
from torch.utils.data import TensorDataset
from train_iclevr import DDPM_CONFIG, GanConfig, as_seen, train_cddpm, train_cgan
from trainers import TrainConfig

from grader import ROOT
from grader.accuracy.staff.auditor import SceneAuditor, load_auditor
from test_resources.references import Reference, accuracy_of_solution
from test_resources.references.classifiers import train_classifier

VARIED = Look(camera=1.2, lamps=2.0, brightness=(0.6, 1.5), size=(0.5, 0.85), colour=0.05, ground=(0.3, 0.8), tint=0.06)
MOST_OBJECTS = 5  # in a training scene, because a model may draw more objects than requested
AUDITOR_SEED = 500  # added to the seed, so that auditor and evaluator have different scenes
HELD_OUT, HELD_OUT_SEED = 3000, 1000  # scenes of 1 to 3 objects, as in the course's lists, kept out of training


@dataclass(frozen=True)
class SceneConfig(TrainConfig):
    """Settings of an evaluator's training."""

    scenes: int = 60_000  # a third have CLEVR's look, the rest a varied look


def random_lists(count, seed, most_objects):
    """Draw lists of 1 to `most_objects` different objects, and their multi-hot labels, (count, 24) float32."""
    rng = random.Random(seed)
    lists = [rng.sample(OBJECTS, rng.randint(1, most_objects)) for _ in range(count)]
    return lists, torch.tensor([[float(name in names) for name in OBJECTS] for names in lists])


class SceneLoss(nn.Module):
    """Cross-entropy of every label, on pictures that are changed at random without changing their objects.

    Args:
        classifier: (B, 3, 64, 64) to (B, 24) logits.
        noise: largest standard deviation of the noise added to an image in [-1, 1].
    """

    def __init__(self, classifier, noise):
        super().__init__()
        self.classifier, self.noise = classifier, noise

    def forward(self, images, labels):
        """images: (B, 3, 64, 64) uint8; labels: (B, 24). Returns the mean loss."""
        images = changed(images.float() / 127.5 - 1, self.noise)
        return F.binary_cross_entropy_with_logits(self.classifier(images).float(), labels)


def changed(images, noise):
    """Randomly move, mirror, blur, recolour and stain each image in [-1, 1], add noise, and cut a hole."""
    count, device = len(images), images.device

    def uniform(low, high, *shape):
        return low + (high - low) * torch.rand(count, *(shape or (1, 1, 1)), device=device)

    zoom = uniform(0.85, 1.15, 2) * torch.where(uniform(0, 1, 1) < 0.5, torch.tensor([-1.0, 1.0], device=device), 1.0)
    grid = torch.cat([torch.diag_embed(zoom), uniform(-0.1, 0.1, 2, 1)], dim=2)
    images = F.grid_sample(images, F.affine_grid(grid, images.shape, False), "bilinear", "reflection", False)
    images = images.lerp(F.avg_pool2d(images, 3, 1, 1, count_include_pad=False), uniform(0, 1))
    stains = F.interpolate(torch.randn(count, 3, 5, 5, device=device), images.shape[2:], mode="bicubic")
    images = images * uniform(0.8, 1.2) * uniform(0.93, 1.07, 3, 1, 1) + uniform(-0.15, 0.15) + uniform(0, 0.1) * stains
    images = images + uniform(0, noise) * torch.randn_like(images)
    step = torch.linspace(-1, 1, images.shape[3], device=device)
    middle, half = uniform(-1.2, 1.2, 2, 1), uniform(0, 0.18, 2, 1)
    inside = (step - middle).abs() < half  # (B, 2, 64): a third of the holes are outside the image, or small
    hole = inside[:, None, 0, :, None] & inside[:, None, 1, None, :]
    return torch.where(hole, uniform(-1, 1, 3, 1, 1), images).clamp(-1, 1)


def train_evaluator(path, config, seed, device):
    """Train the evaluator without its final sigmoid, which keeps the loss stable."""
    torch.manual_seed(seed)
    network = evaluation_network(width=16)
    network.fc[1] = nn.Identity()
    return train_classifier(SceneLoss(network, noise=0.15), training_scenes(config, seed), path, config, seed, device)


def train_auditor(path, config, seed, device):
    """Train the auditor on other scenes than the evaluator's, with more noise."""
    torch.manual_seed(seed)
    dataset = training_scenes(config, seed + AUDITOR_SEED)
    return train_classifier(SceneLoss(SceneAuditor(), noise=0.4), dataset, path, config, seed, device)


def training_scenes(config, seed):
    """Render a TensorDataset of images, (N, 3, 64, 64) uint8, and labels, (N, 24) float32."""
    lists, labels = random_lists(config.scenes, seed, MOST_OBJECTS)
    plain = config.scenes // 3
    images = [pictures(lists[:plain], seed), pictures(lists[plain:], seed, look=VARIED)]
    return TensorDataset(torch.cat(images), labels)


def train_model(path, config, seed, device, *, how):
    """Train one of part 5's models as train_iclevr.py does, on the pictures that iclevr_renderer.py makes."""
    return {"losses": how(rendered(), path, replace(config, seed=seed), device)}


def train_on(dataset, checkpoint, config, device):
    """Continue `train_cddpm` from the weights in `checkpoint`, with `prioritized_loss`."""
    return train_cddpm(dataset, checkpoint, config, device, start=checkpoint, loss=prioritized_loss)


def prioritized_loss(model, pictures, labels):
    """The DDPM's loss with weight 1 - alpha_bar_t at timestep t (Choi et al. 2022, P2, eq. 8, k = gamma = 1).

    Two thirds of the plain loss come from the 20 least noisy of 120 timesteps, when all objects are already decided.

    Args:
        model: a `MultiLabelDDPM`.
        pictures, labels: as for `ddpm_loss`.
    """
    images = as_seen(pictures)
    timestep, noise = torch.randint(0, model.num_steps, (len(images),), device=images.device), torch.randn_like(images)
    alpha_bar = model.alpha_bars[timestep].reshape(-1, 1, 1, 1)
    noisy = alpha_bar.sqrt() * images + (1 - alpha_bar).sqrt() * noise
    errors = model.network(noisy, timestep, model.drop_labels(labels)) - noise
    return ((1 - alpha_bar) * errors.square()).mean()


def rendered():
    """Render that folder's pictures, (N, 3, 64, 64) uint8, and labels, (N, 24) float32, without writing files."""
    lists = read_lists(LISTS)
    labels = torch.tensor([[float(name in names) for name in OBJECTS] for names in lists.values()])
    return TensorDataset(pictures([*lists.values()], numbers=[*map(scene_number, lists)]), labels)


def measure_evaluator(path, device):
    """Measure how well the evaluator recognises held-out scenes."""
    return measured(evaluation_model(path, device).predict)


def measure_auditor(path, device):
    """Measure how well the auditor recognises held-out scenes."""
    auditor = load_auditor("objects", path).to(device)
    return measured(lambda images: torch.cat([auditor(part.to(device)).cpu() for part in images.split(500)]))


def measured(predict):
    """Measure top-k accuracy on scenes with CLEVR's look, with the varied look, and in a style unseen in training.

    Args:
        predict: function from images, (N, 3, 64, 64) float32 in [-1, 1], to scores (N, 24).
    """
    found = {}
    for style, look in (("", Look()), ("_varied", VARIED), ("_flat", Look())):
        lists, labels = random_lists(HELD_OUT, HELD_OUT_SEED, most_objects=3)
        paint = flat if style == "_flat" else render
        images = pictures(lists, HELD_OUT_SEED, look=look, paint=paint)
        found[f"held_out{style}_top_k"] = top_k(predict(images.float() / 127.5 - 1), labels)
    return found


def flat(scenes):
    """Render scenes without light and shadow: each object in its plain colour, on grey."""
    grey = torch.full((3, 1, 1), 0.5)
    colours = scenes.albedo.sqrt()
    images = [
        grey + (cover[:, None] * (colour[..., None, None] - grey)).sum(0)
        for cover, colour in zip(coverage(scenes), colours, strict=True)
    ]
    return (torch.stack(images) * 255).round().byte()


FOLDER, CHECKPOINTS = ROOT / "test_resources" / "classifiers", ROOT / "solution" / "checkpoints"
DATA = "scenes of 1 to 5 random objects, a third of CLEVR's look, the others of varied light, size, colour and camera"
RENDERED = "our pictures of the 18,009 lists in test_resources/iclevr/train.json"
REFERENCES = {
    "iclevr_evaluator": Reference(
        FOLDER / "iclevr.pt",
        DATA,
        SceneConfig(epochs=30, learning_rate=3e-3),
        train_evaluator,
        measure_evaluator,
    ),
    "iclevr_auditor": Reference(
        FOLDER / "iclevr_auditor.pt",
        DATA,
        SceneConfig(epochs=10, learning_rate=3e-3, scenes=30_000),
        train_auditor,
        measure_auditor,
    ),
    "cgan": Reference(
        CHECKPOINTS / "CGAN.pt",
        RENDERED,
        GanConfig(),
        partial(train_model, how=train_cgan),
        accuracy_of_solution,
    ),
    "cddpm": Reference(
        CHECKPOINTS / "CDDPM.pt",
        RENDERED,
        DDPM_CONFIG,
        partial(train_model, how=train_cddpm),
        accuracy_of_solution,
    ),
    "cddpm_tuned": Reference(
        CHECKPOINTS / "CDDPM.pt",
        RENDERED,
        replace(DDPM_CONFIG, epochs=30, batch_size=64, learning_rate=5e-4),
        partial(train_model, how=train_on),
        accuracy_of_solution,
        goes_on=True,
    ),
}
