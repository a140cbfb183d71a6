"""Part 5: the optimizer, and a training step of the conditional GAN with small known networks."""

from unittest import mock

from grader.parts.iclevr.cases import gan_inputs as inputs
from grader.parts.iclevr.cases import gan_networks
from grader.runtime import adversarial
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
toys = Lazy("grader.parts.iclevr.cases.gan_toys")
descent = Lazy("grader.runtime.descent")

LEARNING_RATE = 0.05
STEPS = 3
CLOSE = 0.07  # the noise of all steps, 2,560 numbers or more, is this far from normal once in 10^10


@case(
    "5.gan_solver",
    points=0.5,
    equation="Adam with learning rate 2e-4 and beta1 = 0.5 (Radford et al. 2016, sec. 4); beta2 stays 0.999",
    look="get_solver: which class do you use, which arguments do you pass, and what are the defaults of the rest?",
    term="'beta1' is the first of two. The learning rate is DCGAN's, not the one from part 1.",
    shows=adversarial.OPTIMIZER,
    rtol=1e-6,
)
def gan_solver(code, rng):
    """Optimizer: Adam for all parameters, with DCGAN's learning rate and betas"""
    return adversarial.described(code.conditional_gan.get_solver, "get_solver", rng)


def _step(code, nets, images, labels):
    """Run a training step with the networks and solvers of `gan_toys.build`; return the two losses."""
    return probes.pair(code.conditional_gan.train_step(*nets, images, torch.from_numpy(labels)), "train_step")


@case(
    "5.gan_step",
    points=2,
    equation="a step of D on L_D(D(x, c), D(G(z, c), c)), then one of G on L_G(D(G(z, c), c)); c: the labels of x",
    look="Follow one batch line by line. After each line, which gradients are filled, which weights have changed, and "
    "where have the labels gone?",
    term="'then': D has already stepped when it judges the pictures for G. c is the same everywhere, row by row. Each "
    "step follows the gradient of its own loss only.",
    shows={
        "steps": "number of steps of G's and of D's optimizer in three batches",
        "losses": "(d_loss, g_loss) of each batch",
        "D_real": "D's weights for real or generated, after three batches",
        "D_objects": "D's weights for the objects",
        "G_noise": "G's weights for the noise",
        "G_condition": "G's weights for the condition",
    },
    **FLOAT32,
    needs=("5.gan_noise", "5.discriminator_loss", "5.generator_loss"),
)
def gan_step(code, rng):
    """Training step: both networks and both losses after three batches, against known gradients"""
    nets = toys.build(inputs.toys(rng), LEARNING_RATE)
    data = inputs.batches(rng, rng.integer("batch_size", 4, 8), STEPS)
    with probes.noise_tape():  # the same noise in every draw, because students may share it between both steps
        losses = [torch.stack([loss.detach() for loss in _step(code, nets, *batch)]) for batch in data]
    G, D, *solvers = nets
    return {
        "steps": [solver.steps for solver in solvers],
        "losses": torch.stack(losses),
        "D_real": D.w,
        "D_objects": D.u,
        "G_noise": G.a,
        "G_condition": G.e,
    }


def loop(rng):
    """Draw the number of batches and their size."""
    return rng.integer("batches", 4, 11), rng.integer("batch_size", 16, 24)


@case(
    "5.gan_step_rules",
    points=0.5,
    equation="dL_D / dG is not taken; G's pictures use fresh z ~ N(0, I) and the labels of the batch",
    look="Follow G's pictures into each of the two losses. Where do you draw their noise, and what does train_step "
    "return?",
    term="'is not taken': one of the two steps must not leave gradients in G. 'fresh': do not reuse noise for the "
    "next batch.",
    shows={
        "steps": "number of steps of G and of D",
        "G_untouched": "whether G has no gradient of D's loss when D steps",
        "without_graph": "whether the returned losses have no graph",
        "normal": "whether G's noise is standard normal",
        "fresh": "whether every batch has its own noise",
        "items_differ": "whether every picture of a batch has its own noise",
        "asked": "conditions in the last call of G",
        "told": "conditions in the last call of D",
    },
    needs=("5.gan_step",),
)
def gan_step_rules(code, rng):
    """Training step: what reaches G, and which noise and conditions both networks get"""
    number, batch_size = loop(rng)
    nets = G, D, _, D_solver = toys.build(inputs.toys(rng, least_noise=40), 0.001)
    images = rng.uniform("images", batch_size, 3, inputs.SIZE, inputs.SIZE, low=-1.0)
    gan, returned, reaches = code.conditional_gan, [], []
    own_loss = gan.discriminator_loss

    def discriminator_loss(real, fake, *others):
        reaches.append(descent.reaches(fake, G.a))
        return own_loss(real, fake, *others)

    with mock.patch.object(gan, "discriminator_loss", discriminator_loss):
        for i in range(number):
            G.zero_grad()  # remove the gradients of G's own previous step
            returned += _step(code, nets, images, inputs.drawn_conditions(rng, f"labels {i}", batch_size))
    calls = [z for z, _ in G.calls] or [torch.zeros(1, 1)]
    noise = torch.cat(calls).unique(dim=0)  # both steps of a batch may use the same noise
    return {
        "steps": [solver.steps for solver in nets[2:]],
        "G_untouched": D_solver.alone or not any(reaches or [True]),  # a step may compute its own losses
        "without_graph": not any(loss.requires_grad for loss in returned),
        "normal": gan_networks.normal_distance(noise) < CLOSE,
        "fresh": len(torch.stack([z[0] for z in calls]).unique(dim=0)) >= number,
        "items_differ": all(len(z.unique(dim=0)) == len(z) for z in calls),
        "asked": G.calls[-1][1][-batch_size:] if G.calls else (),
        "told": D.conditions[-1][-batch_size:] if D.conditions else (),
    }
