"""Part 3: training of the conditional DDPM. Timesteps are indexed from 1, and the network sees t / T."""

import numpy as np

from grader.parts.mnist.cases import calls, inputs
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
NOISE_TOLERANCE = {"atol": 0.15}  # at least five standard errors of every observed statistic
RATE_TOLERANCE = {"atol": 0.035}  # the same for a rate among 10,000 labels


def loss_shape(rng):
    """Shape of the images whose loss we compute."""
    return rng.integer("batch", 3, 7), *inputs.IMAGE


def _loss(model, rng, images):
    """The training loss of images with random labels and known noise."""
    with probes.noise_tape(1.0):
        return probes.tensor(model(images, rng.integers("labels", 0, inputs.CLASSES, len(images))), "forward")


@case(
    "3.loss",
    points=1,
    equation="L = mean of (eps - eps_theta(x_t, t / T, c))^2 over all elements (DDPM eq. 14)",
    look="Look at the two arguments of loss_fn. What does the network predict?",
    term="eps - eps_theta, and 'mean ... over all elements': check the target and the average.",
    shows={"loss": "loss of a network with a known prediction, for known noise", "shape": "shape of the loss"},
    **FLOAT32,
    needs=("3.alpha_bars",),
)
def loss(code, rng):
    """Training loss: compares the predicted noise with the true noise, averaged over all elements"""
    # Both are biased, so comparing with x_0 or x_t instead of the noise gives a larger loss for any draw.
    images = rng.uniform("x_0", *loss_shape(rng), low=0.5)
    prediction = rng.normal("prediction", *loss_shape(rng)) - 1
    model, _ = calls.ddpm(code, inputs.schedule(rng, 7, 11), lambda x_t, t, c: prediction)
    value = _loss(model, rng, images)
    return {"loss": value, "shape": value.shape}


@case(
    "3.gradient",
    points=0.5,
    equation="gradient step on grad_theta || eps - eps_theta(x_t, t / T, c) ||^2 (DDPM, algorithm 1)",
    look="Check everything that lies between the network's output and the loss that forward returns.",
    term="grad_theta of a mean: if there is no gradient, the graph is cut. If its size or direction is wrong, so is "
    "the loss (3.loss).",
    shows={"gradient": "gradient of the loss with respect to a weight of the network"},
    **FLOAT32,
    needs=("3.loss",),
)
def gradient(code, rng):
    """Training loss: its gradient reaches the network"""
    images = rng.uniform("x_0", *loss_shape(rng), low=0.5)
    direction = rng.normal("direction", *loss_shape(rng)) - 1
    weight = torch.nn.Parameter(torch.tensor(rng.number("weight", 0.4, 1.2)))
    model, _ = calls.ddpm(code, inputs.schedule(rng, 7, 11), lambda x_t, t, c: weight * direction, weight)
    value = _loss(model, rng, images)
    if value.requires_grad:
        value.backward()
    return {"gradient": torch.tensor(float("nan")) if weight.grad is None else weight.grad}


@case(
    "3.training",
    points=2,
    equation="x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps, t ~ Uniform({1, ..., T}) (CFG, algorithm 1)",
    look="Print the arguments with which forward calls the network, for one batch and T = 3. Which time does it see, "
    "and does x_t belong to that time?",
    term="Uniform({1, ..., T}) for each item, and the two factors: which t can occur, how does the network get t, and "
    "what is under each root?",
    shows={
        "times": "the different times that the network sees (t / T for t = 1, ..., T)",
        "factors": "the smallest factors of x_0 and of the noise in what the network sees, one row per time",
        "spread": "how much the factors vary between items with the same time",
        "residual": "what the network sees besides x_0 and the noise",
        "t_per_item": "whether the items of a batch have different t",
        "t_uniform": "whether all t are about equally frequent",
    },
    **FLOAT32,
    needs=("3.alpha_bars",),
)
def training(code, rng):
    """Training: what the network sees, and at which timesteps"""
    setting, batch = inputs.schedule(rng, 3, 6), 8
    images, labels = rng.normal("x_0", batch, *inputs.IMAGE), rng.integers("labels", 0, inputs.CLASSES, batch)
    model, spy = calls.ddpm(code, setting, lambda x_t, t, c: torch.zeros_like(x_t))
    with probes.noise_tape(1.0):
        for _ in range(100):  # enough to see each t, even if all items of a batch share one
            model(images, labels)
    noise = probes.pattern(*images.shape)
    factors, residual = zip(*(probes.factors(call.x, images, noise) for call in spy.calls), strict=True)
    factors = np.concatenate(factors)
    seen = torch.cat([call.timestep for call in spy.calls]).double().numpy()
    times, counts = np.unique(seen.round(5), return_counts=True)
    groups = [factors[seen.round(5) == time] for time in times]
    return {
        "times": times,
        "factors": [group.min(axis=0) for group in groups],
        "spread": max(np.ptp(group, axis=0).max() for group in groups),
        "residual": np.max(residual),
        "t_per_item": len(spy.calls[0].timestep.unique()) > 1,
        "t_uniform": bool((np.abs(counts / len(seen) - 1 / len(times)) < 0.1).all()),
    }


def many_images(rng):
    """How many images give a sample of noise large enough for statistics."""
    return rng.integer("batch", 400, 600)


@case(
    "3.noise",
    points=0.5,
    equation="eps ~ N(0, I): mean 0, one draw for each element of each item (DDPM eq. 4)",
    look="Find the line of forward that draws the noise. Check its distribution and its shape. Does anything else set "
    "the generator's state?",
    term="N(0, I), 'one draw for each element of each item': items share no noise, and neither do calls.",
    shows={
        "shape": "shape of what the network sees",
        "mean": "mean of the noise, in units of its root mean square",
        "kurtosis": "E[eps^4] / E[eps^2]^2 (3 for a normal distribution, 1.8 for a uniform one)",
        "between_items": "mean absolute correlation between the noise of two items",
        "between_calls": "correlation between the noise of two calls",
    },
    **NOISE_TOLERANCE,
    needs=("3.training",),
)
def noise(code, rng):
    """Training: the noise is standard normal and new for every item and every call"""
    images = torch.zeros(many_images(rng), *inputs.IMAGE)  # so that the network sees nothing but noise
    model, spy = calls.ddpm(code, inputs.schedule(rng, 3, 6), lambda x_t, t, c: torch.zeros_like(x_t))
    for _ in range(2):
        model(images, rng.integers("labels", 0, inputs.CLASSES, len(images)))
    first, second = (_unscaled(call.x.double()) for call in spy.calls)
    correlations = torch.corrcoef(first.flatten(1)[:40])
    return {
        "shape": first.shape,
        "mean": first.mean(),
        "kurtosis": first.pow(4).mean(),
        "between_items": correlations[~torch.eye(40, dtype=torch.bool)].nan_to_num(1.0).abs().mean(),
        "between_calls": torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1],
    }


def _unscaled(noise):
    """Each item in units of its root mean square, which depends on its t."""
    return noise / noise.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()


def labelled(rng):
    """How many labels a batch has, and the probability of dropping each."""
    return rng.integer("batch", 480, 600), rng.number("mask_p", 0.3, 0.36)


@case(
    "3.dropout",
    points=1,
    equation="c <- null with probability mask_p for each item, else the one-hot label (CFG, algorithm 1)",
    look="Print the rows that reach the network as c, for ten items with mask_p = 0.5.",
    term="'with probability mask_p for each item': how many draws, compared which way? And how many elements of the "
    "row does null fill?",
    shows={
        "shape": "shape of the conditions that the network sees",
        "per_item": "whether a batch drops some labels and keeps others",
        "rate": "share of dropped labels minus mask_p, in batches that drop some and keep some",
        "null_values": "smallest and largest element of the rows with equal elements (condition_mask_value)",
        "own_label": "whether every one-hot row has its 1 at its own label",
        "neither": "share of rows that are neither one-hot nor constant",
    },
    **RATE_TOLERANCE,
)
def dropout(code, rng):
    """Training: labels are one-hot, and training drops some of them as a whole"""
    batch, mask_p = labelled(rng)
    images, labels = torch.zeros(batch, *inputs.IMAGE), rng.integers("labels", 0, inputs.CLASSES, batch)
    model, spy = calls.ddpm(code, inputs.schedule(rng, 3, 6) | {"mask_p": mask_p}, lambda x_t, t, c: x_t)
    for _ in range(20):
        model(images, labels)
    rows = torch.stack([calls.rows(call) for call in spy.calls])  # (calls, B, K)
    constant = (rows == rows[..., :1]).all(dim=-1)
    one_hot = ((rows == 0) | (rows == 1)).all(dim=-1) & (rows.sum(dim=-1) == 1)
    null, mixed = rows[constant], constant.any(dim=1) & ~constant.all(dim=1)
    return {
        "shape": rows.shape[1:],
        "per_item": bool(mixed.any()),
        "rate": constant[mixed].double().mean() - mask_p,
        "null_values": [null.min(), null.max()] if len(null) else [np.nan, np.nan],
        "own_label": bool((rows.argmax(dim=-1) == labels)[one_hot].all()),
        "neither": (~constant & ~one_hot).double().mean(),
    }
