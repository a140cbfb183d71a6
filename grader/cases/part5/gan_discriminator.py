"""Part 5: the discriminator, whose architecture is free."""

from grader.case import case
from grader.cases.part1.networks import both_signs, stirred
from grader.cases.part5 import gan_inputs as inputs
from grader.cases.part5.gan_networks import changed, conditions_and_others
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")


def _discriminator(code, rng):
    """A student's discriminator in eval mode, with no layer left at zero; pictures and conditions for it."""
    count, _, _, conditions = inputs.sizes(rng)
    size = rng.choice("img_sz", (16, 32, 64), 1)[0]
    network = code.conditional_gan.Discriminator(size, num_conditions=conditions, n_ch_d=inputs.WIDTH)
    probes.perturb(network)
    images, others = (rng.uniform(name, count, 3, size, size, low=-1.0) for name in ("images", "other images"))
    condition, other = conditions_and_others(rng, count, conditions)
    return network.eval(), (images, condition), (others, other)


def _reaches(output, images):
    """Whether a gradient of the output reaches the pictures."""
    if not output.requires_grad:
        return False
    (gradient,) = torch.autograd.grad(output.square().sum(), images, retain_graph=True, allow_unused=True)
    return gradient is not None and bool(gradient.any())


@case(
    "5.discriminator",
    points=4,
    equation="D(x, c) = (logit of 'real', logits of the objects); the second of x alone (AC-GAN, sec. 3)",
    look="Both heads: from which features does each of them read, is the condition among them, and what comes after "
    "the last linear layer?",
    term="'of x alone': what c tells must not get to the objects' head. Both are logits: nothing bounds them, and "
    "their sign decides.",
    shows={
        "shape": "shape of the logits",
        "class_shape": "shape of the objects' logits",
        "unbounded": "of logits and objects' logits, whether there are weights with which they leave [-1, 1]",
        "both_signs": "of both, whether there are weights with which they have negative and positive values",
        "image_matters": "of which items logit and objects' logits change when some pictures do (in eval mode: these)",
        "condition_matters": "of which items the logit changes when some conditions do (in eval mode: these)",
        "condition_leaks": "of which items the objects' logits change then (none)",
        "images_reached": "of logits and objects' logits, whether their gradient reaches the pictures",
        "unreached": "parameters that get no gradient (none)",
    },
)
def discriminator(code, rng):
    """Discriminator: a logit that the condition helps to decide, and objects' logits that it does not"""
    network, given, others = _discriminator(code, rng)
    with torch.no_grad():
        logits, class_logits = probes.pair(network(*given), "the discriminator")
        # Where a norm bounds all weights, only large pictures have large logits.
        values = stirred(network, 1000 * given[0], given[1])
        by_image = changed(rng, network, given, others, 0, "pictures")
        of_condition, leak = changed(rng, network, given, others, 1, "conditions")
    images = given[0].requires_grad_()
    trained = network.train()(images, given[1])
    return {
        "shape": logits.shape,
        "class_shape": class_logits.shape,
        "unbounded": [(v.abs() > 1).any() for v in values],
        "both_signs": [both_signs(v) for v in values],
        "image_matters": torch.stack(by_image),
        "condition_matters": of_condition,
        "condition_leaks": leak,
        "images_reached": [_reaches(v, images) for v in trained],
        "unreached": probes.unreached(torch.cat([v.flatten() for v in trained]), network),
    }
