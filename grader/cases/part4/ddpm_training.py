"""Part 4: training of the conditional DDPM. Timesteps are indexed from 0."""

import numpy as np

from grader.case import FLOAT32, case
from grader.cases.part4 import training
from grader.lazy import Lazy

probes = Lazy("grader.probes")


@case(
    "4.ddpm_loss",
    points=0.5,
    equation="L = mean of (eps - eps_theta(x_t, t, label))^2 over all elements, or of its absolute value (DDPM eq. 14)",
    look="The two tensors that forward compares, and what it reduces their difference to.",
    term="eps - eps_theta, and 'mean ... over all elements': what is the target, and how many numbers are left?",
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
    look="Every detach, .data, item() and no_grad between the network's output and the loss.",
    term="grad_theta: no gradient means that the graph is cut; another size or direction, that the loss is another "
    "one (4.ddpm_loss).",
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
    look="What the network gets in forward: print t, x_t and the labels of one batch, with T = 4.",
    term="Uniform({0, ..., T - 1}) 'for each item': which t can occur, and how many are drawn? x_t is of that t, and "
    "most labels are kept.",
    shows={
        "factors": "the factors of x_0 and of the noise in what the network sees, a row for each t (nan: never drawn)",
        "residual": "what the network sees besides x_0 and the noise",
    }
    | training.DRAWS,
    **FLOAT32,
    needs=("4.add_noise",),
)
def ddpm_training(code, rng):
    """Training: what the network is trained on, at which timesteps and with which labels"""
    calls, x, labels, setting = training.train(code, rng, "DDPM")
    steps = setting["num_steps"]
    found, residual = zip(*(probes.factors(call.x, x, probes.pattern(*x.shape)) for call in calls), strict=True)
    found, residual = np.concatenate(found), np.concatenate(residual)
    t = training.drawn_timesteps(calls)
    with np.errstate(invalid="ignore"):
        table = np.stack([found[t == step].sum(axis=0) / (t == step).sum() for step in range(steps)])
    return {"factors": table, "residual": residual.max()} | training.draws(calls, labels, steps)


@case(
    "4.prepare_ddpm",
    points=0.5,
    equation="prepare_ddpm() builds the model that checkpoints/DDPM.pt was trained with",
    look="How many channels the network is built for, and whether all of its parameters are to be trained.",
    term="'the model that ... was trained with': a grey image goes through it, and a gradient comes back.",
    shows=training.PREPARED,
    **FLOAT32,
    seconds=30.0,
    needs=("4.ddpm_loss", "4.unet"),
)
def prepare_ddpm(code, rng):
    """prepare_ddpm: builds a model that trains on FashionMNIST images"""
    return training.prepared(code, rng, "DDPM")
