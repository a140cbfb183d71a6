"""Part 5: the noise, the generator (which may have any architecture), and sampling from it."""

from grader.parts.iclevr.cases import gan_inputs as inputs
from grader.runtime import adversarial
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")

CLOSE = 0.015  # 40,000 or more normal numbers differ by this much from their distribution once in 10^7


def normal_distance(values):
    """Kolmogorov and Smirnov's statistic: how far the values' distribution is from standard normal."""
    return inputs.uniform_distance(torch.erf(values.double() / 2**0.5))


@case(
    "5.gan_noise",
    points=1,
    equation="z ~ N(0, I), independent for every picture and every call",
    look="Which function draws the noise, what do its arguments mean, and do two calls give the same numbers?",
    term="N(0, I): which numbers can occur, and how often are they beyond 2? Each picture needs its own row of n_z "
    "numbers.",
    shows={
        "shape": "shape of the noise",
        "float32": "whether it is float32",
        "spread": "its standard deviation, to one decimal",
        "normal": "whether it is standard normal",
        "fresh": "whether a second call gives different numbers",
        "items_differ": "whether all rows are different",
    },
)
def gan_noise(code, rng):
    """Noise: standard normal, and new at every call"""
    count, n_z = inputs.noise_sizes(rng)
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
    """Draw conditions, and others that differ from them in every row."""
    given, others = (
        torch.from_numpy(inputs.drawn_conditions(rng, name, count, length)) for name in ("labels", "others")
    )
    return given, torch.where((others == given).all(dim=1, keepdim=True), 1 - given, others)


def _generator(code, rng):
    """A student's generator in eval mode, with no layer at zero, and two sets of inputs (noise, condition)."""
    count, n_z, n_c, conditions = inputs.sizes(rng)
    network = code.conditional_gan.Generator(n_z, n_c, num_conditions=conditions, n_ch_g=inputs.WIDTH)
    probes.perturb(network)
    z, others = (rng.normal(name, count, n_z) for name in ("noise", "other noise"))
    condition, other = conditions_and_others(rng, count, conditions)
    return network.eval(), (z, condition), (others, other)


def changed(rng, network, given, others, place, name):
    """Which items change when some items of an argument are replaced; one row for each output of the network."""
    replaced = inputs.some_items(rng, name, len(given[0]))

    def output(i):
        return lambda *arguments: _outputs(network, arguments)[i]

    return [
        probes.changed_items(output(i), given, before, place, others[place], replaced)
        for i, before in enumerate(_outputs(network, given))
    ]


def _outputs(network, arguments):
    """The network's one or more outputs as a list, each flattened to (B, ...)."""
    output = network(*arguments)
    return [value.reshape(len(value), -1) for value in (output if isinstance(output, tuple | list) else [output])]


@case(
    "5.generator",
    points=3,
    equation="G(z, c): (B, n_z), (B, C) -> (B, 3, 64, 64), in [-1, 1] (DCGAN, sec. 3; Mirza & Osindero, sec. 3.2)",
    look="Follow z and c from forward's arguments to the first feature map: both must reach it. Then check the size "
    "and the range of the last layer's output.",
    term="(z, c): each picture depends on its own row of both. 'in [-1, 1]' is the range of the last activation, and "
    "of the real pictures.",
    shows={
        "shape": "shape of the pictures",
        "in_range": "whether the pictures stay in [-1, 1] with any weights",
        "both_signs": "whether the pictures take both signs with some weights",
        "noise_matters": "pictures that change with some of the noise (in eval mode)",
        "condition_matters": "pictures that change with some of the conditions (in eval mode)",
        "unreached": "parameters without a gradient",
    },
)
def generator(code, rng):
    """Generator: a picture in [-1, 1] from its own noise and condition, and every parameter learns"""
    network, given, others = _generator(code, rng)
    with torch.no_grad():
        images = probes.tensor(network(*given), "the generator")
        (values,) = adversarial.stirred(network, *given)
        (of_noise,), (of_condition,) = (
            changed(rng, network, given, others, place, name) for place, name in enumerate(("noises", "conditions"))
        )
    return {
        "shape": images.shape,
        "in_range": (values.abs() <= 1).all(),
        "both_signs": adversarial.both_signs(values),
        "noise_matters": of_noise,
        "condition_matters": of_condition,
        "unreached": probes.unreached(network.train()(*given), network),
    }


@case(
    "5.gan_sample",
    points=2,
    equation="x = G(z, c) with z ~ N(0, I), for each condition c; all in one batch",
    look="What does generate_sample pass to the generator: how often, which noise in which shape, which conditions? "
    "And what does it do with the pictures?",
    term="'for each condition': one row of z for each row of c, no two alike. 'one batch': one call.",
    shows={
        "shape": "shape of the pictures",
        "calls": "number of calls of forward",
        "conditions": "conditions that forward gets",
        "noise_factor": "factor of standard normal noise in the z that forward gets",
        "noise_residual": "part of that z that is not standard normal noise",
        "fresh": "whether every picture and every call has its own noise",
        "levels": "mean of each picture, when forward returns pictures of a single level",
    },
    **FLOAT32,
)
def gan_sample(code, rng):
    """Sampling: new normal noise for each condition, in one batch"""
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
        factors, errors = probes.factors(noise.reshape(1, -1), probes.pattern(count, n_z).reshape(1, -1))
        factor, residual = factors[0, 0], errors[0]
    return {
        "shape": images.shape,
        "calls": len(calls),
        "conditions": asked,
        "noise_factor": factor,
        "noise_residual": residual,
        "fresh": len(fresh.unique(dim=0)) == len(fresh),
        "levels": images.flatten(1).mean(dim=1),
    }
