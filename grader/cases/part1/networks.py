"""Part 1: the noise, and the two networks, whose architecture is free."""

from grader.case import case
from grader.cases.part1 import inputs
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")

UNIFORM = 0.015  # distance of 40,000 uniform numbers or more from their distribution: chance exceeds it once in 10^7
STIRRINGS = 6  # of a network's weights, to see which values it can put out at all


def noise_sizes(rng):
    """Number of vectors, and dimension of each."""
    return rng.integer("batch_size", 100, 130), rng.integer("dim", 400, 500)


@case(
    "1.sample_noise",
    points=0.25,
    equation="z ~ U[-1, 1)^dim, independently for every item and at every call",
    look="What sample_noise returns: its shape, its least and greatest number, and whether a second call gives the "
    "same.",
    term="U[-1, 1)^dim: the interval has length 2 and lies about 0; every number in it is as likely as any other, "
    "and every item has a row of its own.",
    shows={
        "shape": "shape of the noise",
        "float32": "whether it is float32",
        "range": "its least and greatest number, to one decimal and at most 2",
        "uniform": "whether it is uniform on [-1, 1)",
        "fresh": "whether another call gives other numbers",
        "items_differ": "whether every item has numbers of its own",
        "seed_repeats": "whether the same seed gives the same numbers",
    },
)
def sample_noise(code, rng):
    """Noise: uniform in [-1, 1), of the right shape, fresh at every call"""
    batch_size, dim = noise_sizes(rng)
    draw = code.gan_pytorch.sample_noise
    noise, other = (probes.tensor(draw(batch_size, dim), "sample_noise") for _ in range(2))
    values, seed = noise.double(), rng.integer("seed", 0, 1000)
    return {
        "shape": noise.shape,
        "float32": noise.dtype == torch.float32,
        "range": [(10 * value).round() / 10 for value in (values.min().clamp(-2), values.max().clamp(max=2))],
        "uniform": inputs.uniform_distance(values) < UNIFORM,
        "fresh": not torch.equal(noise, other),
        "items_differ": len(values.flatten(1).unique(dim=0)) == len(values),
        "seed_repeats": torch.equal(draw(batch_size, dim, seed=seed), draw(batch_size, dim, seed=seed)),
    }


def stirred(network, *x):
    """All that the network puts out for x, a tensor for each output, with weights drawn at random several times."""
    outputs, kept = [], [p.clone() for p in network.parameters()]
    for _ in range(STIRRINGS):
        for parameter, before in zip(network.parameters(), kept, strict=True):
            parameter.copy_(before + (0.1 + 2 * before.std(correction=0)) * torch.randn_like(before))
        found = network(*x)
        outputs.append([value.flatten() for value in (found if isinstance(found, tuple | list) else [found])])
    for parameter, before in zip(network.parameters(), kept, strict=True):
        parameter.copy_(before)
    return [torch.cat(values) for values in zip(*outputs, strict=True)]


def _unreached(network, x):
    """Names of the parameters that no gradient reaches, in training mode."""
    named = dict(network.train().named_parameters())
    learning = {name: p for name, p in named.items() if p.requires_grad}
    gradients = torch.autograd.grad(network(x).sum(), list(learning.values()), allow_unused=True)
    reached = {name for name, gradient in zip(learning, gradients, strict=True) if gradient is not None}
    return ", ".join(name for name in named if name not in reached)


def _own_items(rng, network, x, others):
    """Of which items the output changes when some inputs are replaced."""
    replaced = torch.tensor(inputs.some_items(rng, "items", len(x))).reshape(-1, *[1] * (x.dim() - 1))
    before, after = (network(i).flatten(1) for i in (x, torch.where(replaced, others, x)))
    return (after - before).abs().amax(dim=1) > 1e-5 * before.abs().max()


def both_signs(values):
    """Whether there are negative and positive values."""
    return (values < 0).any() & (values > 0).any()


def _is_small(network):
    return sum(p.numel() for p in network.parameters()) <= inputs.MOST_PARAMETERS


@case(
    "1.discriminator",
    points=0.5,
    equation="D: (B, 3, 32, 32) -> (B, 1), a logit: the sigmoid is a part of the loss",
    look="The last layers of your discriminator: which shape leaves them, and which values can it take? Then try two "
    "images alone and in one batch, in eval mode.",
    term="(B, 1), a logit: one number an image, which nothing bounds. The sigmoid of the loss is the only one.",
    shows={
        "shape": "shape of the logits",
        "unbounded": "whether there are weights with which D puts out values outside [-1, 1]",
        "both_signs": "whether there are weights with which it puts out negative and positive values",
        "own_image": "of which items the logit changes in eval mode when some images are replaced (of these)",
        "unreached": "parameters that get no gradient (none)",
        "small_enough": "whether there are at most 10 million parameters",
    },
)
def discriminator(code, rng):
    """Discriminator: a logit for every image, which depends on that image and on every parameter"""
    network, (count, _) = code.gan_pytorch.discriminator().eval(), inputs.counts(rng)
    x, others = (rng.uniform(name, count, *inputs.IMAGE, low=-1.0) for name in ("images", "others"))
    with torch.no_grad():
        shape = probes.tensor(network(x), "the discriminator").shape
        (values,), own = stirred(network, x), _own_items(rng, network, x, others)
    return {
        "shape": shape,
        "unbounded": (values.abs() > 1).any(),
        "both_signs": both_signs(values),
        "own_image": own,
        "unreached": _unreached(network, x),
        "small_enough": _is_small(network),
    }


@case(
    "1.generator",
    points=0.5,
    equation="G: (B, noise_dim) -> (B, 3, 32, 32), in [-1, 1] as the images that D sees",
    look="What leaves the last layer of your generator: height, width, channels, and the range of the values. Try a "
    "noise_dim other than 96.",
    term="(B, 3, 32, 32), in [-1, 1]: the size is what all strides together make of the first map, the range that of "
    "the last activation.",
    shows={
        "shape": "shape of the images",
        "in_range": "whether they are in [-1, 1] with whatever weights",
        "both_signs": "whether there are weights with which they have negative and positive values",
        "own_noise": "of which items the image changes in eval mode when some noise is replaced (of these)",
        "unreached": "parameters that get no gradient (none)",
        "small_enough": "whether there are at most 10 million parameters",
    },
)
def generator(code, rng):
    """Generator: an image in [-1, 1] for every noise vector, which depends on that noise and on every parameter"""
    count, noise_dim = inputs.counts(rng)
    network = code.gan_pytorch.generator(noise_dim).eval()
    z, others = (rng.uniform(name, count, noise_dim, low=-1.0) for name in ("noise", "others"))
    with torch.no_grad():
        images = probes.tensor(network(z), "the generator")
        (values,), own = stirred(network, z), _own_items(rng, network, z, others)
    flat = images.shape == (count, inputs.PIXELS)
    return {
        "shape": (count, *inputs.IMAGE) if flat else images.shape,
        "in_range": (values.abs() <= 1).all(),
        "both_signs": both_signs(values),
        "own_noise": own,
        "unreached": _unreached(network, z),
        "small_enough": _is_small(network),
    }
