"""Given: the exponential moving average of a network's weights, which part 2 samples with."""

import copy

import torch


class EMAModel:
    """A copy of a network whose weights slowly follow the trained weights.

    In step n, counted from 0, the copy keeps the share 1 - (1 + n)^-power of its weights, and 0.9999 at most.

    Args:
        model: the network that you train.
        power: larger values follow more slowly.

    Attributes:
        averaged_model: the copy, in eval mode.
    """

    def __init__(self, model, power=0.75):
        self.averaged_model = copy.deepcopy(model).eval().requires_grad_(False)
        self.power = power
        self.steps = 0

    @torch.no_grad()
    def step(self, model):
        """Move the average towards the weights of `model`. Call this after each optimizer step."""
        decay = min(1 - (1 + self.steps) ** -self.power, 0.9999)
        for mine, theirs in zip(self.averaged_model.parameters(), model.parameters(), strict=True):
            mine.lerp_(theirs, 1 - decay)
        for mine, theirs in zip(self.averaged_model.buffers(), model.buffers(), strict=True):
            mine.copy_(theirs)
        self.steps += 1
