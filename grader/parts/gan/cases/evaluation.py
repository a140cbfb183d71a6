"""Part 1: measuring a discriminator."""

from grader.parts.gan.cases import inputs
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
toys = Lazy("grader.parts.gan.cases.toys")

GAIN = 10  # D's logit is GAIN times the mean of an image


def decisions(rng):
    """Logits of real and of generated images, shape (batches, B), none in [-1, 1]; few, so that every count matters."""
    shape = rng.integer("batches", 2, 5), rng.integer("batch_size", 5, 10)
    real, fake = (inputs.logits(rng, name, *shape, low=1.0, high=6.0) for name in ("real", "fake"))
    real[0, 0], fake[-1, 0], fake[-1, 1] = 2.0, -2.0, 2.0  # so that no count is 0
    return real, fake


@case(
    "1.evaluation",
    points=0.25,
    equation="accuracy (TP + TN) / all, precision TP / (TP + FP), recall TP / (TP + FN); real is positive",
    look="Try your counts on a few real and generated logits whose answer you know. Then check which values D sees, "
    "and in which mode it runs.",
    term="TP, TN, FP, FN: what makes an image positive, and what does each of the three quotients divide by?",
    shows={
        "measures": "accuracy, precision and recall of a D with known decisions",
        "noise": "shape of the oracle's noise",
        "eval_mode": "whether D is in eval mode",
    },
    **FLOAT32,
)
def evaluation(code, rng):
    """Evaluation: accuracy, precision and recall of the discriminator against an oracle generator"""
    real, fake = decisions(rng)
    (_, batch_size), noise_size = real.shape, rng.integer("noise_size", 10, 90)
    loader = [(toys.flat_images(0.5 + logits / (2 * GAIN)), torch.zeros(batch_size)) for logits in real]
    judge, oracle = toys.MeanDiscriminator(GAIN), toys.Replay([toys.flat_images(logits / GAIN) for logits in fake])
    measures = code.gan_pytorch.eval_discriminator(
        judge, oracle, loader, torch.device("cpu"), noise_size=noise_size, batch_size=batch_size
    )
    if not isinstance(measures, tuple | list) or len(measures) != 3:
        raise TypeError("eval_discriminator must return three numbers: accuracy, precision, recall")
    return {
        "measures": [float(measure) for measure in measures],
        "noise": oracle.noise[-1] if oracle.noise else (),
        "eval_mode": not any(judge.modes),
    }
