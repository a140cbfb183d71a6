"""Records every call of the student's U-Net. Cases import this module lazily, because it imports torch."""

import torch
from torch import nn

from grader.runtime.probes import spy_on


class _Bare(nn.Module):
    """Stands in for a U-Net that cannot be built, so that its fault counts only once."""

    def __init__(self, in_channels, num_classes):
        super().__init__()
        self.in_channels = in_channels
        self.num_classes = num_classes
        self.parameter = nn.Parameter(torch.zeros(1))


class SpyNetwork:
    """The student's U-Net with its forward pass replaced by a `Spy`.

    A student's DDPM may use attributes of the student's U-Net, so it gets that U-Net.

    Args:
        code: the student's modules.
        predict, weight: as for `Spy`.
    """

    def __init__(self, code, predict, weight=None, in_channels=1, num_classes=10):
        try:
            self.network = code.models.UNet(in_channels=in_channels, num_classes=num_classes)
        except Exception:
            self.network = _Bare(in_channels, num_classes)
        self.calls = spy_on(self.network, predict, weight)
