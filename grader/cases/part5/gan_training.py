"""Part 5: a step of training the conditional GAN, with small networks of ours, and what is around it."""

import tempfile
from pathlib import Path

from grader.case import FLOAT32, case
from grader.cases.part1 import training
from grader.cases.part5 import gan_inputs as inputs
from grader.cases.part5 import gan_networks
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")
toys = Lazy("grader.cases.part5.gan_toys")
descent = Lazy("grader.cases.part1.toys")
imaginary_gpu = Lazy("grader.imaginary_gpu")

LEARNING_RATE = 0.02
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
        "G_untouched": "whether G holds no gradient when D steps",
        "without_graph": "whether the losses that are returned hold no graph",
        "normal": "whether G's noise is standard normal",
        "fresh": "whether every batch and every picture of it has noise of its own",
        "asked": "the conditions that G was given last",
        "told": "the conditions that D was given last",
    },
    needs=("5.gan_step",),
)
def gan_step_rules(code, rng):
    """Training step: what reaches G, which noise and which conditions both networks are given"""
    number, batch_size = loop(rng)
    nets = G, D, _, D_solver = toys.build(inputs.toys(rng, least_noise=40), 0.001)  # noqa: N806
    data, returned = inputs.batches(rng, batch_size, number), []
    for batch in data:
        G.zero_grad()  # of the gradients of its own step before
        returned += _step(code, nets, *batch)
    noise = torch.cat([z for z, _ in G.calls]) if G.calls else torch.zeros(1, 1)
    noise = noise.unique(dim=0)  # both steps of a batch may share it
    return {
        "steps": [solver.steps for solver in nets[2:]],
        "G_untouched": D_solver.alone,
        "without_graph": not any(loss.requires_grad for loss in returned),
        "normal": gan_networks.normal_distance(noise) < CLOSE,
        "fresh": len(noise) >= number * batch_size,
        "asked": G.calls[-1][1][-batch_size:] if G.calls else (),
        "told": D.told[-1][-batch_size:] if D.told else (),
    }


def saved(rng):
    """Epochs that are complete, and numbers of four parts before and after a training, of different shapes."""
    shapes = {"G": (2, 3), "D": (3, 4), "G_solver": (2, 3), "D_solver": (3, 4)}
    before, after = (
        {name: rng.normal(f"{when} {name}", *shape) for name, shape in shapes.items()} for when in ("before", "after")
    )
    return rng.integer("epoch", 3, 300), before, after


def _parts(numbers):
    """Two linear networks and two optimizers that hold these numbers."""
    parts = {}
    for name in ("G", "D"):
        parts[name] = torch.nn.Linear(numbers[name].shape[1], len(numbers[name]), bias=False)
        parts[name].load_state_dict({"weight": numbers[name]})
        parts[f"{name}_solver"] = toys.Momentum(numbers[f"{name}_solver"].clone(), lr=0.1)
    return parts


def _numbers(parts):
    return {name: part.weight if isinstance(part, torch.nn.Module) else part.velocity for name, part in parts.items()}


@case(
    "5.gan_resume",
    points=1,
    equation="resume(save(state, epoch)) = state, epoch: weights of G and D, moments of both optimizers",
    look="Both functions side by side: what one writes, under which name, and what the other reads. Then resume "
    "without a file.",
    term="'state': four parts, each of them put back. 'epoch' comes back as it was given: how many are complete.",
    shows={
        "epoch": "epochs that resume_training returns",
        "G": "weights of G after save_training and resume_training",
        "D": "weights of D",
        "G_solver": "state of G's optimizer",
        "D_solver": "state of D's optimizer",
        "epoch_without_file": "epochs that it returns when there is no file",
        "untouched": "whether the parts are then as they were",
    },
    **FLOAT32,
)
def gan_resume(code, rng):
    """Resuming: networks, optimizers and epoch come back from the file; without a file training begins"""
    gan, (epoch, before, after) = code.conditional_gan, saved(rng)
    with tempfile.TemporaryDirectory() as folder:
        path, new = Path(folder) / "training.pt", _parts(before)
        without = gan.resume_training(Path(folder) / "none.pt", new)
        untouched = all(torch.equal(number, before[name]) for name, number in _numbers(new).items())
        gan.save_training(path, _parts(after), epoch)
        found = gan.resume_training(path, new)
    return {"epoch": found, **_numbers(new), "epoch_without_file": without, "untouched": untouched}


@case(
    "5.gan_device",
    points=0.5,
    equation="all tensors on one device: noise and targets are made there, labels are moved there",
    look="sample_z, generate_sample, the targets in your losses, the draws of train_step: who says on which device?",
    term="'made there': device=... of an argument, or that of a tensor at hand. 'moved': a caller's labels may be on "
    "the CPU.",
    shows={
        "computed_on": "where sampling and a training step compute, with both networks on an imaginary GPU",
        "count": "number of samples that come from there",
    },
    needs=("5.gan_sample", "5.gan_step"),
)
def gan_device(code, rng):
    """Device: sampling and training leave no tensor on the CPU when a GPU is asked for"""
    gan, (gpu, count) = code.conditional_gan, inputs.gpu_and_count(rng)
    _, n_z, n_c, conditions = inputs.sizes(rng)
    labels, samples = torch.from_numpy(inputs.multi_hot(rng, "labels", count, conditions)).tolist(), []

    def sample_and_train(device):
        G = gan.Generator(n_z, n_c, conditions, n_ch_g=inputs.WIDTH).to(device)  # noqa: N806
        D = gan.Discriminator(inputs.SIZE, conditions, n_ch_d=inputs.WIDTH).to(device)  # noqa: N806
        samples[:] = G.generate_sample(torch.tensor(labels), device=device)
        solvers = [descent.Descent(network, 0.001) for network in (G, D)]
        images = torch.zeros(count, 3, inputs.SIZE, inputs.SIZE, device=device)
        gan.train_step(G, D, *solvers, images, torch.tensor(labels, device=device))

    return {"computed_on": imaginary_gpu.computes_on(gpu, sample_and_train), "count": len(samples)}


def samples(rng):
    """A number of conditions of 24 objects."""
    return rng.integer("count", 6, 11)


@case(
    "5.prepare_cgan",
    points=0.5,
    equation="prepare_cgan() builds the generator that checkpoints/CGAN.pt was trained with",
    look="What prepare_cgan returns: an object of which class, on which device, for how many conditions?",
    term="'the generator', for i-CLEVR's 24 objects; weights are loaded into it later, by whoever called.",
    shows={
        "kind": "name of the class of what is returned",
        "shape": "shape of what it generates, on the CPU, for conditions of 24 objects",
        "labels_honoured": "of which samples the picture changes when some of the conditions do (of these)",
        "trainable": "whether its parameters take gradients",
        "devices": "where its parameters are",
    },
    needs=("5.generator", "5.gan_sample"),
)
def prepare_cgan(code, rng):
    """prepare_cgan: builds the generator, for conditions of i-CLEVR"""
    network, count = code.conditional_gan.prepare_cgan(), samples(rng)
    if not isinstance(network, torch.nn.Module):
        raise TypeError(f"prepare_cgan must return a Generator, not {type(network).__name__}")
    conditions = torch.from_numpy(inputs.multi_hot(rng, "conditions", count))

    def generate(labels):
        return probes.tensor(network.generate_sample(labels, device=torch.device("cpu")), "generate_sample")

    network.eval()
    with probes.noise_tape():
        images = generate(conditions)
        replaced = inputs.some_items(rng, "replaced", count)
        honoured = probes.changed_items(generate, (conditions,), images, 0, 1 - conditions, replaced)
    return {
        "kind": type(network).__name__,
        "shape": images.shape,
        "labels_honoured": honoured,
        "trainable": any(p.requires_grad for p in network.parameters()),
        "devices": ", ".join(sorted({str(p.device) for p in network.parameters()})),
    }
