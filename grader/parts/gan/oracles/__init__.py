"""Expected values of part 1's cases, derived without the solution: closed forms and hand-made gradients in float64."""

import math

import numpy as np

from grader.authoring.closed_forms import sigmoid, surprise
from grader.course.assignment import Oracle
from grader.parts.gan.cases import evaluation, inputs, losses, training
from grader.runtime.rng import uniform_pattern

YES, NOTHING = np.array(True), np.array("")


def _sample_noise(rng):
    whether = dict.fromkeys(("float32", "uniform", "fresh", "items_differ", "seed_repeats"), YES)
    return {"shape": np.array(inputs.noise_sizes(rng)), "range": np.array([-1.0, 1.0])} | whether


def _network(rng, shape, **whether):
    count, _ = inputs.counts(rng)
    own = np.array(inputs.some_items(rng, "items", count))
    whether |= {"both_signs": YES, "unreached": NOTHING, "small_enough": YES}
    return {"shape": np.array((count, *shape)), whether.pop("own"): own} | whether


def _discriminator(rng):
    return _network(rng, (1,), own="own_image", unbounded=YES)


def _generator(rng):
    return _network(rng, inputs.IMAGE, own="own_noise", in_range=YES)


def _bce_loss(rng):
    (logits, targets), (column, column_targets) = losses.scores(rng)
    return {
        "loss": surprise(logits, targets).mean(),
        "gradient": sigmoid(logits) - targets,
        "column": surprise(column, column_targets).mean(),
        "shape": np.array([]),
    }


def _stability(rng):
    logits, targets = losses.extremes(rng)
    return {
        "bce": surprise(logits, targets).mean(),
        "bce_gradient": sigmoid(logits) - targets,
        "discriminator": surprise(logits, 1).mean() + surprise(-logits, 0).mean(),
        "generator": surprise(logits, 1).mean(),
    }


def _discriminator_loss(rng):
    (real, fake), columns = losses.both(rng)
    return {
        "loss": surprise(real, 1).mean() + surprise(fake, 0).mean(),
        "gradient_real": sigmoid(real) - 1,
        "gradient_fake": sigmoid(fake),
        "column": surprise(columns[0], 1).mean() + surprise(columns[1], 0).mean(),
        "shape": np.array([]),
    }


def _generator_loss(rng):
    (_, fake), (_, column) = losses.both(rng)
    return {
        "loss": surprise(fake, 1).mean(),
        "gradient": sigmoid(fake) - 1,
        "column": surprise(column, 1).mean(),
        "shape": np.array([]),
    }


def _optimizer(rng):
    return {
        "kind": np.array("Adam"),
        "learning_rate": np.array(1e-3),
        "betas": np.array([0.5, 0.999]),
        "parameters": np.array(sum((before + 1) * after for before, after in inputs.layer_sizes(rng))),
    }


def _training(rng):
    """Gradient descent on quadratic losses of linear networks. `through` holds the features of the basis images."""
    batch_size, toys = rng.integer("batch_size", 4, 8), inputs.toys(rng)
    w, a, directions, basis = (toys[name].astype(np.float64) for name in ("w", "a", "directions", "basis"))
    of_real, of_fake = training.losses(rng)
    z, through = 2.0 * uniform_pattern(batch_size, len(a)) - 1, basis @ directions
    for images in inputs.batches(rng, batch_size, training.STEPS):
        real, fake = (2.0 * images.reshape(batch_size, -1) - 1) @ directions, (z * a) @ through
        errors = of_real * (real @ w - 1) @ real + of_fake * (fake @ w) @ fake
        w = w - training.LEARNING_RATE * 2 / batch_size * errors
        pull = through @ w  # the gradient of a logit with respect to an image's weights; D is the new one now
        a = a - training.LEARNING_RATE * 2 / batch_size * (((z * a) @ pull - 1) @ z) * pull
    return {"steps": np.array([training.STEPS, training.STEPS]), "D": w, "G": a}


def _training_rules(rng):
    sizes = training.loop(rng)
    steps = sizes.epochs * sizes.batches
    whether = ("D_learns", "fakes_detached", "G_learns", "real_images", "noise_in_range", "noise_uniform")
    expected = {"steps": np.array([steps, steps]), "snapshots": np.array(math.ceil(steps / sizes.show_every))}
    return expected | dict.fromkeys((*whether, "noise_fresh"), YES)


def _measured(rng, measures):
    real, fake = evaluation.decisions(rng)
    noise = np.array([real.shape[1], rng.integer("noise_size", 10, 90)])
    return {"measures": np.array(measures(real > 0, fake > 0)), "noise": noise, "eval_mode": YES}


def _evaluation(rng):
    def measures(real, fake):
        return [(real.mean() + 1 - fake.mean()) / 2, real.sum() / (real.sum() + fake.sum()), real.mean()]

    return _measured(rng, measures)


def _evaluation_by_batch(rng, more):
    """Means over the batches; `more` is added to the denominators of precision and recall."""

    def measures(real, fake):
        taken = real.sum(1) + fake.sum(1) + more
        precision = np.divide(real.sum(1), taken, out=np.zeros(len(real)), where=taken > 0)
        recall = real.sum(1) / (real.shape[1] + more)
        return [(real.mean() + 1 - fake.mean()) / 2, precision.mean(), recall.mean()]

    return _measured(rng, measures)


ORACLES = (
    Oracle("1.sample_noise", _sample_noise),
    Oracle("1.discriminator", _discriminator),
    Oracle("1.generator", _generator),
    Oracle("1.bce_loss", _bce_loss),
    Oracle("1.stability", _stability),
    Oracle("1.discriminator_loss", _discriminator_loss),
    Oracle("1.generator_loss", _generator_loss),
    Oracle("1.optimizer", _optimizer),
    Oracle("1.training", _training),
    Oracle("1.training_rules", _training_rules),
    Oracle("1.evaluation", _evaluation),
    Oracle("1.evaluation", lambda rng: _evaluation_by_batch(rng, 0), "1.evaluation_by_batch"),
    Oracle("1.evaluation", lambda rng: _evaluation_by_batch(rng, 1), "1.course"),
)
