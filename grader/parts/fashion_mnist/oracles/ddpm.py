"""What the cases of the DDPM should observe."""

import numpy as np

from grader.authoring.closed_forms import drawn_variances, reverse_step, variances
from grader.course.assignment import Oracle
from grader.parts.fashion_mnist.cases import inputs
from grader.runtime.rng import normal_pattern


def _embedding(rng):
    half, t = rng.integer("half", 10, 21), inputs.timesteps(rng, 1000, rng.integer("between", 2, 6))
    return {
        "shape": np.array([len(t), 2 * half]),
        "mean_square": np.full(len(t), 0.5),
        "at_zero": np.repeat([0.0, 1.0], half),
        "unit_frequency": np.sin(t),
        "slow_quarter": np.array(0.0),
        "shift_dependence": np.array(0.0),
        "distinct": np.array(True),
    }


def _unet(rng):
    count, (few, channels) = rng.integer("count", 3, 6), rng.choice("few and channels", range(2, 7), 2)
    return {
        "shape": np.array([count, 1, 32, 32]),
        "shape_channels": np.array([few, channels, 32, 32]),
        "image_matters": np.array(inputs.some_items(rng, "images", count)),
        "time_matters": np.array(inputs.some_items(rng, "times", count)),
        "label_matters": np.array(inputs.some_items(rng, "labels", count)),
        "items_independent": np.array(True),
        "unreached": np.array(""),
    }


def _schedule(rng, quadratic=False):
    tables = drawn_variances(rng, 11, 18, quadratic)
    steps = len(tables[0])
    names = ("betas", "alphas", "alpha_bars")
    default = [table[[0, 1, 500, 999]] for table in variances(1e-4, 0.02, 1000, quadratic)]
    return {
        "length": np.array([steps, steps, steps, 1000]),
        **dict(zip(names, tables, strict=True)),
        **dict(zip([f"default_{n}" for n in names], default, strict=True)),
    }


def _schedule_refusal(rng):
    return {"refused": np.array(", ".join(n for n in inputs.interpolations(rng) if n not in ("linear", "quadratic")))}


def _add_noise(rng):
    bars = drawn_variances(rng, 9, 14)[2]
    bars = bars[inputs.timesteps(rng, len(bars), 2)]
    factors = np.stack([np.sqrt(bars), np.sqrt(1 - bars)], axis=1)
    return {
        "image_factors": factors,
        "image_residual": np.zeros(5),
        "vector_factors": factors,
        "vector_residual": np.zeros(5),
        "dtypes": np.array("torch.float32 torch.float32"),
        "input_kept": np.array(True),
    }


def _noise(rng):
    shape = inputs.noise_shape(rng)
    # |correlation| of n independent normal pairs has mean sqrt(2 / (pi n)).
    return {
        "shape": np.array(shape),
        "mean": np.array(0.0),
        "std": np.array(1.0),
        "kurtosis": np.array(3.0),
        "between_items": np.array(np.sqrt(2 / (np.pi * np.prod(shape[1:])))),
        "between_calls": np.array(0.0),
    }


def loss(rng, power=2):
    """The loss of a known prediction, squared or absolute, for the noise of the tape."""
    error = rng.normal("prediction", *inputs.LOSS_SHAPE).astype(float) - 1 - normal_pattern(*inputs.LOSS_SHAPE)
    return {"loss": np.array(np.mean(np.abs(error) ** power)), "shape": np.zeros(0)}


def gradient(rng, power=2):
    """The derivative of that loss, for a prediction that is a weight times a direction."""
    direction, weight = rng.normal("direction", *inputs.LOSS_SHAPE).astype(float) - 1, rng.number("weight", 0.4, 1.2)
    error = weight * direction - normal_pattern(*inputs.LOSS_SHAPE)
    slope = 2 * error if power == 2 else np.sign(error)
    return {"gradient": np.array(np.mean(slope * direction))}


def draws(rng):
    """What training should draw."""
    yes = {name: np.array(True) for name in ("in_range", "t_per_item", "t_uniform", "own_label")}
    return {"drawn": np.ones(inputs.schedule(rng, 3, 6)["num_steps"], bool)} | yes


def _ddpm_training(rng):
    bars = drawn_variances(rng, 3, 6)[2]
    factors = np.stack([np.sqrt(bars), np.sqrt(1 - bars)], axis=1)
    return {"factors": factors, "residual": np.array(0.0)} | draws(rng)


def _ddpm_step(rng, posterior=False):
    betas, _, bars = drawn_variances(rng, 6, 9)
    steps = [reverse_step(betas, bars, t, posterior) for t in inputs.timesteps(rng, len(betas), 1)]
    return {
        "mean_factors": np.stack([mean for mean, _ in steps]),
        "mean_residual": np.zeros(4),
        "sigma": np.array([sigma for _, sigma in steps]),
        "sigma_residual": np.zeros(4),
        "dtype": np.array("torch.float32"),
        "input_kept": np.array(True),
    }


def _ddpm_sample(rng, posterior=False):
    betas, _, bars = drawn_variances(rng, 5, 8)
    slope, offset = inputs.linear_network(rng, len(betas))
    shape = (rng.integer("count", 3, 7), 1, 32, 32)
    z = inputs.SAMPLING_NOISE * normal_pattern(*shape).astype(float)  # the tape plays the same noise at every step
    x = z
    for t in reversed(range(len(betas))):
        factors, sigma = reverse_step(betas, bars, t, posterior)
        x = factors[0] * x + factors[1] * (slope[t] * x + offset[t]) + sigma * z
    return {"sample": x[:, :, 3:6, 10:14], "shape": np.array(shape), "dtype": np.array("torch.float32")}


def rules(rng):
    """What every sampler should observe."""
    yes = ("whole_batch", "labels_honoured", "no_grad", "random_labels", "wrong_count_refused")
    return {"count_without_labels": np.array(rng.integer("more", 6, 26)), **{name: np.array(True) for name in yes}}


def _ddpm_sampling_rules(rng):
    return {"timesteps": np.arange(inputs.schedule(rng, 4, 15)["num_steps"])[::-1]} | rules(rng)


def device(rng):
    """Where code that handles devices correctly computes."""
    gpu, count = inputs.gpu_and_count(rng)
    return {"computed_on": np.array(gpu), "count": np.array(count)}


def prepared(rng):
    """What `prepare_*` should build."""
    yes = ("class", "loss_is_finite", "takes_gradients", "trainable")
    return {"reloaded": np.full(2, rng.number("weight", -1, 1)), **{name: np.array(True) for name in yes}}


ORACLES = (
    Oracle("4.embedding", _embedding),
    Oracle("4.unet", _unet),
    Oracle("4.schedule", _schedule),
    Oracle("4.schedule_quadratic", lambda rng: _schedule(rng, quadratic=True)),
    Oracle("4.schedule_refusal", _schedule_refusal),
    Oracle("4.add_noise", _add_noise),
    Oracle("4.noise", _noise),
    Oracle("4.ddpm_loss", loss),
    Oracle("4.ddpm_loss", lambda rng: loss(rng, power=1), variant="4.l1_loss"),
    Oracle("4.ddpm_gradient", gradient),
    Oracle("4.ddpm_gradient", lambda rng: gradient(rng, power=1), variant="4.l1_loss"),
    Oracle("4.ddpm_training", _ddpm_training),
    Oracle("4.ddpm_step", _ddpm_step),
    Oracle("4.ddpm_step", lambda rng: _ddpm_step(rng, posterior=True), variant="4.posterior_variance"),
    Oracle("4.ddpm_sample", _ddpm_sample),
    Oracle("4.ddpm_sample", lambda rng: _ddpm_sample(rng, posterior=True), variant="4.posterior_variance"),
    Oracle("4.ddpm_sampling_rules", _ddpm_sampling_rules),
    Oracle("4.device", device),
    Oracle("4.prepare_ddpm", prepared),
)
