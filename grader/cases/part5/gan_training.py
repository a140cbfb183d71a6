"""Part 5: the optimizer, and a step of training the conditional GAN, with small networks of ours."""

from unittest import mock

from grader.case import FLOAT32, case
from grader.cases.part1 import training
from grader.cases.part5 import gan_inputs as inputs
from grader.cases.part5 import gan_networks
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")
toys = Lazy("grader.cases.part5.gan_toys")
descent = Lazy("grader.cases.part1.toys")

LEARNING_RATE = 0.05
STEPS = 3
CLOSE = 0.07  # distance of the noise of all steps, 2,560 numbers or more: chance exceeds it once in 10^10


@case(
    "5.gan_solver",
    points=0.5,
    equation="Adam with learning rate 2e-4 and beta1 = 0.5 (Radford et al. 2016, sec. 4); beta2 stays 0.999",
    look="get_solver: which class, which of its arguments are given, and what the others are by default.",
    term="'beta1': the first of two; the learning rate is DCGAN's, not part 1's.",
    shows=training.OPTIMIZER,
    rtol=1e-6,
)
def gan_solver(code, rng):
    """Optimizer: Adam for all parameters, with DCGAN's learning rate and betas"""
    return training.described(code.conditional_gan.get_solver, "get_solver", rng)


def _step(code, nets, images, labels):
    """A training step with the nets and solvers of `gan_toys.build`: the two losses."""
    return probes.pair(code.conditional_gan.train_step(*nets, images, torch.from_numpy(labels)), "train_step")


@case(
    "5.gan_step",
    points=2,
    equation="a step of D on L_D(D(x, c), D(G(z, c), c)), then one of G on L_G(D(G(z, c), c)); c: the labels of x",
    look="Follow one batch line by line: after each line, which gradients are filled, whose weights have changed, and "
    "which labels went where?",
    term="'then': D has stepped when it judges for G. c is the same in all places, row by row; each step follows the "
    "gradient of its own loss only.",
    shows={
        "steps": "how often the optimizers of G and of D step in three batches",
        "losses": "(d_loss, g_loss) of each batch",
        "D_real": "weights of D for real or not, after three batches",
        "D_objects": "its weights for the objects",
        "G_noise": "weights of G for the noise",
        "G_condition": "its weights for the condition",
    },
    **FLOAT32,
    needs=("5.gan_noise", "5.discriminator_loss", "5.generator_loss"),
)
def gan_step(code, rng):
    """Training step: both networks and both losses after three batches, with gradients that are known"""
    nets = toys.build(inputs.toys(rng), LEARNING_RATE)
    data = inputs.batches(rng, rng.integer("batch_size", 4, 8), STEPS)
    with probes.noise_tape():  # the same noise in every draw: whether both steps share it is the student's choice
        losses = [torch.stack([loss.detach() for loss in _step(code, nets, *batch)]) for batch in data]
    G, D, *solvers = nets  # noqa: N806
    return {
        "steps": [solver.steps for solver in solvers],
        "losses": torch.stack(losses),
        "D_real": D.w,
        "D_objects": D.u,
        "G_noise": G.a,
        "G_condition": G.e,
    }


def loop(rng):
    """Numbers of batches, and of pictures in each."""
    return rng.integer("batches", 4, 11), rng.integer("batch_size", 16, 24)


@case(
    "5.gan_step_rules",
    points=0.5,
    equation="dL_D / dG is not taken; G's pictures are of fresh z ~ N(0, I) and of the labels of the batch",
    look="G's pictures on their way into each of the two losses, where their noise is drawn, and what train_step "
    "returns.",
    term="'is not taken': one of the two steps must not leave gradients in G. 'fresh': nothing of it is kept for the "
    "next batch.",
    shows={
        "steps": "steps of G and of D",
        "G_untouched": "whether no gradient of D's loss is in G when D steps",
        "without_graph": "whether the losses that are returned hold no graph",
        "normal": "whether G's noise is standard normal",
        "fresh": "whether every batch has noise of its own",
        "items_differ": "whether every picture of a batch has",
        "asked": "the conditions that G was given last",
        "told": "the conditions that D was given last",
    },
    needs=("5.gan_step",),
)
def gan_step_rules(code, rng):
    """Training step: what reaches G, which noise and which conditions both networks are given"""
    number, batch_size = loop(rng)
    nets = G, D, _, D_solver = toys.build(inputs.toys(rng, least_noise=40), 0.001)  # noqa: N806
    images = rng.uniform("images", batch_size, 3, inputs.SIZE, inputs.SIZE, low=-1.0)
    gan, returned, reaches = code.conditional_gan, [], []
    own_loss = gan.discriminator_loss

    def discriminator_loss(real, fake, *others):
        reaches.append(descent.reaches(fake, G.a))
        return own_loss(real, fake, *others)

    with mock.patch.object(gan, "discriminator_loss", discriminator_loss):
        for i in range(number):
            G.zero_grad()  # of the gradients of its own step before
            returned += _step(code, nets, images, inputs.drawn_conditions(rng, f"labels {i}", batch_size))
    calls = [z for z, _ in G.calls] or [torch.zeros(1, 1)]
    noise = torch.cat(calls).unique(dim=0)  # both steps of a batch may share it
    return {
        "steps": [solver.steps for solver in nets[2:]],
        "G_untouched": D_solver.alone or not any(reaches or [True]),  # a step may have losses of its own
        "without_graph": not any(loss.requires_grad for loss in returned),
        "normal": gan_networks.normal_distance(noise) < CLOSE,
        "fresh": len(torch.stack([z[0] for z in calls]).unique(dim=0)) >= number,
        "items_differ": all(len(z.unique(dim=0)) == len(z) for z in calls),
        "asked": G.calls[-1][1][-batch_size:] if G.calls else (),
        "told": D.told[-1][-batch_size:] if D.told else (),
    }
