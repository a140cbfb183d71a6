"""Part 5: the losses of the conditional GAN, as functions of logits."""

from grader.case import FLOAT32, case
from grader.cases.part1.losses import with_gradients
from grader.cases.part5 import gan_inputs as inputs
from grader.lazy import Lazy

torch = Lazy("torch")

EXTREME = (200.0, 1000.0)  # sizes of logits that overflow in an exp


def _scores(rng, size=None):
    *logits, labels = inputs.scores(rng, size)
    return *logits, torch.from_numpy(labels)


@case(
    "5.auxiliary_loss",
    points=2,
    equation="mean over b of sum over i of -y_bi log sigma(c_bi) - (1 - y_bi) log(1 - sigma(c_bi)) (AC-GAN, eq. 3)",
    look="auxiliary_loss: which function turns class logits into probabilities, and what the reduction divides by.",
    term="'sum over i' inside 'mean over b': B divides, the number of objects does not. Objects do not exclude one "
    "another, so each has a sigma of its own.",
    shows={
        "loss": "the loss",
        "gradient": "its derivative with respect to the class logits, times B (nan: none)",
        "shape": "shape of the loss",
    },
    **FLOAT32,
)
def auxiliary_loss(code, rng):
    """Auxiliary loss: a binary cross-entropy for each object, its value and gradient"""
    _, _, classes, labels = _scores(rng)
    loss, (gradient,) = with_gradients(lambda c: code.conditional_gan.auxiliary_loss(c, labels), classes)
    return {"loss": loss, "gradient": gradient, "shape": loss.shape}


@case(
    "5.discriminator_loss",
    points=1.5,
    equation="-mean log sigma(D(x)) - mean log(1 - sigma(D(G(z)))) + auxiliary_loss (AC-GAN, eq. 2 and 3)",
    look="discriminator_loss: the targets of real and of generated pictures, what is added up, and with which weights.",
    term="Three terms, each in full: sigma(D(x)) in the first, 1 - sigma(D(G(z))) in the second, the objects of the "
    "real pictures in the third.",
    shows={
        "loss": "the loss",
        "gradient_real": "its derivative with respect to the logits of real pictures, times B",
        "gradient_fake": "its derivative with respect to those of generated ones, times B",
        "gradient_classes": "its derivative with respect to the class logits, times B",
        "shape": "shape of the loss",
    },
    **FLOAT32,
    needs=("5.auxiliary_loss",),
)
def discriminator_loss(code, rng):
    """Discriminator's loss: real from generated, and the objects of real pictures"""
    *logits, labels = _scores(rng)
    loss, gradients = with_gradients(lambda *x: code.conditional_gan.discriminator_loss(*x, labels), *logits)
    real, fake, classes = gradients
    return {
        "loss": loss,
        "gradient_real": real,
        "gradient_fake": fake,
        "gradient_classes": classes,
        "shape": loss.shape,
    }


@case(
    "5.generator_loss",
    points=1,
    equation="-mean log sigma(D(G(z))) + auxiliary_loss (AC-GAN, eq. 2 and 3; non-saturating)",
    look="generator_loss: for what G wants its pictures to be taken, and what D's classifier is to see in them.",
    term="The first term has 'sigma', no '1 - sigma', and a minus before its log. The second has the same sign as in "
    "D's loss: both want the objects to be seen.",
    shows={
        "loss": "the loss",
        "gradient_fake": "its derivative with respect to the logits of generated pictures, times B",
        "gradient_classes": "its derivative with respect to their class logits, times B",
        "shape": "shape of the loss",
    },
    **FLOAT32,
    needs=("5.auxiliary_loss",),
)
def generator_loss(code, rng):
    """Generator's loss: generated pictures are to be taken for real, and to show what was asked for"""
    _, fake, classes, labels = _scores(rng)
    loss, gradients = with_gradients(lambda *x: code.conditional_gan.generator_loss(*x, labels), fake, classes)
    return {"loss": loss, "gradient_fake": gradients[0], "gradient_classes": gradients[1], "shape": loss.shape}


@case(
    "5.gan_stability",
    points=0.5,
    equation="-log sigma(x) = max(-x, 0) + log(1 + exp(-|x|)), which never overflows",
    look="Each of your three losses for logits of 1000 and -1000: is there an exp, a log or a sigmoid of your own on "
    "the way?",
    term="exp(-|x|) is at most 1. sigma(x) rounds to 0 or 1 before a log can see it: let one function do both.",
    shows={
        "auxiliary": "auxiliary_loss of logits of several hundreds",
        "auxiliary_gradient": "its derivative with respect to them, times B",
        "discriminator": "discriminator_loss of such logits",
        "generator": "generator_loss of such logits",
    },
    **FLOAT32,
    needs=("5.auxiliary_loss", "5.discriminator_loss", "5.generator_loss"),
)
def gan_stability(code, rng):
    """Losses: exact where a discriminator is certain, right or wrong"""
    gan, (real, fake, classes, labels) = code.conditional_gan, _scores(rng, EXTREME)
    auxiliary, (gradient,) = with_gradients(lambda c: gan.auxiliary_loss(c, labels), classes)
    return {
        "auxiliary": auxiliary,
        "auxiliary_gradient": gradient,
        "discriminator": gan.discriminator_loss(real, fake, classes, labels),
        "generator": gan.generator_loss(fake, classes, labels),
    }
