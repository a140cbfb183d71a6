"""Part 2: the training loss, and dropping the condition. Timesteps are indexed from 0."""

import numpy as np

from grader.case import FLOAT32, case
from grader.cases.part2 import inputs
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")

LOSS_SHAPE = (4, 11, 9)  # of the samples in a loss, the batch first
BATCHES = 900  # whose conditions are dropped or not: two rates differ by 0.12 at most, five standard errors
CONDITION_DIM = 5


def _model(code, rng, predict, input_shape, fewest=7, most=11, p_uncond=0.0, weight=None):
    """A model whose trained network is a spy, and that spy."""
    spy = probes.Spy(predict, weight)
    setting = inputs.schedule(rng, fewest, most)
    return inputs.build(code, setting, input_shape, CONDITION_DIM, spy, probes.Spy(predict), p_uncond), spy


@case(
    "2.loss",
    points=0.75,
    equation="L = mean of (eps - eps_theta(x_t, t, c))^2 over all elements (DDPM eq. 14)",
    look="The two tensors that compute_loss_on_batch compares: one is what the network gives. What is the other, and "
    "how was it drawn?",
    term="eps - eps_theta, the square, and the mean: target, kind of error and average are three decisions.",
    shows={"loss": "the loss of a network with a known prediction and known noise", "shape": "shape of the loss"},
    **FLOAT32,
    needs=("2.add_noise",),
)
def loss(code, rng):
    """Loss: compares the predicted noise with the noise, averaged over everything"""
    # Both are biased: with x_0 or x_t in the place of the noise the loss is larger, whatever is drawn.
    x, prediction = rng.uniform("x_0", *LOSS_SHAPE, low=0.5), rng.normal("prediction", *LOSS_SHAPE) - 1
    model, _ = _model(code, rng, lambda x_t, t, cond: prediction, LOSS_SHAPE[1:])
    with probes.noise_tape(1.0):
        value = model.compute_loss_on_batch(x, rng.normal("cond", len(x), CONDITION_DIM))
    value = probes.tensor(value, "compute_loss_on_batch")
    return {"loss": value, "shape": value.shape}


@case(
    "2.gradient",
    points=0.5,
    equation="gradient step on grad_theta || eps - eps_theta(x_t, t, c) ||^2 (DDPM, algorithm 1)",
    look="Which network compute_loss_on_batch calls, and all that lies between its output and the loss.",
    term="theta: whose weights? And a gradient that is wrong by a constant factor, or in its direction, tells of the "
    "loss (2.loss).",
    shows={
        "gradient": "derivative of the loss with respect to a weight of the network that is trained",
        "trained_predicts": "whether it is the network that is trained that predicts",
    },
    **FLOAT32,
    needs=("2.loss",),
)
def gradient(code, rng):
    """Loss: its gradient reaches the network that is trained"""
    x, direction = rng.uniform("x_0", *LOSS_SHAPE, low=0.5), rng.normal("direction", *LOSS_SHAPE) - 1
    weight = torch.nn.Parameter(torch.tensor(rng.number("weight", 0.4, 1.2)))
    model, spy = _model(code, rng, lambda x_t, t, cond: weight * direction, LOSS_SHAPE[1:], weight=weight)
    model.ema.averaged_model = probes.Spy(lambda x_t, t, cond: 0 * x_t)  # whose gradient would be none
    with probes.noise_tape(1.0):
        value = model.compute_loss_on_batch(x, rng.normal("cond", len(x), CONDITION_DIM))
    if probes.tensor(value, "compute_loss_on_batch").requires_grad:
        value.backward()
    found = torch.tensor(float("nan")) if weight.grad is None else weight.grad
    return {"gradient": found, "trained_predicts": bool(spy.calls)}


@case(
    "2.training",
    points=0.75,
    equation="t ~ Uniform({0, ..., T - 1}) for each item; the network sees x_t, t and the condition (algorithm 1)",
    look="What you hand to the network: print t, x_t and the condition of one batch, with T = 3.",
    term="Uniform({0, ..., T - 1}) 'for each item': both ends, and as many draws as items, of t and of the noise. "
    "x_t and t belong together.",
    shows={
        "factors": "the factors of x_0 and of the noise in what the network sees, a row for each t (nan: never drawn)",
        "residual": "what the network sees besides x_0 and the noise",
        "in_range": "whether every t is in {0, ..., T - 1}",
        "t_per_item": "whether the items of a batch have different t",
        "t_uniform": "whether all t are about equally frequent",
        "own_condition": "whether each item comes with its own condition when p_uncond is 0",
    },
    **FLOAT32,
    needs=("2.add_noise",),
)
def training(code, rng):
    """Training: what the network is trained on, at which timesteps and with which condition"""
    batch, sizes = 64, inputs.shape(rng, "shape", 2)
    x, cond = rng.normal("x_0", batch, *sizes), rng.normal("cond", batch, CONDITION_DIM)
    model, spy = _model(code, rng, lambda x_t, t, c: torch.zeros_like(x_t), sizes, 3, 6)
    steps = model.denoising_steps
    with probes.noise_tape(1.0):
        for _ in range(10):
            model.compute_loss_on_batch(x, cond)
    found, residual = zip(*(probes.factors(call.x, x, probes.pattern(*x.shape)) for call in spy.calls), strict=True)
    found, residual = np.concatenate(found), np.concatenate(residual)
    t = torch.cat([call.timestep for call in spy.calls]).long().numpy()
    counts = np.bincount(t[(t >= 0) & (t < steps)], minlength=steps)
    with np.errstate(invalid="ignore"):
        table = np.stack([found[t == step].sum(axis=0) / counts[step] for step in range(steps)])
    return {
        "factors": table,
        "residual": residual.max(),
        "in_range": bool(((t >= 0) & (t < steps)).all()),
        "t_per_item": len(spy.calls[0].timestep.unique()) > 1,
        "t_uniform": bool((np.abs(counts / len(t) - 1 / steps) < 0.1).all()),
        "own_condition": all(call.label is not None and torch.equal(call.label, cond) for call in spy.calls),
    }


@case(
    "2.guidance_dropout",
    points=1,
    equation="with probability p_uncond the conditions of a batch become zeros, the null condition (CFG, alg. 1)",
    look="The draw before the loss: how many numbers are drawn for a batch, what they are compared with, and what "
    "becomes of the condition.",
    term="'with probability p_uncond', 'of a batch', 'zeros': which side of the comparison drops, how much is "
    "dropped, and in whose tensor?",
    shows={
        "rate": "share of batches whose condition is dropped, for p_uncond = 0, four other values, and 1",
        "whole_batch": "whether a batch keeps all of its conditions or none",
        "null_is_zero": "whether a dropped condition is zeros, and a kept one as it was",
        "condition_kept": "whether the caller's condition is left as it was",
    },
    atol=0.125,
    needs=("2.training",),
)
def guidance_dropout(code, rng):
    """Classifier-free guidance: the condition of a batch is dropped with probability p_uncond, all or nothing"""
    x, cond = rng.normal("x_0", 3, 2, 2), rng.uniform("cond", 3, CONDITION_DIM, low=0.5, high=1.5)
    copy, rates, dropped = cond.clone(), [], []
    for p_uncond in (0.0, *inputs.dropout(rng), 1.0):
        model, spy = _model(code, rng, lambda x_t, t, c: torch.zeros_like(x_t), (2, 2), p_uncond=p_uncond)
        for _ in range(BATCHES if 0 < p_uncond < 1 else 50):
            model.compute_loss_on_batch(x, cond)
        seen = torch.stack([call.label for call in spy.calls])  # (batches, 3, CONDITION_DIM)
        changed = (seen != copy).any(dim=2)
        rates.append(changed.float().mean())
        dropped.append((seen, changed))
    seen, changed = (torch.cat(column) for column in zip(*dropped, strict=True))
    expected = torch.where(changed[:, :, None], 0.0, copy)
    return {
        "rate": rates,
        "whole_batch": bool((changed.all(dim=1) | ~changed.any(dim=1)).all()),
        "null_is_zero": torch.equal(seen, expected),
        "condition_kept": torch.equal(cond, copy),
    }
