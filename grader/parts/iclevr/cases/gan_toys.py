"""Small networks with known gradients, and an optimizer with a known state. Runs only in workers."""

import torch
from torch import nn

from grader.parts.iclevr.cases.gan_inputs import SIZE
from grader.runtime.descent import Descent


class ToyGenerator(nn.Module):
    """(z, condition) -> pictures (B, 3, 64, 64), linear in the parameters `a` and `e`; `calls` records arguments."""

    def __init__(self, weights):
        super().__init__()
        self.a, self.e = (nn.Parameter(weights[name].clone()) for name in ("a", "e"))
        self.basis, self.scenery = weights["basis"], weights["scenery"]
        self.n_z, self.calls = len(self.a), []

    def forward(self, z, condition):
        """Add pictures that the noise weights to pictures that the condition weights."""
        self.calls.append((z.detach().clone(), condition.detach().clone()))
        return ((z * self.a) @ self.basis + (condition * self.e) @ self.scenery).view(-1, 3, SIZE, SIZE)


class ToyDiscriminator(nn.Module):
    """(images, condition) -> two results, linear in the parameters `w` and `u`; `conditions` records conditions."""

    def __init__(self, weights):
        super().__init__()
        self.w, self.u = (nn.Parameter(weights[name].clone()) for name in ("w", "u"))
        self.directions, self.match, self.conditions = weights["directions"], weights["match"], []

    def forward(self, images, condition):
        """Project the picture onto directions that depend on the condition."""
        self.conditions.append(condition.detach().clone())
        features = images.flatten(1) @ self.directions
        return (features * (self.w + condition @ self.match)).sum(dim=1), features @ self.u


class WatchfulDescent(Descent):
    """Gradient descent for D that notes at every step whether another network holds a gradient."""

    def __init__(self, network, lr, other):
        super().__init__(network, lr)
        self.other, self.alone = other, True

    def step(self, closure=None):
        """Note whether the other network is free of gradients, then step."""
        self.alone &= all(p.grad is None or not p.grad.any() for p in self.other.parameters())
        super().step(closure)


class Momentum(torch.optim.Optimizer):
    """An optimizer with the state `velocity`. torch's own optimizers take seconds to start."""

    def __init__(self, velocity, lr):
        self.velocity, self.param_groups = velocity, [{"lr": lr, "params": [0]}]

    def state_dict(self):
        """The state in the format of torch's optimizers."""
        return {"state": {0: {"momentum_buffer": self.velocity}}, "param_groups": self.param_groups}

    def load_state_dict(self, state_dict):
        """Load a state in that format."""
        self.velocity = state_dict["state"][0]["momentum_buffer"].clone()
        self.param_groups = state_dict["param_groups"]


def build(weights, lr):
    """Build (G, D, G_solver, D_solver) with the weights from `gan_inputs.toys`."""
    G, D = ToyGenerator(weights), ToyDiscriminator(weights)
    return G, D, Descent(G, lr), WatchfulDescent(D, lr, other=G)
