"""Part 5: guidance and sampling of the multi-label DDPM. Timesteps are indexed from 0."""

import numpy as np

from grader.parts.iclevr.cases import inputs, models
from grader.runtime.case import FLOAT32, case
from grader.runtime.denoising import recover, reloaded, seen_timesteps
from grader.runtime.inputs import gpu_and_count
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
fake_gpu = Lazy("grader.runtime.fake_gpu")

STRIP_STEPS = (24, 36, 48)  # numbers of steps that are divisible by 12
SIZE = 64


@case(
    "5.guidance",
    points=2.0,
    equation="(1 + w) eps(x_t, t, labels) - w eps(x_t, t, null) (CFG eq. 6)",
    look="Check the factor of each prediction for w = 0 and for w = 1. Then check what the network gets as null.",
    term="(1 + w) and -w add up to 1. null is a row of zeros for every picture.",
    shows={
        "estimate": "the guided estimate for each picture, for a network whose predictions are known",
        "without": "the estimate with w = 0",
        "conditions": "whether the network sees the labels and the null condition, and nothing else",
    },
    **FLOAT32,
)
def guidance(code, rng):
    """Guidance: the two predictions and their factors"""
    count, w = rng.integer("count", 3, 6), inputs.weight(rng)
    of_labels = torch.from_numpy(np.asarray(inputs.of_labels(rng)))
    x, t = rng.normal("x_t", count, 3, 2, 2), torch.full((count,), rng.integer("t", 0, 8))
    labels = models.labels_of(inputs.conditions(rng, "labels", count))

    def predict(x, t, labels):
        return (0.5 + (labels * of_labels).sum(dim=1)).reshape(-1, 1, 1, 1) * x

    calls, model = models.model(code, predict, guidance_weight=w)
    estimate = probes.tensor(model.guided_noise(x, t, labels), "guided_noise", x.shape)
    asked = torch.cat([call.label for call in calls])
    known = (asked[:, None] == torch.cat([labels, torch.zeros(1, labels.shape[1])])).all(dim=2)
    _, plain = models.model(code, predict, guidance_weight=0.0)
    return {
        "estimate": (estimate / x).flatten(1).mean(dim=1),
        "without": (plain.guided_noise(x, t, labels) / x).flatten(1).mean(dim=1),
        "conditions": bool(known.any(dim=1).all() and known.any(dim=0).all()),
    }


@case(
    "5.ddpm_step",
    points=3.0,
    equation="x_{t-1} ~ N(posterior mean of x_t and clamped x_0, (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) beta_t) "
    "(DDPM eq. 6 and 7)",
    look="Check x_0 first: its two roots and the clamp. Then the two factors of eq. (7), then sigma. Try t = 0, t = 1 "
    "and t = T - 1.",
    term="alpha_bar_{t-1} is 1 at t = 0. It occurs in both factors of the mean and in the variance. sigma is the "
    "square root of the variance.",
    shows={
        "mean_factors": "factors of x_t and of the noise in the mean, for t = 0, 1, one in between, T - 2",
        "mean_residual": "part of the mean that is neither x_t nor the estimated noise, for each of these t",
        "sigma": "factor of the fresh noise z, for each of these t",
        "sigma_residual": "part of the sample that is neither its mean nor sigma z, for each of these t",
        "clamped": "some values of the mean at t = T - 1, where most estimates of x_0 are far outside [-1, 1]",
        "input_kept": "whether x_t stays unchanged",
    },
    rtol=5e-4,
    atol=5e-5,
    needs=("5.cosine",),
)
def ddpm_step(code, rng):
    """Reverse step: mean and variance of x_{t-1}, from a clamped x_0"""
    count = inputs.steps(rng)
    _, model = models.model(code, None, count)
    x, noise = (rng.normal(name, 2, 3, 5, 4, scale=inputs.SMALL) for name in ("x_t", "noise"))
    rows = [_factors_of_step(model, x, noise, t) for t in inputs.step_timesteps(rng, count)]
    names = ("mean_factors", "mean_residual", "sigma", "sigma_residual")
    far, far_noise = (rng.normal(name, 2, 3, 2, 2) for name in ("far x_t", "far noise"))
    kept = far.clone()
    with probes.noise_tape(0.0):
        clamped = recover(model, far, far_noise, count - 1)
    arrays = {name: np.stack(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    return arrays | {"clamped": clamped.flatten(), "input_kept": torch.equal(far, kept)}


def _factors_of_step(model, x, noise, t):
    """For one step, the factors and residuals of its mean and of its fresh noise."""
    with probes.noise_tape(0.0):
        mean = recover(model, x, noise, t)
    with probes.noise_tape(1.0):
        sample = recover(model, x, noise, t)
    flat = [tensor.reshape(1, -1) for tensor in (mean, x, noise)]
    mean_factors, mean_residual = probes.factors(*flat)
    sigma, rest = probes.factors((sample - mean).reshape(1, -1), probes.pattern(*x.shape).reshape(1, -1))
    return mean_factors[0], mean_residual[0], sigma[0, 0], rest[0]


def sampling(rng):
    """Draw (T, number of pictures, guidance weight, scale of the noise) for a sampling run with a known result."""
    return inputs.steps(rng, 5, 9), rng.integer("count", 3, 6), inputs.weight(rng), rng.number("noise", 0.5, 1.0)


@case(
    "5.ddpm_sample",
    points=2.0,
    equation="x_{T-1} ~ N(0, I); for t = T - 1, ..., 0: x = recover_sample(x, guided noise, t) (DDPM, algorithm 2)",
    look="The loop in denoise: what are its first and last t, and where does the result of each step go? Then: what "
    "does generate_sample start from, and what does it return?",
    term="'t = T - 1, ..., 0' and 'x =': T steps, each starting from the result of the one before. If 5.ddpm_step "
    "fails too, fix it first.",
    shows={
        "sample": "some pixels of the pictures, for a linear network and known noise",
        "shape": "shape of the pictures",
        "timesteps": "timesteps that the network sees, in order",
        "whole_batch": "whether every call of the network has all pictures",
        "predictions": "number of predictions for each picture and step (two with guidance)",
        "no_grad": "whether sampling runs without gradients",
    },
    rtol=2e-3,
    atol=2e-4,
    needs=("5.ddpm_step", "5.guidance"),
)
def ddpm_sample(code, rng):
    """Sampling: the whole loop, guided by the labels, with all pictures in one batch"""
    steps, count, w, scale = sampling(rng)
    slope, offset = (torch.from_numpy(np.asarray(table)) for table in inputs.linear_network(rng, steps))
    of_labels = torch.from_numpy(np.asarray(inputs.of_labels(rng)))
    calls, model = models.model(code, models.linear(slope, offset, of_labels), steps, guidance_weight=w)
    labels = models.labels_of(inputs.conditions(rng, "labels", count))
    with probes.noise_tape(scale):
        sample = probes.tensor(model.generate_sample(labels, torch.device("cpu")), "generate_sample")
    return {
        "sample": sample[:, :, 3:5, 10:13],
        "shape": sample.shape,
        "timesteps": seen_timesteps(calls),
        "whole_batch": all(len(call.x) >= count for call in calls),
        "predictions": sum(len(call.x) for call in calls) / (steps * count),
        "no_grad": not any(call.grad_enabled for call in calls),
    }


@case(
    "5.strip",
    points=1.0,
    equation="x after 0, T / 12, 2 T / 12, ..., T steps, from noise to the picture",
    look="How many states do you return? After how many steps do you take the first, the second and the last?",
    term="'0, ..., T': thirteen states, including the noise and the picture.",
    shows={
        "shape": "shape of the strip",
        "states": "one pixel of each state, for a network that predicts its input, and known noise",
        "last_is_the_picture": "whether the last state equals generate_sample's result for the same noise",
    },
    rtol=2e-3,
    atol=2e-4,
    needs=("5.ddpm_sample",),
)
def strip(code, rng):
    """Denoising strip: the noise, the picture, and evenly spaced states in between"""
    steps, count = rng.choice("steps", STRIP_STEPS, 1)[0], rng.integer("count", 1, 4)
    slope, offset = torch.full((steps,), rng.number("slope", 0.3, 0.9)), torch.zeros(steps)
    _, model = models.model(code, models.linear(slope, offset, torch.zeros(inputs.CONDITIONS)), steps)
    labels, scale = models.labels_of(inputs.conditions(rng, "labels", count)), rng.number("noise", 0.5, 1.0)
    with probes.noise_tape(scale):
        states = probes.tensor(model.denoising_strip(labels, torch.device("cpu")), "denoising_strip")
        picture = model.generate_sample(labels, torch.device("cpu"))
    return {
        "shape": states.shape,
        "states": states[0, :, 0, 7, 9] if states.dim() == 5 else states.flatten()[:13],
        "last_is_the_picture": bool(states.dim() == 5 and torch.allclose(states[:, -1], picture, atol=1e-4)),
    }


@case(
    "5.ddpm_device",
    points=1.0,
    equation="all tensors on one device: make each one with device=x.device, move labels there",
    look="Check every place where your code makes a tensor (randn, randint, full, zeros, ...) and where labels come "
    "in.",
    term="device=x.device: which tensor can you take the device from? The labels may arrive on the CPU.",
    shows={
        "computed_on": "device of training and sampling, with the model on a simulated GPU",
        "count": "number of pictures generated there",
    },
    needs=("5.ddpm_loss", "5.ddpm_sample"),
)
def ddpm_device(code, rng):
    """Device: training and sampling leave no tensor on the CPU when they run on a GPU"""
    gpu, count = gpu_and_count(rng)
    labels, made = models.labels_of(inputs.conditions(rng, "labels", count)), []

    def predict(x, t, labels):
        places = {name: str(v.device) for name, v in (("x_t", x), ("timestep", t), ("labels", labels))}
        if len(set(places.values())) > 1:
            devices = ", ".join(f"{name} on {place}" for name, place in places.items())
            raise fake_gpu.WrongDeviceError(f"the network gets {devices}")
        return 0.1 * x

    def train_and_sample(device):
        model = models.model(code, predict, 4, p_uncond=0.5, guidance_weight=1.0)[1].to(device)
        model(torch.zeros(count, 3, 8, 8, device=device), labels.to(device))
        made[:] = probes.tensor(model.generate_sample(labels, device), "generate_sample")

    return {"computed_on": fake_gpu.computes_on(gpu, train_and_sample), "count": len(made)}


@case(
    "5.prepare_cddpm",
    points=1.0,
    equation="prepare_cddpm() builds the model that checkpoints/CDDPM.pt was trained with",
    look="Does prepare_cddpm build the whole model anew at every call, and can all of its parameters be trained?",
    term="'the model that ... was trained with': a picture must pass through it, and a gradient must come back.",
    shows={
        "class": "whether it is a MultiLabelDDPM",
        "loss_is_finite": "whether the training loss on pictures of 64 x 64 is finite",
        "takes_gradients": "whether its parameters require gradients",
        "trainable": "whether the gradient of the loss reaches its parameters",
        "reloaded": "smallest and largest parameter of a second model that loaded weights all equal",
    },
    **FLOAT32,
    seconds=30.0,
    needs=("5.ddpm_loss", "5.multi_label"),
)
def prepare_cddpm(code, rng):
    """prepare_cddpm: builds a model that can be trained on i-CLEVR's pictures"""
    prepare = code.conditional_diffusion.prepare_cddpm
    model, labels = prepare(), models.labels_of(inputs.conditions(rng, "labels", 2))
    value = probes.tensor(model(rng.uniform("x_0", 2, 3, SIZE, SIZE, low=-1.0), labels), "forward")
    if value.requires_grad:
        value.backward()
    observed = {
        "class": isinstance(model, code.conditional_diffusion.MultiLabelDDPM),
        "loss_is_finite": bool(torch.isfinite(value)),
        "takes_gradients": any(p.requires_grad for p in model.parameters()),
        "trainable": any(p.grad is not None and p.grad.any() for p in model.parameters()),
    }
    return observed | {"reloaded": reloaded(prepare, model, rng.number("weight", -1, 1))}
