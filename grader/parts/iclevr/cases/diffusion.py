"""Part 5: the noise schedule, the network and the training of the multi-label DDPM. Timesteps are indexed from 0."""

import numpy as np

from grader.parts.iclevr.cases import inputs, models
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")

LOSS_SHAPE = (4, 3, 10, 7)
ROWS = 4000  # the share of dropped rows then has a standard error of at most 0.008


@case(
    "5.cosine",
    points=2.0,
    equation="beta_t = min(1 - f(t + 1) / f(t), 0.999), f(u) = cos^2((u / T + s) / (1 + s) pi / 2) (IDDPM eq. 17)",
    look="Compute the first and the last beta by hand for T = 2. Then count the betas.",
    term="f(t + 1) / f(t): you need f at T + 1 places. Where are the parentheses of (u / T + s) / (1 + s)?",
    shows={
        "length": "number of betas",
        "betas": "the variances beta_t, without the last two",
        "last": "the last two variances",
        "other_offset": "beta_0 with a different s",
    },
    rtol=1.5e-4,
    atol=2e-6,
)
def cosine(code, rng):
    """Cosine schedule: the variances, and their limit"""
    count, s = rng.integer("steps", 20, 60), rng.number("s", 0.02, 0.1)
    cosine_betas = code.conditional_diffusion.cosine_betas
    betas, other = (
        np.asarray(probes.tensor(b, "cosine_betas"), float) for b in (cosine_betas(count), cosine_betas(count, s))
    )
    return {"length": len(betas), "betas": betas[:-2], "last": betas[-2:], "other_offset": other[0]}


@case(
    "5.multi_label",
    points=2.0,
    equation="eps_theta(x_t, t, labels) depends on all three, and on every label of a picture",
    look="Follow the labels from forward's arguments into the U-Net. Which shape do they have, and does any label get "
    "lost?",
    term="'every label': what happens to the second object of a picture, and to a row of zeros?",
    shows={
        "shape": "shape of the output",
        "image_matters": "items whose output changes when some images are replaced",
        "time_matters": "items whose output changes when some timesteps are replaced",
        "condition_matters": "items whose output changes when some conditions are replaced",
        "labels_that_matter": "number of labels, of 24, that change the output when a picture gets them as well",
        "labels_apart": "whether the 24 single labels and the null condition all give different outputs",
        "unreached": "parameters without a gradient",
    },
    seconds=30.0,
)
def multi_label(code, rng):
    """Network: the image, the timestep and every label have an effect, and every parameter learns"""
    net = code.conditional_diffusion.MultiLabelUnet(channels=(8, 16)).eval()
    probes.perturb(net)
    count = rng.integer("count", 3, 6)
    x, t = rng.normal("x_t", count, 3, 16, 16), rng.integers("t", 0, 60, count)
    labels = models.labels_of(inputs.conditions(rng, "labels", count))
    out = probes.tensor(net(x, t, labels), "forward")

    def changed(name, place, others):
        return probes.changed_items(net, (x, t, labels), out, place, others, inputs.some_items(rng, name, count))

    base = models.labels_of([inputs.conditions(rng, "base", 1)[0]])
    added = torch.cat([base, (base + torch.eye(inputs.CONDITIONS)).clamp(max=1)])
    alone = torch.cat([torch.zeros_like(base), torch.eye(inputs.CONDITIONS)])
    with_added = _outputs_for(net, x, t, added)
    moved = (with_added[1:] - with_added[:1]).abs().amax(dim=1)
    return {
        "shape": out.shape,
        "image_matters": changed("images", 0, rng.normal("others", count, 3, 16, 16)),
        "time_matters": changed("times", 1, (t + 37) % 100),
        "condition_matters": changed("conditions", 2, 1 - labels),
        "labels_that_matter": int((moved > 1e-5 * out.abs().max()).sum() + (base > 0).sum()),
        "labels_apart": bool(torch.pdist(_outputs_for(net, x, t, alone)).min() > 1e-5 * out.abs().max()),
        "unreached": probes.unreached(out, net),
    }


def _outputs_for(net, x, t, labels):
    """The network's output for the first image with each row of labels, flattened."""
    with torch.no_grad():  # not a decorator, which would import torch when this module is imported
        return net(x[:1].expand(len(labels), -1, -1, -1), t[:1].expand(len(labels)), labels).flatten(1)


@case(
    "5.label_dropout",
    points=2.0,
    equation="with probability p_uncond, c becomes the null condition (CFG, algorithm 1, line 3)",
    look="Which shape do your random numbers have, and what do you compare them with? Then: which tensor do you write "
    "the result to?",
    term="'c becomes': the condition of a picture consists of all its labels.",
    shows={
        "dropped": "share of pictures that lose all labels, for three values of p_uncond",
        "whole": "whether each picture's labels are kept or dropped together",
        "never": "share of dropped conditions with p_uncond = 0",
        "always": "share of dropped conditions with p_uncond = 1",
        "fresh": "whether two calls drop different pictures",
        "input_kept": "whether the input labels stay unchanged",
    },
    atol=0.05,
)
def label_dropout(code, rng):
    """Label dropout: whole conditions become the null condition, with probability p_uncond"""
    rates = inputs.dropout_rates(rng).tolist()
    labels = torch.ones(ROWS, inputs.CONDITIONS)

    def drop(p):
        given = labels.clone()
        result = probes.tensor(models.model(code, None, p_uncond=p)[1].drop_labels(given), "drop_labels", labels.shape)
        return result, torch.equal(given, labels)

    (dropped, kept), (again, _) = drop(rates[0]), drop(rates[0])
    whole = (dropped == dropped[:, :1]).all() and ((dropped == 0) | (dropped == 1)).all()
    shares = [(drop(p)[0] == 0).all(dim=1).double().mean().item() for p in (*rates, 0.0, 1.0)]
    return {
        "dropped": shares[:3],
        "whole": bool(whole),
        "never": shares[3],
        "always": shares[4],
        "fresh": not torch.equal(dropped, again),
        "input_kept": kept,
    }


@case(
    "5.ddpm_loss",
    points=2.0,
    equation="L = mean of (eps - eps_theta(x_t, t, labels))^2 over all elements (DDPM eq. 14)",
    look="Which two tensors does forward compare, how do you reduce their difference, and where do you detach?",
    term="eps - eps_theta: which of the two has a gradient? 'mean ... over all elements' leaves one number.",
    shows={
        "loss": "the loss, for a known prediction and known noise",
        "shape": "shape of the loss",
        "gradient": "derivative of the loss with respect to a weight of the network",
    },
    **FLOAT32,
)
def ddpm_loss(code, rng):
    """Training loss: compares the predicted noise with the noise, and its gradient reaches the network"""
    x, direction = rng.uniform("x_0", *LOSS_SHAPE, low=0.5), rng.normal("direction", *LOSS_SHAPE) - 1
    weight = torch.nn.Parameter(torch.tensor(rng.number("weight", 0.4, 1.2)))
    _, model = models.model(code, lambda x_t, t, labels: weight * direction, inputs.steps(rng), weight=weight)
    with probes.noise_tape(1.0):
        value = probes.tensor(model(x, models.labels_of(inputs.conditions(rng, "labels", len(x)))), "forward")
    if value.requires_grad:
        value.sum().backward()
    gradient = torch.tensor(float("nan")) if weight.grad is None else weight.grad
    return {"loss": value, "shape": value.shape, "gradient": gradient}


@case(
    "5.ddpm_training",
    points=2.0,
    equation="t ~ Uniform({0, ..., T - 1}) for each item; x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps",
    look="Look at what forward passes to the network. Print t, x_t and the labels of one batch, with T = 8.",
    term="'for each item', sqrt(alpha_bar_t): how many t do you draw, and what is under each root? A picture keeps "
    "its own labels or gets none.",
    shows={
        "factors": "factors of x_0 and of the noise in x_t, one row for each t (nan: t never drawn)",
        "residual": "largest part of x_t that is neither x_0 nor noise",
        "in_range": "whether every t is in {0, ..., T - 1}",
        "t_per_item": "whether the items of a batch have different t",
        "t_uniform": "whether all t are about equally frequent",
        "labels": "whether each picture has its own labels or none",
        "own_labels": "whether most pictures have their own labels",
        "dropped": "whether some pictures, but not all, have no labels (p_uncond is at least 0.15)",
    },
    **FLOAT32,
    needs=("5.cosine", "5.label_dropout"),
)
def ddpm_training(code, rng):
    """Training: the network's inputs, their timesteps and their labels"""
    count, p, x = inputs.training_steps(rng), rng.number("p_uncond", 0.15, 0.4), rng.normal("x_0", 64, 3, 5, 4)
    labels = models.labels_of([one for i in range(4) for one in inputs.conditions(rng, f"labels {i}", 16)])
    calls, model = models.model(code, lambda x_t, t, labels: torch.zeros_like(x_t), count, p_uncond=p)
    with probes.noise_tape(1.0):
        for _ in range(30):
            model(x, labels)
    factors, residual = zip(*(probes.factors(call.x, x, probes.pattern(*x.shape)) for call in calls), strict=True)
    factors, t = np.concatenate(factors), torch.cat([call.timestep for call in calls]).long().numpy()
    counts = np.bincount(t[(t >= 0) & (t < count)], minlength=count)
    with np.errstate(invalid="ignore"):
        table = np.stack([factors[t == step].sum(axis=0) / (t == step).sum() for step in range(count)])
    own = torch.cat([(call.label == labels).all(dim=1) for call in calls])
    none = torch.cat([(call.label == 0).all(dim=1) for call in calls])
    return {
        "factors": table,
        "residual": np.concatenate(residual).max(),
        "in_range": bool(((t >= 0) & (t < count)).all()),
        "t_per_item": len(calls[0].timestep.unique()) > 1,
        "t_uniform": bool((np.abs(counts / len(t) - 1 / count) < 0.08).all()),
        "labels": bool((own | none).all()),
        "own_labels": bool(own.double().mean() > 0.5),
        "dropped": bool(none.any() and not none.all()),
    }
