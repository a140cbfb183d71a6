"""What the cases of the conditional GAN should observe: closed forms and hand-derived gradients in float64."""

import numpy as np

from grader.authoring.closed_forms import sigmoid, surprise
from grader.course.assignment import Oracle
from grader.parts.iclevr.cases import gan_inputs as inputs
from grader.parts.iclevr.cases import gan_losses, gan_running, gan_training
from grader.runtime.inputs import layer_sizes, noise_sizes
from grader.runtime.rng import normal_pattern

YES, NOTHING, SCALAR = np.array(True), np.array(""), np.array([])
IMAGE = (3, inputs.SIZE, inputs.SIZE)


def _yes(*names):
    return dict.fromkeys(names, YES)


def _gan_noise(rng):
    whether = _yes("float32", "normal", "fresh", "items_differ")
    return {"shape": np.array(noise_sizes(rng)), "spread": np.array(1.0), **whether}


def _generator(rng):
    count, *_ = inputs.sizes(rng)
    return {
        "shape": np.array([count, *IMAGE]),
        "noise_matters": np.array(inputs.some_items(rng, "noises", count)),
        "condition_matters": np.array(inputs.some_items(rng, "conditions", count)),
        "unreached": NOTHING,
        **_yes("in_range", "both_signs"),
    }


def _gan_sample(rng):
    count, _, _, length = inputs.sizes(rng)
    labels = inputs.drawn_conditions(rng, "labels", count, length)
    return {
        "shape": np.array([count, *IMAGE]),
        "calls": np.array(1),
        "conditions": labels,
        "noise_factor": np.array(1.0),
        "noise_residual": np.array(0.0),
        "levels": labels @ rng.uniform("levels", length, low=-1.0).astype(float) / length,
        **_yes("fresh"),
    }


def _discriminator(rng):
    count, _, _, length = inputs.sizes(rng)
    of_images = inputs.some_items(rng, "pictures", count)
    return {
        "shape": np.array([count]),
        "class_shape": np.array([count, length]),
        "unbounded": np.array([True, True]),
        "both_signs": np.array([True, True]),
        "image_matters": np.array([of_images, of_images]),
        "condition_matters": np.array(inputs.some_items(rng, "conditions", count)),
        "condition_leaks": np.zeros(count, dtype=bool),
        "images_reached": np.array([True, True]),
        "unreached": NOTHING,
    }


def _auxiliary(classes, labels):
    return surprise(classes, labels).sum(axis=1).mean()


def _auxiliary_loss(rng):
    _, _, classes, labels = inputs.scores(rng)
    return {"loss": _auxiliary(classes, labels), "gradient": sigmoid(classes) - labels, "shape": SCALAR}


def _discriminator_loss(rng):
    real, fake, classes, labels = inputs.scores(rng)
    return {
        "loss": surprise(real, 1).mean() + surprise(fake, 0).mean() + _auxiliary(classes, labels),
        "gradient_real": sigmoid(real) - 1,
        "gradient_fake": sigmoid(fake),
        "gradient_classes": sigmoid(classes) - labels,
        "shape": SCALAR,
    }


def _generator_loss(rng):
    _, fake, classes, labels = inputs.scores(rng)
    return {
        "loss": surprise(fake, 1).mean() + _auxiliary(classes, labels),
        "gradient_fake": sigmoid(fake) - 1,
        "gradient_classes": sigmoid(classes) - labels,
        "shape": SCALAR,
    }


def _gan_stability(rng):
    real, fake, classes, labels = inputs.scores(rng, gan_losses.EXTREME)
    auxiliary = _auxiliary(classes, labels)
    return {
        "auxiliary": auxiliary,
        "auxiliary_gradient": sigmoid(classes) - labels,
        "discriminator": surprise(real, 1).mean() + surprise(fake, 0).mean() + auxiliary,
        "generator": surprise(fake, 1).mean() + auxiliary,
    }


def _gan_solver(rng):
    return {
        "kind": np.array("Adam"),
        "learning_rate": np.array(2e-4),
        "betas": np.array([0.5, 0.999]),
        "parameters": np.array(sum((before + 1) * after for before, after in layer_sizes(rng))),
    }


def _gan_step(rng):
    """Gradient descent by hand: features are linear in G's weights, and logits in the features and in D's weights."""
    toys = {name: value.astype(np.float64) for name, value in inputs.toys(rng).items()}
    w, u, a, e = (toys[name] for name in ("w", "u", "a", "e"))
    batch_size, rate, losses = rng.integer("batch_size", 4, 8), gan_training.LEARNING_RATE, []
    z = normal_pattern(batch_size, len(a)).astype(np.float64)
    of_noise, of_condition = (toys[name] @ toys["directions"] for name in ("basis", "scenery"))
    for images, c in inputs.batches(rng, batch_size, gan_training.STEPS):
        real = images.reshape(batch_size, -1).astype(np.float64) @ toys["directions"]
        fake = (z * a) @ of_noise + (c * e) @ of_condition
        turned = c @ toys["match"]
        of_real, of_fake, objects = ((real * (w + turned)).sum(1), (fake * (w + turned)).sum(1), real @ u)
        d_loss = surprise(of_real, 1).mean() + surprise(of_fake, 0).mean() + _auxiliary(objects, c)
        w = w - rate / batch_size * ((sigmoid(of_real) - 1) @ real + sigmoid(of_fake) @ fake)
        u = u - rate / batch_size * real.T @ (sigmoid(objects) - c)

        of_fake, objects = (fake * (w + turned)).sum(1), fake @ u
        losses.append([d_loss, surprise(of_fake, 1).mean() + _auxiliary(objects, c)])
        pull = (sigmoid(of_fake) - 1)[:, None] * (w + turned) + (sigmoid(objects) - c) @ u.T
        a = a - rate / batch_size * (z * (pull @ of_noise.T)).sum(0)
        e = e - rate / batch_size * (c * (pull @ of_condition.T)).sum(0)
    steps = np.array([gan_training.STEPS, gan_training.STEPS])
    return {"steps": steps, "losses": np.array(losses), "D_real": w, "D_objects": u, "G_noise": a, "G_condition": e}


def _gan_step_rules(rng):
    number, batch_size = gan_training.loop(rng)
    last = inputs.drawn_conditions(rng, f"labels {number - 1}", batch_size)
    whether = _yes("G_untouched", "without_graph", "normal", "fresh", "items_differ")
    return {"steps": np.array([number, number]), "asked": last, "told": last, **whether}


def _gan_resume(rng):
    epoch, _, after = gan_running.saved(rng)
    return {"epoch": np.array(epoch), **after, "epoch_without_file": np.array(0), **_yes("untouched")}


def _gan_device(rng):
    gpu, count = inputs.gpu_and_count(rng)
    return {"computed_on": np.array(gpu), "count": np.array(count)}


def _prepare_cgan(rng):
    count = gan_running.samples(rng)
    return {
        "kind": np.array("Generator"),
        "shape": np.array([count, *IMAGE]),
        "labels_honoured": np.array(inputs.some_items(rng, "replaced", count)),
        "devices": np.array("cpu"),
        **_yes("trainable"),
    }


ORACLES = (
    Oracle("5.gan_noise", _gan_noise),
    Oracle("5.generator", _generator),
    Oracle("5.gan_sample", _gan_sample),
    Oracle("5.discriminator", _discriminator),
    Oracle("5.auxiliary_loss", _auxiliary_loss),
    Oracle("5.discriminator_loss", _discriminator_loss),
    Oracle("5.generator_loss", _generator_loss),
    Oracle("5.gan_stability", _gan_stability),
    Oracle("5.gan_solver", _gan_solver),
    Oracle("5.gan_step", _gan_step),
    Oracle("5.gan_step_rules", _gan_step_rules),
    Oracle("5.gan_resume", _gan_resume),
    Oracle("5.gan_device", _gan_device),
    Oracle("5.prepare_cgan", _prepare_cgan),
)
