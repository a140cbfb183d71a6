"""Part 5: the noise and the generator, whose architecture is free; and sampling from it."""

from grader.case import FLOAT32, case
from grader.cases.part1 import inputs as part1
from grader.cases.part1 import networks
from grader.cases.part5 import gan_inputs as inputs
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")

CLOSE = 0.015  # distance of 40,000 normal numbers or more from their distribution: chance exceeds it once in 10^7


def normal_distance(values):
    """How far the distribution of values is from standard normal: the statistic of Kolmogorov and Smirnov."""
    return part1.uniform_distance(torch.erf(values.double() / 2**0.5))


@case(
    "5.gan_noise",
    points=1,
    equation="z ~ N(0, I), independently for every picture and at every call",
    look="Which function draws, what its arguments mean, and whether two calls give the same.",
    term="N(0, I): which numbers can occur, how often those beyond 2, and a row of n_z numbers for each picture.",
    shows={
        "shape": "shape of the noise",
        "float32": "whether it is float32",
        "spread": "its standard deviation, to one decimal",
        "normal": "whether it is standard normal",
        "fresh": "whether another call gives other numbers",
        "items_differ": "whether every row has numbers of its own",
    },
)
def gan_noise(code, rng):
    """Noise: standard normal, fresh at every call"""
    count, n_z = networks.noise_sizes(rng)
    noise, other = (probes.tensor(code.conditional_gan.sample_z(count, n_z), "sample_z") for _ in range(2))
    return {
        "shape": noise.shape,
        "float32": noise.dtype == torch.float32,
        "spread": (10 * noise.double().std()).round() / 10,
        "normal": normal_distance(noise) < CLOSE,
        "fresh": not torch.equal(noise, other),
        "items_differ": len(noise.flatten(1).unique(dim=0)) == len(noise),
    }


def conditions_and_others(rng, count, length):
    """Conditions, and others of which none is the same."""
    given, others = (
        torch.from_numpy(inputs.drawn_conditions(rng, name, count, length)) for name in ("labels", "others")
    )
    return given, torch.where((others == given).all(dim=1, keepdim=True), 1 - given, others)


def _generator(code, rng):
    """A student's generator in eval mode, with no layer left at zero; noise and conditions for it."""
    count, n_z, n_c, conditions = inputs.sizes(rng)
    network = code.conditional_gan.Generator(n_z, n_c, num_conditions=conditions, n_ch_g=inputs.WIDTH)
    probes.perturb(network)
    z, others = (rng.normal(name, count, n_z) for name in ("noise", "other noise"))
    condition, other = conditions_and_others(rng, count, conditions)
    return network.eval(), (z, condition), (others, other)


def changed(rng, network, given, others, place, name):
    """Of which items the outputs change when some items of an argument do: a row for each output of the network."""
    replaced = inputs.some_items(rng, name, len(given[0]))

    def output(i):
        return lambda *arguments: _outputs(network, arguments)[i]

    return [
        probes.changed_items(output(i), given, before, place, others[place], replaced)
        for i, before in enumerate(_outputs(network, given))
    ]


def _outputs(network, arguments):
    """The outputs of a network in a list, be it one or several, each of shape (B, ...)."""
    found = network(*arguments)
    return [value.reshape(len(value), -1) for value in (found if isinstance(found, tuple | list) else [found])]


@case(
    "5.generator",
    points=3,
    equation="G(z, c): (B, n_z), (B, C) -> (B, 3, 64, 64), in [-1, 1] (DCGAN, sec. 3; Mirza & Osindero, sec. 3.2)",
    look="Follow z and c from forward's arguments to the first feature map, in which both must be; then the size and "
    "the range of what leaves the last layer.",
    term="(z, c): each picture follows from its own row of both. 'in [-1, 1]': the range of the last activation, and "
    "of the real pictures.",
    shows={
        "shape": "shape of the pictures",
        "in_range": "whether they are in [-1, 1] with whatever weights",
        "both_signs": "whether there are weights with which they have negative and positive values",
        "noise_matters": "of which pictures some change when some noise does (in eval mode: of these)",
        "condition_matters": "of which pictures some change when some conditions do (in eval mode: of these)",
        "unreached": "parameters that get no gradient (none)",
    },
)
def generator(code, rng):
    """Generator: a picture in [-1, 1] from its own noise and condition, on which every parameter acts"""
    network, given, others = _generator(code, rng)
    with torch.no_grad():
        images = probes.tensor(network(*given), "the generator")
        (values,) = networks.stirred(network, *given)
        (of_noise,), (of_condition,) = (
            changed(rng, network, given, others, place, name) for place, name in enumerate(("noises", "conditions"))
        )
    return {
        "shape": images.shape,
        "in_range": (values.abs() <= 1).all(),
        "both_signs": networks.both_signs(values),
        "noise_matters": of_noise,
        "condition_matters": of_condition,
        "unreached": probes.unreached(network.train()(*given), network),
    }


@case(
    "5.gan_sample",
    points=2,
    equation="x = G(z, c) with z ~ N(0, I), for each condition c; all in one batch",
    look="What generate_sample hands to the generator: how often, which noise in which shape, which conditions. And "
    "what it does to the pictures.",
    term="'for each condition': as many rows of z as of c, no two alike. 'one batch': one call.",
    shows={
        "shape": "shape of the pictures",
        "calls": "number of calls of forward",
        "conditions": "the conditions that forward was given",
        "noise_factor": "the factor of standard normal noise in what forward was given",
        "noise_residual": "what that holds besides",
        "fresh": "whether every picture and every call has noise of its own",
        "levels": "mean of each picture, where forward gives pictures of one level",
    },
    **FLOAT32,
)
def gan_sample(code, rng):
    """Sampling: fresh normal noise for each condition, in one batch"""
    count, n_z, n_c, conditions = inputs.sizes(rng)
    network = code.conditional_gan.Generator(n_z, n_c, num_conditions=conditions, n_ch_g=inputs.WIDTH).eval()
    labels = torch.from_numpy(inputs.drawn_conditions(rng, "labels", count, conditions))
    levels, calls = rng.uniform("levels", conditions, low=-1.0), []

    def forward(z, condition):
        calls.append((z.clone(), condition.clone()))
        return (condition @ levels / conditions).reshape(-1, 1, 1, 1).repeat(1, 3, inputs.SIZE, inputs.SIZE)

    def generate():
        return probes.tensor(network.generate_sample(labels, device=torch.device("cpu")), "generate_sample")

    network.forward = forward
    generate(), generate()
    fresh = torch.cat([z.flatten(1) for z, _ in calls]) if calls else torch.zeros(2, 1)
    calls.clear()
    with probes.noise_tape(1.0):
        images = generate()
    noise, asked = (torch.cat(given) for given in zip(*calls, strict=True)) if calls else (torch.zeros(0), labels[:0])
    factor, residual = (torch.nan, torch.nan)
    if noise.shape == (count, n_z):
        found, errors = probes.factors(noise.reshape(1, -1), probes.pattern(count, n_z).reshape(1, -1))
        factor, residual = found[0, 0], errors[0]
    return {
        "shape": images.shape,
        "calls": len(calls),
        "conditions": asked,
        "noise_factor": factor,
        "noise_residual": residual,
        "fresh": len(fresh.unique(dim=0)) == len(fresh),
        "levels": images.flatten(1).mean(dim=1),
    }
