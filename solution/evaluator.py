"""Given: the evaluator of i-CLEVR's pictures. It tells which of the 24 objects it sees, as the course's own does.

    accuracy = evaluation_model().eval(images, labels)

Its weights are in the repository's test_resources, or in `iclevr.pt` beside this file. The course's own checkpoint is
read as well: `evaluation_model("checkpoint.pth")`.
"""

from pathlib import Path

import torch
from torch import nn

CLASSES = 24


class EvaluatorError(Exception):
    """Pictures cannot be evaluated; the message says why and what mends it."""


def top_k(scores, labels):
    """Which share of the true labels is among the k highest scores of its picture, k being how many are true of it.

    Args:
        scores: (B, 24), the greater the likelier.
        labels: (B, 24), 1 for what is in the picture and 0 for all else.

    Returns:
        The share of all true labels of the batch, in [0, 1].
    """
    rank = scores.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    true = labels > 0.5
    found = true & (rank < true.sum(dim=1, keepdim=True))
    return found.sum().item() / true.sum().item()


def evaluation_network(width):
    """A ResNet-18 (He et al. 2016) with `width` features in its first stage: (B, 3, 64, 64) to (B, 24) in (0, 1).

    The course's has 64. Ours has fewer: what every clone carries is then a fraction of its 45 MB.
    """
    from torchvision.models.resnet import BasicBlock, ResNet  # takes as long as torch itself

    network = ResNet(BasicBlock, [2, 2, 2, 2], num_classes=CLASSES)
    network.inplanes = width
    network.conv1 = nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False)
    network.bn1 = nn.BatchNorm2d(width)
    for stage, stride in enumerate((1, 2, 2, 2)):
        blocks = network._make_layer(BasicBlock, width << stage, 2, stride=stride)
        setattr(network, f"layer{stage + 1}", blocks)
    network.fc = nn.Sequential(nn.Linear(8 * width, CLASSES), nn.Sigmoid())
    return network


class evaluation_model:  # noqa: N801  (the course's name)
    """The frozen evaluator.

    Args:
        path: its weights; default: the repository's.
        device: where it computes; default: a GPU if there is one.

    Raises:
        EvaluatorError: there are no weights of a ResNet-18 with 24 outputs.
    """

    def __init__(self, path=None, device=None):
        here = Path(__file__).resolve().parent
        places = [here / "iclevr.pt", here.parent / "test_resources" / "classifiers" / "iclevr.pt"]
        path = Path(path or next((place for place in places if place.exists()), places[1]))
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.classnum = CLASSES
        self.resnet18 = _load(path).eval().requires_grad_(False).to(self.device)

    def compute_acc(self, out, onehot_labels):
        """As `top_k`."""
        return top_k(out, onehot_labels)

    @torch.no_grad()
    def eval(self, images, labels):
        """The accuracy of pictures.

        Args:
            images: (B, 3, 64, 64) float32 in [-1, 1]; values outside are clamped.
            labels: (B, 24), multi-hot, in the order of objects.json.

        Returns:
            As `top_k`.

        Raises:
            EvaluatorError: a shape is another, or no label is 1.
        """
        if images.shape[1:] != (3, 64, 64) or labels.shape != (len(images), CLASSES):
            raise EvaluatorError(
                f"images and labels have the shapes {tuple(images.shape)} and {tuple(labels.shape)}, "
                f"not (B, 3, 64, 64) and (B, {CLASSES})"
            )
        if not (labels > 0.5).any():
            raise EvaluatorError("no label is 1, so there is nothing to find: a label is 1 for what is in the picture")
        return top_k(self.predict(images), labels.cpu())

    @torch.no_grad()
    def predict(self, images, batch_size=500):
        """How likely each object is in each picture: (B, 24) float32 on the CPU, of images as `eval` takes them."""
        batches = images.split(batch_size)
        return torch.cat([self.resnet18(batch.float().to(self.device).clamp(-1, 1)).cpu() for batch in batches])


def _load(path):
    if not path.is_file():
        raise EvaluatorError(f"there is no {path}: restore it with git, or give the path of the weights")
    weights = torch.load(path, map_location="cpu", weights_only=True)
    weights = weights.get("model", weights)  # as the course saved its own
    try:
        network = evaluation_network(len(weights["conv1.weight"]))
        network.load_state_dict(weights)
    except (KeyError, RuntimeError) as error:
        raise EvaluatorError(f"{path} does not hold a ResNet-18 with {CLASSES} outputs: {error}") from error
    return network
