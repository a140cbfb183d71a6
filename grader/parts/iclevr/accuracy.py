"""Builds this part's models from their checkpoints and generates pictures with them."""

from dataclasses import dataclass

from grader.runtime.sampling import weights


@dataclass(frozen=True)
class Model:
    """A model, as [accuracy.NAME.model] in part.toml describes it."""

    module: str  # the student's file that has the function `prepare`, without .py
    prepare: str  # name of the function that builds the model


def build(code, model):
    """Build the network with its `prepare_*()` and return (network, generate).

    `generate(labels, device)` takes multi-hot labels and returns images in [-1, 1].
    """
    network = getattr(getattr(code, model["module"]), model["prepare"])()
    network.load_state_dict(weights(model["checkpoint"]))

    def generate(labels, device):
        return network.to(device).eval().generate_sample(labels, device=device)

    return network, generate
