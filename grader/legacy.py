"""What files of the original courses import and this assignment does without, so that they are graded as they are.

Part 2's diffusion_model.py imported two names of `diffusers`, whose `EMAModel` then took a network and kept
`averaged_model`; today's does neither. Nothing is trained in a case, so the learning rate schedule is a name only.
"""

from __future__ import annotations

import sys
from types import ModuleType


def provide() -> None:
    """Make `diffusers.training_utils.EMAModel` and `diffusers.optimization.get_scheduler` importable."""
    if "diffusers" in sys.modules:
        return
    package, training, optimization = map(
        ModuleType, ("diffusers", "diffusers.training_utils", "diffusers.optimization")
    )
    package.__path__ = []
    package.training_utils, package.optimization = training, optimization
    training.EMAModel, optimization.get_scheduler = _ema_model, _get_scheduler
    sys.modules |= {module.__name__: module for module in (package, training, optimization)}


def _ema_model(model, power=0.75):
    from ema import EMAModel  # the given file, beside the submission

    return EMAModel(model, power)


def _get_scheduler(*_, **__):
    raise RuntimeError("nothing is trained while it is graded")
