"""Part 1: the noise, and the two networks, whose architecture is up to the student."""

from grader.parts.gan.cases import inputs
from grader.runtime.adversarial import both_signs, stirred
from grader.runtime.case import case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")

UNIFORM = 0.015  # distance of at least 40,000 uniform numbers from their distribution: chance exceeds it once in 10^7


@case(
    "1.sample_noise",
    points=0.25,
    equation="z ~ U[-1, 1)^dim, independently for every item and at every call",
    look="Print what sample_noise returns: its shape, its smallest and largest number, and whether a second call "
    "gives the same.",
    term="U[-1, 1)^dim: the interval has length 2 and centre 0. Every number in it is equally likely, and every item "
    "has its own row.",
    shows={
        "shape": "shape of the noise",
        "float32": "whether the noise is float32",
        "range": "smallest and largest number, to one decimal and at most 2",
        "uniform": "whether the noise is uniform on [-1, 1)",
        "fresh": "whether a second call gives other numbers",
        "items_differ": "whether every item has its own numbers",
        "seed_repeats": "whether the same seed gives the same numbers",
    },
)
def sample_noise(code, rng):
    """Noise: uniform in [-1, 1), of the right shape, fresh in every call"""
    batch_size, dim = inputs.noise_sizes(rng)
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


def _unreached(network, x):
    """Names of the parameters that get no gradient in training mode."""
    named = dict(network.train().named_parameters())
    learning = {name: p for name, p in named.items() if p.requires_grad}
    gradients = torch.autograd.grad(network(x).sum(), list(learning.values()), allow_unused=True)
    reached = {name for name, gradient in zip(learning, gradients, strict=True) if gradient is not None}
    return ", ".join(name for name in named if name not in reached)


def _own_items(rng, network, x, others):
    """Whether the output of each item changes when some inputs are replaced."""
    replaced = torch.tensor(inputs.some_items(rng, "items", len(x))).reshape(-1, *[1] * (x.dim() - 1))
    before, after = (network(i).flatten(1) for i in (x, torch.where(replaced, others, x)))
    return (after - before).abs().amax(dim=1) > 1e-5 * before.abs().max()


def _is_small(network):
    return sum(p.numel() for p in network.parameters()) <= inputs.MOST_PARAMETERS


@case(
    "1.discriminator",
    points=0.5,
    equation="D: (B, 3, 32, 32) -> (B, 1), a logit: the sigmoid is a part of the loss",
    look="Check the last layers of your discriminator. Which shape do they return, and which values? Then try two "
    "images alone and in one batch, in eval mode.",
    term="(B, 1), a logit: one number per image, without bounds. The only sigmoid is the one in the loss.",
    shows={
        "shape": "shape of the logits",
        "unbounded": "whether some weights make D return values outside [-1, 1]",
        "both_signs": "whether some weights make D return both negative and positive values",
        "own_image": "which logits change in eval mode when we replace some images (only theirs)",
        "unreached": "parameters that get no gradient (should be none)",
        "small_enough": "whether D has at most 10 million parameters",
    },
)
def discriminator(code, rng):
    """Discriminator: one logit per image, which depends on that image alone and on every parameter"""
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
    look="Check what your generator's last layer returns: height, width, channels, and the range of the values. Also "
    "try a noise_dim other than 96.",
    term="(B, 3, 32, 32) in [-1, 1]: all strides together turn the first map into this size, and the last activation "
    "sets the range.",
    shows={
        "shape": "shape of the images",
        "in_range": "whether the images stay in [-1, 1] for any weights",
        "both_signs": "whether some weights give both negative and positive values",
        "own_noise": "which images change in eval mode when we replace some noise vectors (only theirs)",
        "unreached": "parameters that get no gradient (should be none)",
        "small_enough": "whether G has at most 10 million parameters",
    },
)
def generator(code, rng):
    """Generator: one image in [-1, 1] per noise vector, which depends on that vector and on every parameter"""
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
