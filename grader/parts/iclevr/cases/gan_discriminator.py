"""Part 5: the discriminator, which may have any architecture."""

from grader.parts.iclevr.cases import gan_inputs as inputs
from grader.parts.iclevr.cases.gan_networks import changed, conditions_and_others
from grader.runtime.adversarial import both_signs, stirred
from grader.runtime.case import case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")


def _discriminator(code, rng):
    """A student's discriminator in eval mode, with no layer at zero, and two sets of inputs (images, condition)."""
    count, _, _, conditions = inputs.sizes(rng)
    size = rng.choice("img_sz", (16, 32, 64), 1)[0]
    network = code.conditional_gan.Discriminator(size, num_conditions=conditions, n_ch_d=inputs.WIDTH)
    probes.perturb(network)
    images, others = (rng.uniform(name, count, 3, size, size, low=-1.0) for name in ("images", "other images"))
    condition, other = conditions_and_others(rng, count, conditions)
    return network.eval(), (images, condition), (others, other)


def _reaches(output, images):
    """Whether the output's gradient reaches the pictures."""
    if not output.requires_grad:
        return False
    (gradient,) = torch.autograd.grad(output.square().sum(), images, retain_graph=True, allow_unused=True)
    return gradient is not None and bool(gradient.any())


@case(
    "5.discriminator",
    points=4,
    equation="D(x, c) = (logit of 'real', logits of the objects); the second of x alone (AC-GAN, sec. 3)",
    look="Look at both heads. Which features does each of them read, do these contain the condition, and what comes "
    "after the last linear layer?",
    term="'of x alone': the objects' head must not learn anything about c. Both results are logits: nothing bounds "
    "them, and their sign decides.",
    shows={
        "shape": "shape of the logits",
        "class_shape": "shape of the objects' logits",
        "unbounded": "whether logits and objects' logits leave [-1, 1] with some weights",
        "both_signs": "whether logits and objects' logits take both signs with some weights",
        "image_matters": "items whose logit, or objects' logits, change with some pictures (in eval mode)",
        "condition_matters": "items whose logit changes with some conditions (in eval mode)",
        "condition_leaks": "items whose objects' logits change with some conditions (in eval mode)",
        "images_reached": "whether the gradients of logits and objects' logits reach the pictures",
        "unreached": "parameters without a gradient",
    },
)
def discriminator(code, rng):
    """Discriminator: one logit that depends on the condition, and logits of the objects that do not"""
    network, given, others = _discriminator(code, rng)
    with torch.no_grad():
        logits, class_logits = probes.pair(network(*given), "the discriminator")
        # If a norm bounds all weights, only large pictures give large logits.
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
