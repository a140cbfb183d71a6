"""Part 1: the losses, as functions of logits."""

from unittest import mock

from grader.case import FLOAT32, case
from grader.cases.part1 import inputs
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")


def _value(loss, *logits):
    """The loss, as a tensor."""
    return probes.tensor(loss(*logits), "the loss")


def with_gradients(loss, *logits):
    """The loss, and its derivative with respect to each of the logits, times their number; NaN where there is none."""
    logits = [x.clone().requires_grad_() for x in logits]
    value = _value(loss, *logits)
    if not value.requires_grad:
        return value, [torch.full_like(x, float("nan")) for x in logits]
    found = torch.autograd.grad(value.sum(), logits, allow_unused=True)
    return value, [torch.zeros_like(x) if g is None else len(x) * g for x, g in zip(logits, found, strict=True)]


def _with_known_bce(code):
    """Torch's function in the place of bce_loss, whose faults are counted in the cases that are about it."""
    return mock.patch.object(code.gan_pytorch, "bce_loss", torch.nn.functional.binary_cross_entropy_with_logits)


def scores(rng):
    """Logits and targets, (B,), and others of shape (B, 1)."""
    count = rng.integer("count", 5, 12)
    shapes = (count,), (count, 1)
    return [(inputs.logits(rng, f"logits {s}", *s), rng.uniform(f"targets {s}", *s)) for s in shapes]


@case(
    "1.bce_loss",
    points=0.5,
    equation="mean of -t log sigma(x) - (1 - t) log(1 - sigma(x))",
    look="The line that computes bce_loss: what does it take for a logit, what for a probability, and what does it "
    "do with a whole batch?",
    term="Both terms, the minus before each, sigma exactly once, and a mean over all elements, whatever their shape.",
    shows={
        "loss": "loss of logits of shape (B,) with targets between 0 and 1",
        "gradient": "its derivative with respect to the logits, times B",
        "column": "loss of logits of shape (B, 1)",
        "shape": "shape of the loss",
    },
    **FLOAT32,
)
def bce_loss(code, rng):
    """Binary cross-entropy of logits: its value and gradient, averaged over everything"""
    (logits, targets), (column, column_targets) = scores(rng)
    loss, (gradient,) = with_gradients(lambda x: code.gan_pytorch.bce_loss(x, targets), logits)
    return {
        "loss": loss,
        "gradient": gradient,
        "column": _value(code.gan_pytorch.bce_loss, column, column_targets),
        "shape": loss.shape,
    }


def extremes(rng):
    """Logits between 200 and 1000 of either sign, and hard targets; some of them on the wrong side."""
    count = rng.integer("count", 5, 12)
    logits = inputs.logits(rng, "logits", count, low=200.0, high=1000.0)
    right = rng.integers("right", 0, 2, count)
    right[0] = 0
    return logits, 1.0 * ((logits > 0) == (right > 0))


@case(
    "1.stability",
    points=0.25,
    equation="log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), which never overflows",
    look="Every exp and every log in your losses: what does it give for a logit of 1000, and for one of -1000? And "
    "its derivative?",
    term="max(x, 0) and exp(-|x|): neither can overflow. What is left of your formula that rounds to 0 below a log, "
    "or to inf in an exp?",
    shows={
        "bce": "bce_loss of logits of several hundreds",
        "bce_gradient": "its derivative with respect to them, times B",
        "discriminator": "discriminator_loss of such logits",
        "generator": "generator_loss of such logits",
    },
    **FLOAT32,
    needs=("1.bce_loss", "1.discriminator_loss", "1.generator_loss"),
)
def stability(code, rng):
    """Losses: exact where a discriminator is certain, right or wrong"""
    gan, (logits, targets) = code.gan_pytorch, extremes(rng)
    bce, (gradient,) = with_gradients(lambda x: gan.bce_loss(x, targets), logits)
    return {
        "bce": bce,
        "bce_gradient": gradient,
        "discriminator": _value(gan.discriminator_loss, logits, -logits.flip(0)),
        "generator": _value(gan.generator_loss, logits),
    }


def both(rng):
    """Logits of real and of generated images, (B,), and the same of shape (B, 1)."""
    count = rng.integer("count", 5, 12)
    return [[inputs.logits(rng, f"{name} {s}", *s) for name in ("real", "fake")] for s in ((count,), (count, 1))]


@case(
    "1.discriminator_loss",
    points=0.5,
    equation="-mean log sigma(D(x)) - mean log(1 - sigma(D(G(z)))) (Goodfellow et al. 2014, eq. 1)",
    look="The targets that you make for real and for generated images, their shapes, and how the two losses are put "
    "together.",
    term="sigma(D(x)) in the first mean, 1 - sigma(D(G(z))) in the second: two kinds of targets, and both means "
    "count in full.",
    shows={
        "loss": "loss of logits of shape (B,)",
        "gradient_real": "its derivative with respect to those of real images, times B",
        "gradient_fake": "its derivative with respect to those of generated images, times B",
        "column": "loss of logits of shape (B, 1), as D returns them",
        "shape": "shape of the loss",
    },
    **FLOAT32,
)
def discriminator_loss(code, rng):
    """Discriminator's loss: real images are to be taken for real, generated ones for generated"""
    logits, columns = both(rng)
    with _with_known_bce(code):
        loss, (real, fake) = with_gradients(code.gan_pytorch.discriminator_loss, *logits)
        column = _value(code.gan_pytorch.discriminator_loss, *columns)
    return {"loss": loss, "gradient_real": real, "gradient_fake": fake, "column": column, "shape": loss.shape}


@case(
    "1.generator_loss",
    points=0.5,
    equation="-mean log sigma(D(G(z))), the non-saturating loss (Goodfellow et al. 2014, sec. 3)",
    look="The target in generator_loss: for what does G want its images to be taken?",
    term="log sigma(D(G(z))) and the minus before it: log(1 - sigma) has the same aim, but another gradient. The "
    "mean is as in D's loss.",
    shows={
        "loss": "loss of logits of shape (B,)",
        "gradient": "its derivative with respect to them, times B",
        "column": "loss of logits of shape (B, 1), as D returns them",
        "shape": "shape of the loss",
    },
    **FLOAT32,
)
def generator_loss(code, rng):
    """Generator's loss: generated images are to be taken for real"""
    (_, logits), (_, column) = both(rng)
    with _with_known_bce(code):
        loss, (gradient,) = with_gradients(code.gan_pytorch.generator_loss, logits)
        column = _value(code.gan_pytorch.generator_loss, column)
    return {"loss": loss, "gradient": gradient, "column": column, "shape": loss.shape}
