"""Part 5: the losses of the conditional GAN, as functions of logits."""

from grader.parts.iclevr.cases import gan_inputs as inputs
from grader.runtime.adversarial import with_gradients
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")

EXTREME = (200.0, 1000.0)  # sizes of logits that overflow in an exp


def _scores(rng, size=None):
    *logits, labels = inputs.scores(rng, size)
    return *logits, torch.from_numpy(labels)


@case(
    "5.auxiliary_loss",
    points=2,
    equation="mean over b of sum over i of -y_bi log sigma(c_bi) - (1 - y_bi) log(1 - sigma(c_bi)) (AC-GAN, eq. 3)",
    look="auxiliary_loss: which function turns class logits into probabilities, and what does your reduction divide "
    "by?",
    term="'sum over i' is inside 'mean over b': you divide by B, not by the number of objects. Objects do not exclude "
    "one another, so each has its own sigma.",
    shows={
        "loss": "the loss",
        "gradient": "B times the derivative with respect to the class logits (nan: none)",
        "shape": "shape of the loss",
    },
    **FLOAT32,
)
def auxiliary_loss(code, rng):
    """Auxiliary loss: a binary cross-entropy for each object, with its value and gradient"""
    _, _, classes, labels = _scores(rng)
    loss, (gradient,) = with_gradients(lambda c: code.conditional_gan.auxiliary_loss(c, labels), classes)
    return {"loss": loss, "gradient": gradient, "shape": loss.shape}


@case(
    "5.discriminator_loss",
    points=1.5,
    equation="-mean log sigma(D(x)) - mean log(1 - sigma(D(G(z)))) + auxiliary_loss (AC-GAN, eq. 2 and 3)",
    look="discriminator_loss: what are the targets of real and of generated pictures, what do you add up, and with "
    "which weights?",
    term="Three terms, each with weight 1: sigma(D(x)) in the first, 1 - sigma(D(G(z))) in the second, the objects of "
    "the real pictures in the third.",
    shows={
        "loss": "the loss",
        "gradient_real": "B times the derivative with respect to the logits of real pictures",
        "gradient_fake": "B times the derivative with respect to the logits of generated pictures",
        "gradient_classes": "B times the derivative with respect to the class logits",
        "shape": "shape of the loss",
    },
    **FLOAT32,
    needs=("5.auxiliary_loss",),
)
def discriminator_loss(code, rng):
    """Discriminator's loss: telling real from generated pictures, and naming the objects of real ones"""
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
    look="generator_loss: what should D take G's pictures for, and what should D's classifier see in them?",
    term="The first term has 'sigma', not '1 - sigma', and a minus before its log. The second has the same sign as in "
    "D's loss, because both networks want the objects to be seen.",
    shows={
        "loss": "the loss",
        "gradient_fake": "B times the derivative with respect to the logits of generated pictures",
        "gradient_classes": "B times the derivative with respect to their class logits",
        "shape": "shape of the loss",
    },
    **FLOAT32,
    needs=("5.auxiliary_loss",),
)
def generator_loss(code, rng):
    """Generator's loss: generated pictures should pass for real and show the objects of their condition"""
    _, fake, classes, labels = _scores(rng)
    loss, gradients = with_gradients(lambda *x: code.conditional_gan.generator_loss(*x, labels), fake, classes)
    return {"loss": loss, "gradient_fake": gradients[0], "gradient_classes": gradients[1], "shape": loss.shape}


@case(
    "5.gan_stability",
    points=0.5,
    equation="-log sigma(x) = max(-x, 0) + log(1 + exp(-|x|)), which never overflows",
    look="Call each of your three losses with logits of 1000 and -1000. Do you use an exp, a log or a sigmoid of your "
    "own on the way?",
    term="exp(-|x|) is at most 1. sigma(x) rounds to 0 or 1 before a log can see it, so one function should do both.",
    shows={
        "auxiliary": "auxiliary_loss of logits of several hundred",
        "auxiliary_gradient": "B times its derivative with respect to these logits",
        "discriminator": "discriminator_loss of logits of several hundred",
        "generator": "generator_loss of logits of several hundred",
    },
    **FLOAT32,
    needs=("5.auxiliary_loss", "5.discriminator_loss", "5.generator_loss"),
)
def gan_stability(code, rng):
    """Losses: exact even where the discriminator is certain, whether right or wrong"""
    gan, (real, fake, classes, labels) = code.conditional_gan, _scores(rng, EXTREME)
    auxiliary, (gradient,) = with_gradients(lambda c: gan.auxiliary_loss(c, labels), classes)
    return {
        "auxiliary": auxiliary,
        "auxiliary_gradient": gradient,
        "discriminator": gan.discriminator_loss(real, fake, classes, labels),
        "generator": gan.generator_loss(fake, classes, labels),
    }
