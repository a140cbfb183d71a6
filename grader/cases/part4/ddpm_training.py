"""Part 4: training of the conditional DDPM. Timesteps are indexed from 0."""

import numpy as np

from grader.case import FLOAT32, case
from grader.cases.part4 import inputs
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")


@case(
    "4.ddpm_loss",
    points=0.5,
    equation="L = mean of (eps - eps_theta(x_t, t, label))^2 over all elements, or of its absolute value (DDPM eq. 14)",
    shows={"loss": "the loss of a network with a known prediction and known noise", "shape": "shape of the loss"},
    **FLOAT32,
    needs=("4.add_noise",),
)
def ddpm_loss(code, rng):
    """Training loss: compares the predicted noise with the noise, averaged over everything"""
    # Both are biased: with x_0 or x_t in the place of the noise the loss is larger, whatever is drawn.
    x, prediction = rng.uniform("x_0", *inputs.LOSS_SHAPE, low=0.5), rng.normal("prediction", *inputs.LOSS_SHAPE) - 1
    spy = probes.SpyNetwork(code, lambda x_t, t, label: prediction)
    model = code.models.DDPM(spy.network, code.models.VarianceScheduler(**inputs.schedule(rng, 7, 11)))
    with probes.noise_tape(1.0):
        loss = probes.tensor(model(x, rng.integers("labels", 0, 10, len(x))), "forward")
    return {"loss": loss, "shape": loss.shape}


@case(
    "4.ddpm_gradient",
    points=0.5,
    equation="gradient step on grad_theta || eps - eps_theta(x_t, t, label) ||^2 (DDPM, algorithm 1)",
    shows={"gradient": "derivative of the loss with respect to a weight of the network"},
    **FLOAT32,
    needs=("4.ddpm_loss",),
)
def ddpm_gradient(code, rng):
    """Training loss: its gradient reaches the network"""
    x, direction = rng.uniform("x_0", *inputs.LOSS_SHAPE, low=0.5), rng.normal("direction", *inputs.LOSS_SHAPE) - 1
    weight = torch.nn.Parameter(torch.tensor(rng.number("weight", 0.4, 1.2)))
    spy = probes.SpyNetwork(code, lambda x_t, t, label: weight * direction, weight)
    model = code.models.DDPM(spy.network, code.models.VarianceScheduler(**inputs.schedule(rng, 7, 11)))
    with probes.noise_tape(1.0):
        loss = probes.tensor(model(x, rng.integers("labels", 0, 10, len(x))), "forward")
    if loss.requires_grad:
        loss.backward()
    return {"gradient": torch.tensor(float("nan")) if weight.grad is None else weight.grad}


@case(
    "4.ddpm_training",
    points=0.5,
    equation="t ~ Uniform({0, ..., T - 1}) for each item; the network sees x_t, t and the label (DDPM, algorithm 1)",
    shows={
        "factors": "the factors of x_0 and of the noise in what the network sees, a row for each t (nan: never drawn)",
        "residual": "what the network sees besides x_0 and the noise",
        "in_range": "whether every t is in {0, ..., T - 1}",
        "t_per_item": "whether the items of a batch have different t",
        "t_uniform": "whether all t are about equally frequent",
        "own_label": "whether most items come with their own label (guidance may drop some)",
    },
    **FLOAT32,
    needs=("4.add_noise",),
)
def ddpm_training(code, rng):
    """Training: what the network is trained on, at which timesteps and with which labels"""
    setting, batch = inputs.schedule(rng, 3, 6), 64
    steps = setting["num_steps"]
    x, labels = rng.normal("x_0", batch, 1, 6, 5), rng.integers("labels", 0, 10, batch)
    spy = probes.SpyNetwork(code, lambda x_t, t, label: torch.zeros_like(x_t))
    model = code.models.DDPM(spy.network, code.models.VarianceScheduler(**setting))
    with probes.noise_tape(1.0):
        for _ in range(10):
            model(x, labels)
    found, residual = zip(*(probes.factors(call.x, x, probes.pattern(*x.shape)) for call in spy.calls), strict=True)
    found, residual = np.concatenate(found), np.concatenate(residual)
    t = torch.cat([call.timestep for call in spy.calls]).long().numpy()
    counts = np.bincount(t[(t >= 0) & (t < steps)], minlength=steps)
    with np.errstate(invalid="ignore"):
        table = np.stack([found[t == step].sum(axis=0) / counts[step] for step in range(steps)])
    own = torch.cat([call.label == labels for call in spy.calls if call.label is not None])
    return {
        "factors": table,
        "residual": residual.max(),
        "in_range": bool(((t >= 0) & (t < steps)).all()),
        "t_per_item": len(spy.calls[0].timestep.unique()) > 1,
        "t_uniform": bool((np.abs(counts / len(t) - 1 / steps) < 0.1).all()),
        "own_label": bool(own.float().mean() > 0.5),
    }


@case(
    "4.prepare_ddpm",
    points=0.5,
    equation="prepare_ddpm() builds the model that checkpoints/DDPM.pt was trained with",
    shows={
        "loss_is_finite": "whether one training loss of the model on grey images of 32x32 is a finite number",
        "takes_gradients": "whether the parameters of the model require gradients",
        "trainable": "whether the gradient of the loss reaches some of them",
        "reloaded": "smallest and largest parameter of a second model after loading weights that are all equal",
    },
    **FLOAT32,
    seconds=30.0,
    needs=("4.ddpm_loss", "4.unet"),
)
def prepare_ddpm(code, rng):
    """prepare_ddpm: builds a model that trains on FashionMNIST images"""
    model = code.assignment.prepare_ddpm()
    loss = probes.tensor(model(rng.normal("x_0", 2, 1, 32, 32), rng.integers("labels", 0, 10, 2)), "forward")
    if loss.requires_grad:
        loss.backward()
    observed = {
        "loss_is_finite": bool(torch.isfinite(loss)),
        "takes_gradients": any(p.requires_grad for p in model.parameters()),
        "trainable": any(p.grad is not None and p.grad.any() for p in model.parameters()),
    }
    return observed | {"reloaded": _reloaded(code, model, rng.number("weight", -1, 1))}


def _reloaded(code, model, value):
    """Smallest and largest parameter of a second model that loads the weights of this one, all set to `value`."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)
    again = code.assignment.prepare_ddpm()
    again.load_state_dict(model.state_dict())
    extremes = [e.item() for p in again.parameters() for e in (p.min(), p.max())]
    return [min(extremes, default=np.nan), max(extremes, default=np.nan)]
