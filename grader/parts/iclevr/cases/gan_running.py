"""Part 5: resuming the conditional GAN's training, its devices, and the model that students hand in."""

import contextlib
import tempfile
from pathlib import Path

from grader.parts.iclevr.cases import gan_inputs as inputs
from grader.runtime.case import FLOAT32, case
from grader.runtime.denoising import device_errors_say
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
fake_gpu = Lazy("grader.runtime.fake_gpu")
descent = Lazy("grader.runtime.descent")
toys = Lazy("grader.parts.iclevr.cases.gan_toys")


def saved(rng):
    """Draw the number of complete epochs, and the numbers in four parts before and after training."""
    shapes = {"G": (2, 3), "D": (3, 4), "G_solver": (2, 3), "D_solver": (3, 4)}
    before, after = (
        {name: rng.normal(f"{when} {name}", *shape) for name, shape in shapes.items()} for when in ("before", "after")
    )
    return rng.integer("epoch", 3, 300), before, after


def _parts(numbers):
    """Build two linear networks and two optimizers that hold these numbers."""
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
    look="Put both functions side by side. What does one write, under which name, and what does the other read? Then "
    "call resume_training without a file.",
    term="'state' has four parts, and each must be restored. 'epoch' is the number of complete epochs and comes back "
    "unchanged.",
    shows={
        "epoch": "epoch that resume_training returns",
        "G": "weights of G after save_training and resume_training",
        "D": "weights of D after both calls",
        "G_solver": "state of G's optimizer after both calls",
        "D_solver": "state of D's optimizer after both calls",
        "epoch_without_file": "epoch that resume_training returns without a file",
        "untouched": "whether resume_training leaves the parts unchanged without a file",
    },
    **FLOAT32,
)
def gan_resume(code, rng):
    """Resuming: the file restores networks, optimizers and epoch; without a file, training starts anew"""
    gan, (epoch, before, after) = code.conditional_gan, saved(rng)
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
    ):  # so that no message names the folder
        path, new = Path("training.pt"), _parts(before)
        without = gan.resume_training(path, new)
        untouched = all(torch.equal(number, before[name]) for name, number in _numbers(new).items())
        gan.save_training(path, _parts(after), epoch)
        resumed = gan.resume_training(path, new)
    return {"epoch": resumed, **_numbers(new), "epoch_without_file": without, "untouched": untouched}


@case(
    "5.gan_device",
    points=0.5,
    equation="all tensors on one device: noise and targets are made there, labels are moved there",
    look="sample_z, generate_sample, the targets in your losses, the noise in train_step: what decides on the device "
    "of each?",
    term="'made there': pass device=..., from an argument or from a tensor that you have. 'moved': a caller's labels "
    "may be on the CPU.",
    shows={
        "computed_on": "device of sampling and of a training step, with both networks on a simulated GPU",
        "count": "number of samples generated there",
    },
    needs=("5.gan_sample", "5.gan_step"),
)
def gan_device(code, rng):
    """Device: sampling and training leave no tensor on the CPU when they run on a GPU"""
    gan, (gpu, count) = code.conditional_gan, inputs.gpu_and_count(rng)
    _, n_z, n_c, conditions = inputs.sizes(rng)
    labels, samples = torch.from_numpy(inputs.drawn_conditions(rng, "labels", count, conditions)).tolist(), []

    def sample_and_train(device):
        G = gan.Generator(n_z, n_c, conditions, n_ch_g=inputs.WIDTH).to(device)
        D = gan.Discriminator(inputs.SIZE, conditions, n_ch_d=inputs.WIDTH).to(device)
        there, logits = torch.tensor(labels, device=device), torch.zeros(count, device=device)
        with device_errors_say("in sample_z"):
            torch.cat([gan.sample_z(count, n_z, device), torch.zeros(1, n_z, device=device)])
        with device_errors_say("in discriminator_loss"):
            gan.discriminator_loss(logits, logits, there, there)
        with device_errors_say("in generator_loss"):
            gan.generator_loss(logits, there, there)
        with device_errors_say("in generate_sample"):
            samples[:] = G.generate_sample(torch.tensor(labels), device=device)
        with device_errors_say("in train_step"):
            images = torch.zeros(count, 3, inputs.SIZE, inputs.SIZE, device=device)
            solvers = [descent.Descent(network, 0.001) for network in (G, D)]
            gan.train_step(G, D, *solvers, images, there)

    return {"computed_on": fake_gpu.computes_on(gpu, sample_and_train), "count": len(samples)}


def samples(rng):
    """Draw the number of conditions."""
    return rng.integer("count", 6, 11)


@case(
    "5.prepare_cgan",
    points=0.5,
    equation="prepare_cgan() builds the generator that checkpoints/CGAN.pt was trained with",
    look="What does prepare_cgan return: an object of which class, on which device, for how many conditions?",
    term="'the generator' is for i-CLEVR's 24 objects. Whoever calls prepare_cgan loads the weights into it later.",
    shows={
        "kind": "class of the returned object",
        "shape": "shape of the pictures that it generates on the CPU, for conditions of 24 objects",
        "labels_honoured": "samples that change when some of the conditions are replaced",
        "trainable": "whether its parameters take gradients",
        "devices": "devices of its parameters",
    },
    needs=("5.generator", "5.gan_sample"),
)
def prepare_cgan(code, rng):
    """prepare_cgan: builds the generator for i-CLEVR's conditions"""
    network, count = code.conditional_gan.prepare_cgan(), samples(rng)
    if not isinstance(network, torch.nn.Module):
        raise TypeError(f"prepare_cgan must return a Generator, not {type(network).__name__}")
    conditions = torch.from_numpy(inputs.drawn_conditions(rng, "conditions", count))

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
