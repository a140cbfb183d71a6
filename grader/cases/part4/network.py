"""Part 4: the time embedding and the U-Net. Timesteps are indexed from 0."""

import numpy as np

from grader.case import case
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")


@case(
    "4.embedding",
    points=0.5,
    equation="PE(t) holds sin(w_i t) and cos(w_i t), w_i from 1 down to about 1/10000 (Vaswani et al. 2017, sec. 3.5)",
    shows={
        "shape": "shape of the embeddings of 6 timesteps with dim = 24",
        "mean_square": "mean square of each embedding (sin^2 + cos^2 = 1 makes it 1/2)",
        "at_zero": "the sorted embedding of t = 0 (half sin 0 = 0, half cos 0 = 1)",
        "unit_frequency": "distance of sin(1) to the nearest value of the embedding of t = 1",
        "shift_dependence": "how much <PE(t), PE(t + 5)> depends on t (not at all)",
        "distinct": "whether all of 200 timesteps are embedded differently",
    },
    rtol=0.0,
    atol=2e-3,
)
def embedding(code, rng):
    """Sinusoidal position embeddings: sines and cosines of the timestep"""
    embed = code.models.SinusoidalPositionEmbeddings(24)
    few = probes.tensor(embed(torch.tensor([0, 1, 17, 50, 99, 731])), "forward").double()
    many = embed(torch.arange(205)).double()
    products = (many[:200] * many[5:]).sum(dim=1)
    return {
        "shape": few.shape,
        "mean_square": few.square().mean(dim=1),
        "at_zero": few[0].sort().values,
        "unit_frequency": (few[1] - np.sin(1)).abs().min(),
        "shift_dependence": products.max() - products.min(),
        "distinct": bool(torch.pdist(many).min() > 0.05),
    }


@case(
    "4.unet",
    points=0.5,
    equation="eps_theta(x_t, t, label) has x_t's shape and depends on all three (Ho et al. 2020, sec. 3.2)",
    shows={
        "shape": "shape of the output for 3 grey images of 32x32",
        "shape_channels": "shape of the output with in_channels = 2",
        "image_matters": "whether another image changes the output",
        "time_matters": "whether another timestep changes the output",
        "label_matters": "whether another label changes the output",
        "items_independent": "whether each item's output is independent of the other items (in eval mode)",
        "unreached": "parameters that get no gradient",
    },
    seconds=30.0,
)
def unet(code, rng):
    """U-Net: the image, the timestep and the label all matter, and every parameter learns"""
    net = code.models.UNet(in_channels=1, num_classes=10).eval()
    with torch.no_grad():  # a zero-initialised layer is good practice, but hides what lies behind it
        for parameter in net.parameters():
            parameter.add_(0.03 * torch.randn_like(parameter))
    x = rng.normal("x_t", 3, 1, 32, 32)
    t, label = torch.tensor([0, 40, 99]), torch.tensor([3, 0, 9])
    out = probes.tensor(net(x, t, label), "forward")
    other = net(rng.normal("another", 3, 1, 32, 32), t, label)
    later, relabelled = net(x, torch.tensor([60, 5, 20]), label), net(x, t, torch.tensor([4, 1, 8]))
    alone = net(x[1:2], t[1:2], label[1:2])
    (out * rng.normal("direction", 3, 1, 32, 32)).sum().backward()
    unreached = [n for n, p in net.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
    wide = code.models.UNet(in_channels=2, num_classes=4)

    def differs(a, b):
        return bool(((a - b).abs().amax(dim=(1, 2, 3)) > 1e-5 * b.abs().max()).all())

    return {
        "shape": out.shape,
        "shape_channels": wide(rng.normal("two", 2, 2, 32, 32), t[:2], torch.tensor([0, 3])).shape,
        "image_matters": differs(out, other),
        "time_matters": differs(out, later),
        "label_matters": differs(out, relabelled),
        "items_independent": torch.allclose(alone, out[1:2], rtol=1e-3, atol=1e-4 * float(out.abs().max())),
        "unreached": ", ".join(unreached),
    }
