"""Small networks and an optimizer whose every step is known. Runs only in workers."""

from torch import nn

from grader.parts.gan.cases.inputs import IMAGE
from grader.runtime.descent import Descent


class ToyDiscriminator(nn.Module):
    """Images (B, 3, 32, 32) -> logits (B, 1), linear in its parameter `w`. `seen` lists the images of all calls."""

    def __init__(self, w, directions):
        super().__init__()
        self.w, self.directions, self.seen = nn.Parameter(w.clone()), directions, []

    def forward(self, x):
        """Return <w, features>; the features are projections of the image."""
        self.seen.append(x.detach().clone())
        return (x.flatten(1) @ self.directions) @ self.w[:, None]


class ToyGenerator(nn.Module):
    """Noise (B, n) -> images (B, 3, 32, 32), linear in its parameter `a`. `seen` lists the noise of all calls."""

    def __init__(self, a, basis):
        super().__init__()
        self.a, self.basis, self.seen = nn.Parameter(a.clone()), basis, []

    def forward(self, z):
        """Add up the basis images, weighted by the noise and the parameter."""
        self.seen.append(z.detach().clone())
        return ((z * self.a) @ self.basis).view(-1, *IMAGE)


class MeanDiscriminator(nn.Module):
    """Images -> logits (B, 1): `gain` times the mean of the image. `modes` lists the training flag of each call."""

    def __init__(self, gain):
        super().__init__()
        self.gain, self.modes = gain, []

    def forward(self, x):
        """Return the logit of each image."""
        self.modes.append(self.training)
        return self.gain * x.mean(dim=(1, 2, 3))[:, None]


class Replay(nn.Module):
    """A generator that returns the given batches in turn, over and over. `noise` lists the shapes of its inputs."""

    def __init__(self, batches):
        super().__init__()
        self.batches, self.noise = batches, []

    def forward(self, z):
        """Return the next batch."""
        self.noise.append(tuple(z.shape))
        return self.batches[(len(self.noise) - 1) % len(self.batches)]


def flat_images(levels):
    """Images with one grey level each, shape (B, 3, 32, 32)."""
    return levels.reshape(-1, 1, 1, 1).repeat(1, *IMAGE)


def build(weights, lr):
    """(D, G, D_solver, G_solver) with the weights of `inputs.toys`."""
    D = ToyDiscriminator(weights["w"], weights["directions"])
    G = ToyGenerator(weights["a"], weights["basis"])
    return D, G, Descent(D, lr), Descent(G, lr)
