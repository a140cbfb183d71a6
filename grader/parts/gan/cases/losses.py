"""Part 1: the losses, as functions of logits."""

from unittest import mock

from grader.parts.gan.cases import inputs
from grader.runtime.adversarial import value_of, with_gradients
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")


def _with_known_bce(code):
    """Replace the student's bce_loss by torch's function: other cases count its faults."""
    return mock.patch.object(code.gan_pytorch, "bce_loss", torch.nn.functional.binary_cross_entropy_with_logits)


def scores(rng):
    """Logits and targets of shape (B,), and more of shape (B, 1)."""
    count = rng.integer("count", 5, 12)
    shapes = (count,), (count, 1)
    return [(inputs.logits(rng, f"logits {s}", *s), rng.uniform(f"targets {s}", *s)) for s in shapes]


@case(
    "1.bce_loss",
    points=0.5,
    equation="mean of -t log sigma(x) - (1 - t) log(1 - sigma(x))",
    look="Read the line that computes bce_loss. What does it take as a logit, what as a probability, and how does it "
    "reduce a whole batch?",
    term="Check both terms and the minus sign before each. sigma occurs exactly once, and the mean covers all "
    "elements, whatever their shape.",
    shows={
        "loss": "loss of logits of shape (B,) with targets between 0 and 1",
        "gradient": "gradient of the loss with respect to the logits, times B",
        "column": "loss of logits of shape (B, 1)",
        "shape": "shape of the loss",
    },
    **FLOAT32,
)
def bce_loss(code, rng):
    """Binary cross-entropy of logits: value and gradient, averaged over all elements"""
    (logits, targets), (column, column_targets) = scores(rng)
    loss, (gradient,) = with_gradients(lambda x: code.gan_pytorch.bce_loss(x, targets), logits)
    return {
        "loss": loss,
        "gradient": gradient,
        "column": value_of(code.gan_pytorch.bce_loss, column, column_targets),
        "shape": loss.shape,
    }


def extremes(rng):
    """Logits of either sign with size 200 to 1000, and targets 0 or 1, some of which disagree with their logit."""
    count = rng.integer("count", 5, 12)
    logits = inputs.logits(rng, "logits", count, low=200.0, high=1000.0)
    right = rng.integers("right", 0, 2, count)
    right[0] = 0
    return logits, 1.0 * ((logits > 0) == (right > 0))


@case(
    "1.stability",
    points=0.25,
    equation="log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), which never overflows",
    look="Check every exp and every log in your losses. What does it give for a logit of 1000, and for one of -1000? "
    "What is its derivative?",
    term="max(x, 0) and exp(-|x|) cannot overflow. Which part of your formula rounds to 0 inside a log, or to inf in "
    "an exp?",
    shows={
        "bce": "bce_loss of logits of several hundred",
        "bce_gradient": "gradient of bce_loss for such logits, times B",
        "discriminator": "discriminator_loss of such logits",
        "generator": "generator_loss of such logits",
    },
    **FLOAT32,
    needs=("1.bce_loss", "1.discriminator_loss", "1.generator_loss"),
)
def stability(code, rng):
    """Losses: exact where the discriminator is certain, whether right or wrong"""
    gan, (logits, targets) = code.gan_pytorch, extremes(rng)
    bce, (gradient,) = with_gradients(lambda x: gan.bce_loss(x, targets), logits)
    return {
        "bce": bce,
        "bce_gradient": gradient,
        "discriminator": value_of(gan.discriminator_loss, logits, -logits.flip(0)),
        "generator": value_of(gan.generator_loss, logits),
    }


def both(rng):
    """Logits of real and of generated images, of shape (B,) and of shape (B, 1)."""
    count = rng.integer("count", 5, 12)
    return [[inputs.logits(rng, f"{name} {s}", *s) for name in ("real", "fake")] for s in ((count,), (count, 1))]


@case(
    "1.discriminator_loss",
    points=0.5,
    equation="-mean log sigma(D(x)) - mean log(1 - sigma(D(G(z)))) (Goodfellow et al. 2014, eq. 1)",
    look="Check the targets that you make for real and for generated images, their shapes, and how you combine the "
    "two losses.",
    term="sigma(D(x)) in the first mean, 1 - sigma(D(G(z))) in the second: each needs its own kind of target, and "
    "both means count in full.",
    shows={
        "loss": "loss of logits of shape (B,)",
        "gradient_real": "gradient of the loss with respect to the logits of real images, times B",
        "gradient_fake": "gradient of the loss with respect to the logits of generated images, times B",
        "column": "loss of logits of shape (B, 1), as D returns them",
        "shape": "shape of the loss",
    },
    **FLOAT32,
)
def discriminator_loss(code, rng):
    """Discriminator's loss: D should call real images real and generated images generated"""
    logits, columns = both(rng)
    with _with_known_bce(code):
        loss, (real, fake) = with_gradients(code.gan_pytorch.discriminator_loss, *logits)
        column = value_of(code.gan_pytorch.discriminator_loss, *columns)
    return {"loss": loss, "gradient_real": real, "gradient_fake": fake, "column": column, "shape": loss.shape}


@case(
    "1.generator_loss",
    points=0.5,
    equation="-mean log sigma(D(G(z))), the non-saturating loss (Goodfellow et al. 2014, sec. 3)",
    look="Check the target in generator_loss. What does G want D to say about its images?",
    term="log sigma(D(G(z))) and the minus before it: log(1 - sigma) has the same goal but a different gradient. Take "
    "the mean as in D's loss.",
    shows={
        "loss": "loss of logits of shape (B,)",
        "gradient": "gradient of the loss with respect to the logits, times B",
        "column": "loss of logits of shape (B, 1), as D returns them",
        "shape": "shape of the loss",
    },
    **FLOAT32,
)
def generator_loss(code, rng):
    """Generator's loss: G wants D to call its images real"""
    (_, logits), (_, column) = both(rng)
    with _with_known_bce(code):
        loss, (gradient,) = with_gradients(code.gan_pytorch.generator_loss, logits)
        column = value_of(code.gan_pytorch.generator_loss, column)
    return {"loss": loss, "gradient": gradient, "column": column, "shape": loss.shape}
