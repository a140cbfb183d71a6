"""Part 2: the training loss, and dropping conditions. Timesteps are indexed from 0."""

import numpy as np

from grader.parts.cifar10.cases import inputs
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")

LOSS_SHAPE = (4, 11, 9)  # of the samples in a loss, batch first
BATCHES = 900  # that keep or lose their conditions: two rates differ by at most 0.12, five standard errors
CONDITION_DIM = 5


def _model(code, rng, predict, input_shape, fewest=7, most=11, p_uncond=0.0, weight=None):
    """A model whose trained network is a spy, and the spy."""
    spy = probes.Spy(predict, weight)
    setting = inputs.schedule(rng, fewest, most)
    return inputs.build(code, setting, input_shape, CONDITION_DIM, spy, probes.Spy(predict), p_uncond), spy


@case(
    "2.loss",
    points=0.75,
    equation="L = mean of (eps - eps_theta(x_t, t, c))^2 over all elements (DDPM eq. 14)",
    look="Look at the two tensors that compute_loss_on_batch compares. One is the network's output. What is the "
    "other, and how did you draw it?",
    term="eps - eps_theta, the square, and the mean: you choose a target, a kind of error, and an average.",
    shows={"loss": "loss of a network with a known prediction, for known noise", "shape": "shape of the loss"},
    **FLOAT32,
    needs=("2.add_noise",),
)
def loss(code, rng):
    """Loss: compares the predicted noise with the true noise, averaged over all elements"""
    # Both are biased, so comparing with x_0 or x_t instead of the noise gives a larger loss for any draw.
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
    look="Check which network compute_loss_on_batch calls, and everything between its output and the loss.",
    term="theta: whose weights are these? If the gradient is wrong by a constant factor, or in its direction, check "
    "the loss (2.loss).",
    shows={
        "gradient": "gradient of the loss with respect to a weight of the network that you train",
        "trained_predicts": "whether the network that you train makes the prediction",
    },
    **FLOAT32,
    needs=("2.loss",),
)
def gradient(code, rng):
    """Loss: its gradient reaches the network that you train"""
    x, direction = rng.uniform("x_0", *LOSS_SHAPE, low=0.5), rng.normal("direction", *LOSS_SHAPE) - 1
    weight = torch.nn.Parameter(torch.tensor(rng.number("weight", 0.4, 1.2)))
    model, spy = _model(code, rng, lambda x_t, t, cond: weight * direction, LOSS_SHAPE[1:], weight=weight)
    model.ema.averaged_model = probes.Spy(lambda x_t, t, cond: 0 * x_t)  # gives no gradient
    with probes.noise_tape(1.0):
        value = model.compute_loss_on_batch(x, rng.normal("cond", len(x), CONDITION_DIM))
    if probes.tensor(value, "compute_loss_on_batch").requires_grad:
        value.backward()
    derivative = torch.tensor(float("nan")) if weight.grad is None else weight.grad
    return {"gradient": derivative, "trained_predicts": bool(spy.calls)}


@case(
    "2.training",
    points=0.75,
    equation="t ~ Uniform({0, ..., T - 1}) for each item; the network sees x_t, t and the condition (algorithm 1)",
    look="Print what you pass to the network for one batch with T = 3: t, x_t and the condition.",
    term="Uniform({0, ..., T - 1}) 'for each item': are both ends possible, does every item get its own t and noise, "
    "and does x_t belong to its t?",
    shows={
        "factors": "the factors of x_0 and of the noise in what the network sees, one row per t (nan: never drawn)",
        "residual": "what the network sees besides x_0 and the noise",
        "in_range": "whether every t is in {0, ..., T - 1}",
        "t_per_item": "whether the items of a batch have different t",
        "t_uniform": "whether all t are about equally frequent",
        "own_condition": "whether each item keeps its own condition when p_uncond is 0",
    },
    **FLOAT32,
    needs=("2.add_noise",),
)
def training(code, rng):
    """Training: what the network sees, at which timesteps and with which condition"""
    batch, sizes = 64, inputs.shape(rng, "shape", 2)
    x, cond = rng.normal("x_0", batch, *sizes), rng.normal("cond", batch, CONDITION_DIM)
    model, spy = _model(code, rng, lambda x_t, t, c: torch.zeros_like(x_t), sizes, 3, 6)
    steps = model.denoising_steps
    with probes.noise_tape(1.0):
        for _ in range(10):
            model.compute_loss_on_batch(x, cond)
    factors, residual = zip(*(probes.factors(call.x, x, probes.pattern(*x.shape)) for call in spy.calls), strict=True)
    factors, residual = np.concatenate(factors), np.concatenate(residual)
    t = torch.cat([call.timestep for call in spy.calls]).long().numpy()
    counts = np.bincount(t[(t >= 0) & (t < steps)], minlength=steps)
    with np.errstate(invalid="ignore"):
        table = np.stack([factors[t == step].sum(axis=0) / counts[step] for step in range(steps)])
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
    look="Check the draw before the loss. How many numbers do you draw per batch, what do you compare them with, and "
    "what happens to the condition?",
    term="'with probability p_uncond', 'of a batch', 'zeros': which side of the comparison drops, how much does it "
    "drop, and in whose tensor?",
    shows={
        "rate": "share of batches that lose their condition, for p_uncond = 0, four values in between, and 1",
        "whole_batch": "whether a batch keeps either all of its conditions or none",
        "null_is_zero": "whether a dropped condition is zeros and a kept one unchanged",
        "condition_kept": "whether the caller's condition stays unchanged",
    },
    atol=0.125,
    needs=("2.training",),
)
def guidance_dropout(code, rng):
    """Classifier-free guidance: drops a batch's condition with probability p_uncond, all or nothing"""
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
