"""Small networks and an optimizer that leave nothing unknown. Runs only in workers."""

import torch
from torch import nn

from grader.cases.part1.inputs import IMAGE


class ToyDiscriminator(nn.Module):
    """Images (B, 3, 32, 32) -> logits (B, 1), linear in its parameter `w`; `seen` are the images of every call."""

    def __init__(self, w, directions):
        super().__init__()
        self.w, self.directions, self.seen = nn.Parameter(w.clone()), directions, []

    def forward(self, x):
        """<w, features>, where the features are projections of the image."""
        self.seen.append(x.detach().clone())
        return (x.flatten(1) @ self.directions) @ self.w[:, None]


class ToyGenerator(nn.Module):
    """Noise (B, n) -> images (B, 3, 32, 32), linear in its parameter `a`; `seen` is the noise of every call."""

    def __init__(self, a, basis):
        super().__init__()
        self.a, self.basis, self.seen = nn.Parameter(a.clone()), basis, []

    def forward(self, z):
        """The basis images, weighted by noise and parameter."""
        self.seen.append(z.detach().clone())
        return ((z * self.a) @ self.basis).view(-1, *IMAGE)


class MeanDiscriminator(nn.Module):
    """Images -> logits (B, 1): `gain` times the mean of the image; `modes` holds whether each call was in training."""

    def __init__(self, gain):
        super().__init__()
        self.gain, self.modes = gain, []

    def forward(self, x):
        """Decide by the mean."""
        self.modes.append(self.training)
        return self.gain * x.mean(dim=(1, 2, 3))[:, None]


class Replay(nn.Module):
    """A generator that returns batches in turn, again and again; `noise` are the shapes of what it was given."""

    def __init__(self, batches):
        super().__init__()
        self.batches, self.noise = batches, []

    def forward(self, z):
        """The next batch."""
        self.noise.append(tuple(z.shape))
        return self.batches[(len(self.noise) - 1) % len(self.batches)]


def flat_images(levels):
    """An image of one level each, shape (B, 3, 32, 32)."""
    return levels.reshape(-1, 1, 1, 1).repeat(1, *IMAGE)


class Descent:
    """Gradient descent with the methods of an optimizer; `steps` counts. The first one of torch takes seconds."""

    def __init__(self, network, lr):
        self.param_groups = [{"params": list(network.parameters()), "lr": lr}]
        self.steps = 0

    def zero_grad(self, set_to_none=True):
        """Forget the gradients."""
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None

    @torch.no_grad()
    def step(self, closure=None):
        """Subtract the gradients."""
        self.steps += 1
        for parameter in self.param_groups[0]["params"]:
            if parameter.grad is not None:
                parameter -= self.param_groups[0]["lr"] * parameter.grad


def build(weights, lr):
    """(D, G, D_solver, G_solver) with the weights of `inputs.toys`."""
    D = ToyDiscriminator(weights["w"], weights["directions"])  # noqa: N806
    G = ToyGenerator(weights["a"], weights["basis"])  # noqa: N806
    return D, G, Descent(D, lr), Descent(G, lr)


def reaches(logits, parameter):
    """Whether a gradient of the logits exists with respect to the parameter."""
    if not (logits.requires_grad and parameter.requires_grad):
        return False
    return torch.autograd.grad(logits.sum(), parameter, retain_graph=True, allow_unused=True)[0] is not None
