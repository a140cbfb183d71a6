"""Part 1: the optimizer and the training loop, tested with our own small networks and losses."""

import itertools
from types import SimpleNamespace
from unittest import mock

from grader.parts.gan.cases import inputs
from grader.runtime.adversarial import OPTIMIZER, described
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy
from grader.runtime.rng import uniform_pattern

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
toys = Lazy("grader.parts.gan.cases.toys")
descent = Lazy("grader.runtime.descent")

LEARNING_RATE = 0.02
STEPS = 3
UNIFORM = 0.07  # distance of the noise of all steps, at least 2,560 numbers: chance exceeds it once in 10^10


@case(
    "1.optimizer",
    points=0.25,
    equation="Adam with learning rate 1e-3, beta1 = 0.5, beta2 = 0.999 (Radford et al. 2016, sec. 4)",
    look="Check the class of optimizer that you return, the arguments that you pass, and the defaults of those that "
    "you leave out.",
    term="Check the three numbers, each in its place, and the set of parameters: it should hold all layers of the "
    "model.",
    shows=OPTIMIZER,
    rtol=1e-6,
)
def optimizer(code, rng):
    """Optimizer: Adam for all parameters, with the course's learning rate and betas"""
    return described(code.gan_pytorch.get_optimizer, "get_optimizer", rng)


def losses(rng):
    """Weights of the two terms of the quadratic loss that replaces the student's."""
    return rng.number("weight of real", 0.6, 1.0), rng.number("weight of fake", 1.4, 2.0)


def _losses(rng):
    of_real, of_fake = losses(rng)

    def discriminator_loss(real, fake):
        return of_real * (real - 1).square().mean() + of_fake * fake.square().mean()

    return discriminator_loss, lambda fake: (fake - 1).square().mean()


def _train(code, nets, loss_functions, data, **options):
    """Call train_gan with the networks and solvers of `toys.build`. All labels are 0."""
    loader = [(images, torch.zeros(len(images), dtype=torch.int64)) for images in data]
    return code.gan_pytorch.train_gan(*nets, *loss_functions, loader, **options)


@case(
    "1.training",
    points=0.75,
    equation="a step of D on L_D(D(x), D(G(z))), then a step of G on L_G(D(G(z))) (Goodfellow et al., algorithm 1)",
    look="Follow one batch line by line. After each line, which gradients are filled, and whose weights have changed?",
    term="'then': D has already stepped when you compute D(G(z)) for G. Each step follows the gradient of its own "
    "loss, and of no earlier one.",
    shows={
        "steps": "how often the optimizers of D and G step in three batches",
        "D": "weights of a linear D after three batches, with our losses and optimizers",
        "G": "weights of a linear G after three batches",
    },
    **FLOAT32,
)
def training(code, rng):
    """Training: both networks after three steps, with known gradients"""
    batch_size, weights = rng.integer("batch_size", 4, 8), inputs.toys(rng)
    D, G, *solvers = toys.build(weights, LEARNING_RATE)
    noise_size = len(weights["a"])
    options = {"batch_size": batch_size, "noise_size": noise_size, "num_epochs": 1, "show_every": 100}

    def known_noise(count, dim, seed=None):
        return torch.from_numpy(2 * uniform_pattern(count, dim) - 1)

    # Every draw gives the same noise, because students may share the noise between both steps of a batch or not.
    with probes.noise_tape(), mock.patch.object(code.gan_pytorch, "sample_noise", known_noise):
        _train(code, (D, G, *solvers), _losses(rng), inputs.batches(rng, batch_size, STEPS), **options)
    return {"steps": [solver.steps for solver in solvers], "D": D.w, "G": G.a}


def loop(rng):
    """Sizes of a training: whole batches, the size of one smaller batch among them, epochs, and show_every."""
    return SimpleNamespace(
        batch_size=rng.integer("batch_size", 16, 24),
        batches=rng.integer("batches", 4, 11),
        small=rng.integer("small", 1, 16),
        epochs=rng.integer("epochs", 2, 4),
        show_every=rng.integer("show_every", 2, 9),
    )


@case(
    "1.training_rules",
    points=0.25,
    equation="L_D depends on D alone: G's images are constants in it; L_G depends on G through D (algorithm 1)",
    look="Follow G's images through each of the two steps. Then check what you do with the real images, the noise, a "
    "small batch, and the end of an epoch.",
    term="'constants in it' for L_D, 'through D' for L_G: one of the two steps lets gradients into G. Which one, and "
    "what stops them in the other?",
    shows={
        "steps": "steps of D and of G when one batch is too small",
        "D_learns": "whether the discriminator's loss depends on D",
        "fakes_detached": "whether the discriminator's loss is cut off from G",
        "G_learns": "whether the generator's loss depends on G",
        "real_images": "whether D sees the real images in [-1, 1]",
        "noise_in_range": "whether G's noise lies in [-1, 1)",
        "noise_uniform": "whether G's noise is uniform in [-1, 1)",
        "noise_fresh": "whether every step has its own noise",
        "snapshots": "number of snapshots",
    },
    needs=("1.training",),
)
def training_rules(code, rng):
    """Training: what each loss depends on, what both networks see, and how many steps there are"""
    sizes, weights = loop(rng), inputs.toys(rng, least_noise=20)
    D, G, *solvers = toys.build(weights, 0.001)
    D_loss, G_loss = _losses(rng)
    observed = {"D_learns": True, "fakes_detached": True, "G_learns": True}

    def discriminator_loss(real, fake):
        observed["D_learns"] &= descent.reaches(real, D.w) and descent.reaches(fake, D.w)
        observed["fakes_detached"] &= not descent.reaches(fake, G.a)
        return D_loss(real, fake)

    def generator_loss(fake):
        observed["G_learns"] &= descent.reaches(fake, G.a)
        return G_loss(fake)

    data = inputs.batches(rng, sizes.batch_size, sizes.batches)
    data.insert(2, rng.uniform("small batch", sizes.small, *inputs.IMAGE))
    options = {"batch_size": sizes.batch_size, "noise_size": len(weights["a"]), "num_epochs": sizes.epochs}
    drawn = itertools.count()

    def fresh_noise(count, dim, seed=None):
        return rng.uniform(f"noise {next(drawn)}", count, dim, low=-1.0)

    with mock.patch.object(code.gan_pytorch, "sample_noise", fresh_noise):  # other cases count its faults
        loss_functions = discriminator_loss, generator_loss
        shown = _train(code, (D, G, *solvers), loss_functions, data, show_every=sizes.show_every, **options)
    noise = torch.cat(G.seen) if G.seen else torch.full((1, 1), torch.nan)
    real = [2 * images[0] - 1 for images in data if len(images) == sizes.batch_size]
    return observed | {
        "steps": [solver.steps for solver in solvers],
        "real_images": all(any(torch.allclose(x[0], r, atol=1e-5) for x in D.seen) for r in real),
        "noise_in_range": ((noise >= -1) & (noise < 1)).all(),
        "noise_uniform": inputs.uniform_distance(noise) < UNIFORM,
        "noise_fresh": len(noise[:: sizes.batch_size].unique(dim=0)) >= solvers[1].steps,
        "snapshots": len(shown) if isinstance(shown, list | tuple) else -1,
    }
