"""Part 4: the time embedding and the U-Net. Timesteps are indexed from 0."""

from grader.parts.fashion_mnist.cases import inputs
from grader.runtime.case import case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")


@case(
    "4.embedding",
    points=0.5,
    equation="PE(t) has sin(w_i t) and cos(w_i t), w_i from 1 down to about 1/10000 (Vaswani et al. 2017, sec. 3.5)",
    look="Print the first and the last frequency. Then print the embedding of t = 0: you know what every number in it "
    "should be.",
    term="Does every w_i appear with both its sine and its cosine? Check the sign of the exponent, and that t goes in "
    "unchanged.",
    shows={
        "shape": "shape of the embeddings of a few timesteps: (number of timesteps, dim)",
        "mean_square": "mean square of each embedding (sin^2 + cos^2 = 1 makes it 1/2)",
        "at_zero": "sorted embedding of t = 0 (half of it sin 0 = 0, half cos 0 = 1)",
        "unit_frequency": "value closest to sin(t) in the embedding of each t (frequency 1 gives sin(t) itself)",
        "slow_quarter": "change of the slowest quarter of the values from t = 0 to 1 (tiny for frequency 1/10000)",
        "shift_dependence": "range of <PE(t), PE(t + s)> over many t (it should depend only on s)",
        "distinct": "whether 200 timesteps all have different embeddings",
    },
    rtol=0.0,
    atol=2e-3,
)
def embedding(code, rng):
    """Sinusoidal position embeddings: sines and cosines of the timestep"""
    embed = code.models.SinusoidalPositionEmbeddings(2 * rng.integer("half", 10, 21))
    t, shift = torch.tensor(inputs.timesteps(rng, 1000, rng.integer("between", 2, 6))), rng.integer("shift", 3, 8)
    few = probes.tensor(embed(t), "forward").double()
    many = embed(torch.arange(200 + shift)).double()
    products = (many[:200] * many[shift:]).sum(dim=1)
    nearest = (few - torch.sin(t.double())[:, None]).abs().argmin(dim=1)
    return {
        "shape": few.shape,
        "mean_square": few.square().mean(dim=1),
        "at_zero": few[0].sort().values,
        "unit_frequency": few[torch.arange(len(t)), nearest],
        "slow_quarter": (many[1] - many[0]).abs().quantile(0.25),
        "shift_dependence": products.max() - products.min(),
        "distinct": bool(torch.pdist(many).min() > 0.05),
    }


@case(
    "4.unet",
    points=0.5,
    equation="eps_theta(x_t, t, label) has x_t's shape and depends on all three (Ho et al. 2020, sec. 3.2)",
    look="Follow timestep and label from forward's arguments into the blocks, and print their shapes. Then check the "
    "number of channels at the end.",
    term="Does the output have x_t's shape for any in_channels? Do x_t, t and the label each keep their batch "
    "dimension?",
    shows={
        "shape": "shape of the output for grey 32x32 images",
        "shape_channels": "shape of the output for images with in_channels > 1",
        "image_matters": "items whose output changes when some images are replaced",
        "time_matters": "items whose output changes when some timesteps are replaced",
        "label_matters": "items whose output changes when some labels are replaced",
        "items_independent": "whether an item's output is the same without the other items (in eval mode)",
        "unreached": "parameters that get no gradient",
    },
    seconds=30.0,
)
def unet(code, rng):
    """U-Net: the image, the timestep and the label all matter, and every parameter learns"""
    net = code.models.UNet(in_channels=1, num_classes=10).eval()
    probes.perturb(net)
    count = rng.integer("count", 3, 6)
    x, label = rng.normal("x_t", count, 1, 32, 32), rng.integers("label", 0, 10, count)
    t = torch.tensor(inputs.timesteps(rng, 100, count - 3))
    out = probes.tensor(net(x, t, label), "forward")
    alone = net(x[1:2], t[1:2], label[1:2])
    few, channels = rng.choice("few and channels", range(2, 7), 2)
    wide = code.models.UNet(in_channels=channels, num_classes=4)
    wide_x, wide_label = rng.normal("wide_x", few, channels, 32, 32), rng.integers("wide_label", 0, 4, few)

    def changed(name, place, others):
        return probes.changed_items(net, (x, t, label), out, place, others, inputs.some_items(rng, name, count))

    return {
        "shape": out.shape,
        "shape_channels": wide(wide_x, rng.integers("wide_t", 0, 100, few), wide_label).shape,
        "image_matters": changed("images", 0, rng.normal("others", count, 1, 32, 32)),
        "time_matters": changed("times", 1, (t + 37) % 100),
        "label_matters": changed("labels", 2, (label + 3) % 10),
        "items_independent": torch.allclose(alone, out[1:2], rtol=1e-3, atol=1e-4 * out.abs().max().item()),
        "unreached": probes.unreached(out, net),
    }
