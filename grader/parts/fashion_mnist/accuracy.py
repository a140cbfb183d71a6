"""Builds this part's models from their checkpoints and asks them for images."""

from dataclasses import dataclass

from grader.runtime.sampling import weights


@dataclass(frozen=True)
class Model:
    """The settings of a model in part.toml, under [accuracy.NAME.model]."""

    prepare: str  # name of the function in assignment.py that builds the model


def build(code, model):
    """Build a model with assignment.py's `prepare_*()`. Its images are in [-1, 1]."""
    network = getattr(code.assignment, model["prepare"])()
    network.load_state_dict(weights(model["checkpoint"]))

    def generate(labels, device):
        return network.to(device).eval().generate_sample(len(labels), device=device, labels=labels)

    return network, generate
