"""Builds this part's model from its checkpoint and generates images with it."""

from dataclasses import dataclass

from grader.runtime.sampling import CheckpointError, weights


@dataclass(frozen=True)
class Model:
    """The settings of a model in part.toml, [accuracy.NAME.model]."""

    guidance: float  # guidance weight w of the samples
    threshold: bool = False  # whether sampling clamps its estimates of x_0

    def __post_init__(self):
        if not 0 <= self.guidance <= 100:
            raise ValueError("guidance must be between 0 and 100")


def build(code, model):
    """Build the model of `image_gen.ImageGenerator`; its averaged network samples.

    Returns:
        (network, generate). `generate(labels, device)` returns images in [-1, 1], from conditions class + 1.

    Raises:
        CheckpointError: ImageGenerator keeps no DiffusionModel, or the checkpoint cannot be read.
    """
    generator = code.image_gen.ImageGenerator()
    diffusion = next((v for v in vars(generator).values() if hasattr(v, "generate_sample")), None)
    if diffusion is None:
        raise CheckpointError("ImageGenerator() must keep a DiffusionModel in an attribute: self.policy")
    network = diffusion.ema.averaged_model
    network.load_state_dict(weights(model["checkpoint"]))

    def generate(labels, device):
        cond = labels.to(next(network.parameters()).device) + 1
        return diffusion.generate_sample(cond, model["guidance"], model["threshold"]).clamp(-1, 1)

    return network, generate
