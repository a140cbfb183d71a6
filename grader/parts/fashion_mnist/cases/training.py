"""Tries training in part 4, for the cases of several models. Timesteps are indexed from 0."""

import numpy as np

from grader.parts.fashion_mnist.cases import inputs, sampling
from grader.runtime.denoising import reloaded
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")

LOSS = {"loss": "loss for a known prediction and known noise", "shape": "shape of the loss"}
GRADIENT = {"gradient": "derivative of the loss with respect to a weight of the network"}
DRAWS = {
    "in_range": "whether every t is in {0, ..., T - 1}",
    "drawn": "whether each t from 0 to T - 1 is drawn at all",
    "t_per_item": "whether the items of a batch get different t",
    "t_uniform": "whether all t are about equally frequent",
    "own_label": "whether most items keep their own label (guidance may drop some)",
}
PREPARED = {
    "class": "whether the model has the class that the function's name promises",
    "loss_is_finite": "whether the training loss on grey 32x32 images is a finite number",
    "takes_gradients": "whether any parameter requires gradients",
    "trainable": "whether the gradient of the loss reaches any parameter",
    "reloaded": "smallest and largest parameter of a second model that loads weights that are all equal",
}


def loss(code, rng, name):
    """Observe what `LOSS` names, for the student's model of this name."""
    # Both are biased, so that the loss is larger if x_0 or x_t takes the place of the noise, whatever is drawn.
    x, prediction = rng.uniform("x_0", *inputs.LOSS_SHAPE, low=0.5), rng.normal("prediction", *inputs.LOSS_SHAPE) - 1
    _, model = sampling.sampler(code, lambda x_t, t, label: prediction, inputs.schedule(rng, 7, 11), name)
    with probes.noise_tape(1.0):
        value = probes.tensor(model(x, rng.integers("labels", 0, 10, len(x))), "forward")
    return {"loss": value, "shape": value.shape}


def gradient(code, rng, name):
    """Observe what `GRADIENT` names, for the student's model of this name."""
    x, direction = rng.uniform("x_0", *inputs.LOSS_SHAPE, low=0.5), rng.normal("direction", *inputs.LOSS_SHAPE) - 1
    weight = torch.nn.Parameter(torch.tensor(rng.number("weight", 0.4, 1.2)))
    setting = inputs.schedule(rng, 7, 11)
    _, model = sampling.sampler(code, lambda x_t, t, label: weight * direction, setting, name, weight)
    with probes.noise_tape(1.0):
        value = probes.tensor(model(x, rng.integers("labels", 0, 10, len(x))), "forward")
    if value.requires_grad:
        value.backward()
    return {"gradient": torch.tensor(float("nan")) if weight.grad is None else weight.grad}


def train(code, rng, name):
    """(calls, x_0, labels, setting): the network's calls in ten losses of one batch, with known noise."""
    setting, x, labels = inputs.schedule(rng, 3, 6), rng.normal("x_0", 64, 1, 6, 5), rng.integers("labels", 0, 10, 64)
    spy, model = sampling.sampler(code, lambda x_t, t, label: torch.zeros_like(x_t), setting, name)
    with probes.noise_tape(1.0):
        for _ in range(10):
            model(x, labels)
    return spy.calls, x, labels, setting


def draws(calls, labels, steps):
    """Observe what `DRAWS` names, for a network that was trained on these labels."""
    t = drawn_timesteps(calls)
    counts = np.bincount(t[(t >= 0) & (t < steps)], minlength=steps)
    own = torch.cat([call.label == labels for call in calls if call.label is not None])
    return {
        "in_range": bool(((t >= 0) & (t < steps)).all()),
        "drawn": counts > 0,
        "t_per_item": len(calls[0].timestep.unique()) > 1,
        "t_uniform": bool((np.abs(counts / len(t) - 1 / steps) < 0.1).all()),
        "own_label": bool(own.float().mean() > 0.5),
    }


def drawn_timesteps(calls):
    """The timestep of every item that the network got, as an array of int."""
    return torch.cat([call.timestep for call in calls]).long().numpy()


def prepared(code, rng, name, loss_of=lambda model, x, label: model(x, label)):
    """Observe what `PREPARED` names, for the student's model of this name, as `prepare_*` builds it.

    `loss_of(model, x, label)` computes its training loss.
    """
    prepare = getattr(code.assignment, f"prepare_{name.lower()}")
    model = prepare()
    x, label = rng.normal("x_0", 2, 1, 32, 32), rng.integers("labels", 0, 10, 2)
    value = probes.tensor(loss_of(model, x, label), "forward")
    if value.requires_grad:
        value.backward()
    observed = {
        "class": isinstance(model, getattr(code.models, name)),
        "loss_is_finite": bool(torch.isfinite(value)),
        "takes_gradients": any(p.requires_grad for p in model.parameters()),
        "trainable": any(p.grad is not None and p.grad.any() for p in model.parameters()),
    }
    return observed | {"reloaded": reloaded(prepare, model, rng.number("weight", -1, 1))}
