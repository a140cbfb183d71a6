"""Part 4: training of the conditional DDPM. Timesteps are indexed from 0."""

import numpy as np

from grader.parts.fashion_mnist.cases import training
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

probes = Lazy("grader.runtime.probes")


@case(
    "4.ddpm_loss",
    points=0.5,
    equation="L = mean of (eps - eps_theta(x_t, t, label))^2 over all elements, or of its absolute value (DDPM eq. 14)",
    look="Check which two tensors forward compares, and what shape is left after you reduce their difference.",
    term="eps - eps_theta: what is the target? 'mean ... over all elements': how many numbers are left?",
    shows=training.LOSS,
    **FLOAT32,
    needs=("4.add_noise",),
)
def ddpm_loss(code, rng):
    """Training loss: compares the predicted noise with the noise, averaged over everything"""
    return training.loss(code, rng, "DDPM")


@case(
    "4.ddpm_gradient",
    points=0.5,
    equation="gradient step on grad_theta || eps - eps_theta(x_t, t, label) ||^2 (DDPM, algorithm 1)",
    look="Look for detach, .data, item() and no_grad between the network's output and the loss.",
    term="grad_theta: if there is no gradient, the graph is cut. If its size or direction is wrong, the loss itself "
    "is wrong (see 4.ddpm_loss).",
    shows=training.GRADIENT,
    **FLOAT32,
    needs=("4.ddpm_loss",),
)
def ddpm_gradient(code, rng):
    """Training loss: its gradient reaches the network"""
    return training.gradient(code, rng, "DDPM")


@case(
    "4.ddpm_training",
    points=0.5,
    equation="t ~ Uniform({0, ..., T - 1}) for each item; the network sees x_t, t and the label (DDPM, algorithm 1)",
    look="Print what the network gets in forward: t, x_t and the labels of one batch, with T = 4.",
    term="Uniform({0, ..., T - 1}) 'for each item': which t can occur, and how many do you draw? Does x_t belong to "
    "the same t, and do most items keep their label?",
    shows={
        "factors": "factors of x_0 and the noise in the network's input, one row for each t (nan: never drawn)",
        "residual": "part of the network's input that is neither x_0 nor the noise",
    }
    | training.DRAWS,
    **FLOAT32,
    needs=("4.add_noise",),
)
def ddpm_training(code, rng):
    """Training: what the network is trained on, at which timesteps and with which labels"""
    calls, x, labels, setting = training.train(code, rng, "DDPM")
    steps = setting["num_steps"]
    factors, residual = zip(*(probes.factors(call.x, x, probes.pattern(*x.shape)) for call in calls), strict=True)
    factors, residual = np.concatenate(factors), np.concatenate(residual)
    t = training.drawn_timesteps(calls)
    with np.errstate(invalid="ignore"):
        table = np.stack([factors[t == step].sum(axis=0) / (t == step).sum() for step in range(steps)])
    return {"factors": table, "residual": residual.max()} | training.draws(calls, labels, steps)


@case(
    "4.prepare_ddpm",
    points=0.5,
    equation="prepare_ddpm() builds the model that checkpoints/DDPM.pt was trained with",
    look="Check how many channels the network is built for, and whether all its parameters can be trained.",
    term="'the model that ... was trained with': can a grey image go through it, and does a gradient come back?",
    shows=training.PREPARED,
    **FLOAT32,
    seconds=30.0,
    needs=("4.ddpm_loss", "4.unet"),
)
def prepare_ddpm(code, rng):
    """prepare_ddpm: builds a model that trains on FashionMNIST images"""
    return training.prepared(code, rng, "DDPM")
