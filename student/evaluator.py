"""Given: the evaluator, which recognises the 24 objects in pictures of i-CLEVR as the course's own evaluator does.

    accuracy = evaluation_model().eval(images, labels)

Its weights are in the repository's test_resources, or in `iclevr.pt` beside this file. To use the course's checkpoint,
call `evaluation_model("checkpoint.pth")`.
"""

from pathlib import Path

import torch
from torch import nn

CLASSES = 24


class EvaluatorError(Exception):
    """Pictures cannot be evaluated; the message says why and how to fix it."""


def top_k(scores, labels):
    """Compute the share of true labels among the k highest scores of their picture, which has k true labels.

    Args:
        scores: (B, 24); a higher score means that an object is more likely.
        labels: (B, 24), 1 for each object in the picture and 0 for the rest.

    Returns:
        The share over all true labels of the batch, in [0, 1].
    """
    rank = scores.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    true = labels > 0.5
    recognised = true & (rank < true.sum(dim=1, keepdim=True))
    return recognised.sum().item() / true.sum().item()


def evaluation_network(width):
    """Build a ResNet-18 (He et al. 2016), (B, 3, 64, 64) to (B, 24) in (0, 1), with `width` features at first.

    The course's network has 64 and a file of 45 MB. Ours has fewer, so that the repository stays small.
    """
    from torchvision.models.resnet import BasicBlock, ResNet  # imports as slowly as torch

    network = ResNet(BasicBlock, [2, 2, 2, 2], num_classes=CLASSES)
    network.inplanes = width
    network.conv1 = nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False)
    network.bn1 = nn.BatchNorm2d(width)
    for stage, stride in enumerate((1, 2, 2, 2)):
        blocks = network._make_layer(BasicBlock, width << stage, 2, stride=stride)
        setattr(network, f"layer{stage + 1}", blocks)
    network.fc = nn.Sequential(nn.Linear(8 * width, CLASSES), nn.Sigmoid())
    return network


class evaluation_model:
    """The frozen evaluator.

    Args:
        path: file with its weights; the repository's by default.
        device: device to compute on; by default a GPU if there is one.

    Raises:
        EvaluatorError: the file is missing, or does not hold a ResNet-18 with 24 outputs.
    """

    def __init__(self, path=None, device=None):
        here = Path(__file__).resolve().parent
        places = [here / "iclevr.pt", here.parent / "test_resources" / "classifiers" / "iclevr.pt"]
        path = Path(path or next((place for place in places if place.exists()), places[1]))
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.classnum = CLASSES
        self.resnet18 = _load(path).eval().requires_grad_(False).to(self.device)

    def compute_acc(self, out, onehot_labels):
        """Return `top_k` of the outputs and labels."""
        return top_k(out, onehot_labels)

    @torch.no_grad()
    def eval(self, images, labels):
        """Evaluate pictures against the labels that they should show.

        Args:
            images: (B, 3, 64, 64) float32 in [-1, 1]; values outside are clamped.
            labels: (B, 24), multi-hot, in the order of objects.json.

        Returns:
            The accuracy in [0, 1], as `top_k` computes it.

        Raises:
            EvaluatorError: images or labels have another shape, or no label is 1.
        """
        if images.shape[1:] != (3, 64, 64) or labels.shape != (len(images), CLASSES):
            raise EvaluatorError(
                f"images and labels have the shapes {tuple(images.shape)} and {tuple(labels.shape)}, "
                f"not (B, 3, 64, 64) and (B, {CLASSES})"
            )
        if not (labels > 0.5).any():
            raise EvaluatorError(
                "no label is 1, so there is nothing to find: set it to 1 for each object in the picture"
            )
        return top_k(self.predict(images), labels.cpu())

    @torch.no_grad()
    def predict(self, images, batch_size=500):
        """The probability of each object in each picture, (B, 24) float32 on the CPU; images as for `eval`."""
        batches = images.split(batch_size)
        return torch.cat([self.resnet18(batch.float().to(self.device).clamp(-1, 1)).cpu() for batch in batches])


def _load(path):
    if not path.is_file():
        raise EvaluatorError(f"there is no {path}: restore it with git, or give the path of other weights")
    weights = torch.load(path, map_location="cpu", weights_only=True)
    weights = weights.get("model", weights)  # the course's checkpoint has them under this key
    try:
        network = evaluation_network(len(weights["conv1.weight"]))
        network.load_state_dict(weights)
    except (KeyError, RuntimeError) as error:
        raise EvaluatorError(f"{path} does not hold a ResNet-18 with {CLASSES} outputs: {error}") from error
    return network
