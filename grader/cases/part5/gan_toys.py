"""Small networks and an optimizer with a state, of which all is known. Runs only in workers."""

import torch
from torch import nn

from grader.cases.part1.toys import Descent
from grader.cases.part5.gan_inputs import SIZE


class ToyGenerator(nn.Module):
    """(z, condition) -> pictures (B, 3, 64, 64), linear in its parameters `a` and `e`; `calls` holds its arguments."""

    def __init__(self, weights):
        super().__init__()
        self.a, self.e = (nn.Parameter(weights[name].clone()) for name in ("a", "e"))
        self.basis, self.scenery = weights["basis"], weights["scenery"]
        self.n_z, self.calls = len(self.a), []

    def forward(self, z, condition):
        """One set of pictures weighted by the noise, another by the condition."""
        self.calls.append((z.detach().clone(), condition.detach().clone()))
        return ((z * self.a) @ self.basis + (condition * self.e) @ self.scenery).view(-1, 3, SIZE, SIZE)


class ToyDiscriminator(nn.Module):
    """(images, condition) -> two logits, linear in its parameters `w` and `u`; `told` are the conditions."""

    def __init__(self, weights):
        super().__init__()
        self.w, self.u = (nn.Parameter(weights[name].clone()) for name in ("w", "u"))
        self.directions, self.match, self.told = weights["directions"], weights["match"], []

    def forward(self, images, condition):
        """Projections of the picture, in a direction that depends on the condition."""
        self.told.append(condition.detach().clone())
        features = images.flatten(1) @ self.directions
        return (features * (self.w + condition @ self.match)).sum(dim=1), features @ self.u


class WatchfulDescent(Descent):
    """Gradient descent of D that notes at every step whether another network holds a gradient."""

    def __init__(self, network, lr, other):
        super().__init__(network, lr)
        self.other, self.alone = other, True

    def step(self, closure=None):
        """Note, and step."""
        self.alone &= all(p.grad is None or not p.grad.any() for p in self.other.parameters())
        super().step(closure)


class Momentum(torch.optim.Optimizer):
    """An optimizer with a state to save; torch's own takes seconds to begin with. `velocity` is its state."""

    def __init__(self, velocity, lr):
        self.velocity, self.param_groups = velocity, [{"lr": lr, "params": [0]}]

    def state_dict(self):
        """As torch's optimizers have it."""
        return {"state": {0: {"momentum_buffer": self.velocity}}, "param_groups": self.param_groups}

    def load_state_dict(self, state_dict):
        """The reverse."""
        self.velocity = state_dict["state"][0]["momentum_buffer"].clone()
        self.param_groups = state_dict["param_groups"]


def build(weights, lr):
    """(G, D, G_solver, D_solver) with the weights of `gan_inputs.toys`."""
    G, D = ToyGenerator(weights), ToyDiscriminator(weights)  # noqa: N806
    return G, D, Descent(G, lr), WatchfulDescent(D, lr, other=G)
