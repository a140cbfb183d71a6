"""Given: the exponential moving average of a network's weights, with which part 2 samples."""

import copy

import torch


class EMAModel:
    """A copy of a network whose weights follow the trained ones slowly.

    After n steps the copy keeps 1 - (1 + n)^-power of itself at each step, at most 0.9999.

    Args:
        model: the network that is trained.
        power: larger follows more slowly.

    Attributes:
        averaged_model: the copy, in eval mode.
    """

    def __init__(self, model, power=0.75):
        self.averaged_model = copy.deepcopy(model).eval().requires_grad_(False)
        self.power = power
        self.steps = 0

    @torch.no_grad()
    def step(self, model):
        """Take in the weights of `model` after an optimizer's step."""
        decay = min(1 - (1 + self.steps) ** -self.power, 0.9999)
        for mine, theirs in zip(self.averaged_model.parameters(), model.parameters(), strict=True):
            mine.lerp_(theirs, 1 - decay)
        for mine, theirs in zip(self.averaged_model.buffers(), model.buffers(), strict=True):
            mine.copy_(theirs)
        self.steps += 1
