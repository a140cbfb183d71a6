"""Part 3: the noise predictor. It sees the time as t / T, in (0, 1]."""

from grader.parts.mnist.cases import inputs
from grader.runtime.case import case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
FEATURES = (32, 64)  # n_feat: divisible by the usual numbers of groups and attention heads


def sizes(rng):
    """A number of items; and items, channels and classes for other images, all different."""
    return rng.integer("count", 3, 9), *rng.choice("few, channels and classes", range(2, 8), 3)


def _network(code, rng, channels=1, classes=inputs.CLASSES):
    """A student's network in eval mode, because they may use batch statistics in training."""
    features = rng.choice("features", FEATURES, 1)[0]
    network = code.ResUNet.ConditionalUnet(in_channels=channels, n_feat=features, n_classes=classes).eval()
    with torch.no_grad():  # a zero-initialised layer is good practice, but hides the layers before it
        for parameter in network.parameters():
            parameter.add_(0.03 * torch.randn_like(parameter))
    return network


def _predict(network, x, t, condition):
    """Call the network as documented, with t of shape (B, 1, 1, 1), or else as other students wrote it."""
    error = None
    for shape in ((-1, 1, 1, 1), (-1, 1), (-1,)):
        try:
            return probes.tensor(network(x, t.reshape(shape), condition), "forward")
        except NotImplementedError:
            raise
        except Exception as raised:
            error = error or raised  # report the error of the documented call
    raise error


def _arguments(rng, count):
    """x_t, t / T for different t, and one-hot labels that are not all equal."""
    t = torch.tensor(rng.choice("t", range(1, 401), count)) / 400
    labels = torch.tensor(rng.choice("labels", range(inputs.CLASSES), count))
    return rng.normal("x_t", count, *inputs.IMAGE), t, torch.nn.functional.one_hot(labels, inputs.CLASSES).float()


@case(
    "3.network",
    points=1.5,
    equation="eps_theta(x_t, t / T, c) has x_t's shape (DDPM, sec. 3.2)",
    look="Check your first layer, your last layer, and the one that takes the condition. Which of their sizes did you "
    "write as numbers?",
    term="'x_t's shape': the channels follow from in_channels, and the length of c follows from n_classes.",
    shows={
        "shape": "shape of the output for grey 28x28 images",
        "shape_others": "shape of the output for another in_channels and another n_classes",
    },
    seconds=30.0,
)
def network(code, rng):
    """U-Net: predicts noise of the images' shape, for any number of channels and classes"""
    count, few, channels, classes = sizes(rng)
    with torch.no_grad():
        grey = _predict(_network(code, rng), *_arguments(rng, count))
        x, t = rng.normal("other x_t", few, channels, *inputs.IMAGE[1:]), torch.linspace(0.1, 1, few)
        conditions = torch.nn.functional.one_hot(rng.integers("others", 0, classes, few), classes).float()
        others = _predict(_network(code, rng, channels, classes), x, t, conditions)
    return {"shape": grey.shape, "shape_others": others.shape}


@case(
    "3.network_inputs",
    points=2,
    equation="eps_theta(x_t, t / T, c) depends on all three, item by item; c may be the null condition (CFG, sec. 3)",
    look="Follow t and c from forward's arguments to the features. Which shapes do they have, and where do they come "
    "in?",
    term="'item by item': what happens to the batch dimension on the way? The null condition is a row like any other, "
    "not a class.",
    shows={
        "image_matters": "which outputs change when we replace some images (only theirs)",
        "time_matters": "which outputs change when we replace some times (only theirs)",
        "condition_matters": "which outputs change when we replace some conditions (only theirs)",
        "null_matters": "which outputs change when some conditions become null, all -1 (only theirs)",
        "like_null": "labels with the same output as the null condition (should be none)",
    },
    seconds=30.0,
    needs=("3.network",),
)
def network_inputs(code, rng):
    """U-Net: the output depends on image, time and condition, for each item on its own only"""
    with torch.no_grad():
        return _inputs(code, rng)


def _inputs(code, rng):
    net, count = _network(code, rng), rng.integer("count", 5, 9)
    x, t, condition = _arguments(rng, count)
    out = _predict(net, x, t, condition)
    tolerance = 1e-5 * out.abs().max()

    def changed(name, old, new):
        """Whether the output of each item changes when some items of one argument are replaced."""
        replaced = torch.tensor(inputs.some_items(rng, name, count)).reshape(-1, *[1] * (old.dim() - 1))
        arguments = [torch.where(replaced, new, old) if a is old else a for a in (x, t, condition)]
        return (_predict(net, *arguments) - out).abs().amax(dim=(1, 2, 3)) > tolerance

    null = torch.full_like(condition, inputs.NULL)
    every = torch.cat([torch.eye(inputs.CLASSES), null[:1]])
    same = (x[:1].expand(len(every), *inputs.IMAGE), t[:1].expand(len(every)))
    of_labels, of_null = _predict(net, *same, every).split([inputs.CLASSES, 1])
    alike = (of_labels - of_null).abs().amax(dim=(1, 2, 3)) <= tolerance
    return {
        "image_matters": changed("images", x, rng.normal("others", count, *inputs.IMAGE)),
        "time_matters": changed("times", t, (t + 0.37) % 1.0),
        "condition_matters": changed("conditions", condition, condition.roll(1, dims=1)),
        "null_matters": changed("nulls", condition, null),
        "like_null": ", ".join(str(label) for label in range(inputs.CLASSES) if alike[label]),
    }


@case(
    "3.network_gradient",
    points=0.5,
    equation="gradient step on grad_theta || eps - eps_theta(x_t, t / T, c) ||^2 (DDPM, algorithm 1)",
    look="Look for anything that leaves the graph in forward (detach, .data, no_grad, new tensors), and for layers "
    "that use statistics of the batch.",
    term="grad_theta covers all weights that the output depends on. The output of an item depends on no other item's "
    "image.",
    shows={
        "reached": "which images get a gradient from the output of some items (only theirs)",
        "unreached": "parameters that change the output but get no gradient (should be none)",
    },
    seconds=30.0,
    needs=("3.network",),
)
def network_gradient(code, rng):
    """U-Net: every parameter gets a gradient, and each output depends on its own image only"""
    net, count = _network(code, rng), rng.integer("count", 5, 9)
    x, t, condition = _arguments(rng, count)
    x.requires_grad_()
    some = torch.tensor(inputs.some_items(rng, "items", count))
    out = _predict(net, x, t, condition)
    if out.requires_grad:
        (out * rng.normal("direction", count, *inputs.IMAGE))[some].sum().backward()
    out = out.detach()

    @torch.no_grad()
    def matters(parameter):
        parameter.add_(torch.randn_like(parameter))
        return bool((_predict(net, x.detach(), t, condition) - out).abs().max() > 1e-5 * out.abs().max())

    # A parameter that is unused, or that a normalisation cancels, gets no gradient either. It does no harm.
    without = [(n, p) for n, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    return {
        "reached": torch.zeros(count).bool() if x.grad is None else x.grad.abs().amax(dim=(1, 2, 3)) > 0,
        "unreached": ", ".join(name for name, parameter in without if matters(parameter)),
    }
