"""Inputs and models that several cases of part 2 and their oracles share."""

from unittest import mock

from grader.runtime.inputs import linear_network, schedule, timesteps  # noqa: F401  (cases import all inputs from here)
from grader.runtime.lazy import Lazy

torch = Lazy("torch")


def shape(rng, name, rank):
    """Sizes of a sample of the given rank, without the batch dimension, all different."""
    return tuple(rng.choice(name, range(2, 9), rank))


def build(code, setting, input_shape, condition_dim, trained, average, p_uncond=0.0):
    """Build a student's DiffusionModel with our own schedule and networks.

    Args:
        code: the student's modules.
        setting: arguments of its NoiseScheduler.
        input_shape, condition_dim, p_uncond: arguments of DiffusionModel.
        trained, average: `probes.Spy`s that replace the trained network and its average.
    """
    # No case trains, and the first optimizer of a process takes seconds, because torch imports its compiler.
    with mock.patch.object(torch.optim.Optimizer, "__init__", return_value=None):
        model = code.diffusion_model.DiffusionModel(
            input_shape, condition_dim, denoising_steps=setting["num_steps"], p_uncond=p_uncond, test=True
        )
    model.noise_scheduler = code.noise_scheduler.NoiseScheduler(**setting)
    model.noise_pred_net, model.ema.averaged_model, model.device = trained, average, torch.device("cpu")
    return model


def gaussian(rng):
    """A schedule of many small steps, and the mean and standard deviation of Gaussian data."""
    setting = {
        "num_steps": rng.integer("steps", 40, 60),
        "beta_start": 0.005,
        "beta_end": rng.number("end", 0.15, 0.25),
    }
    return setting, (rng.number("m", 0.5, 1.5) * rng.choice("sign", (-1, 1), 1)[0], rng.number("s", 0.3, 0.6))


def dropout(rng):
    """Four probabilities p_uncond."""
    return [rng.number(f"p_uncond {i}", 0.1, 0.9) for i in range(4)]


def seeds(rng):
    """Seven seeds, some of them equal."""
    different = rng.choice("different", range(1000), 3)
    return [different[rng.integer(f"seed {i}", 0, 3)] for i in range(7)]
