"""Part 4: whether everything is on the device that was asked for. Timesteps are indexed from 0."""

import contextlib

from grader.case import case
from grader.cases.part4 import inputs
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")
imaginary_gpu = Lazy("grader.imaginary_gpu")
latents = Lazy("grader.cases.part4.latents")

ONE_DEVICE = "all tensors on one device: make each one with device=x.device, move tables and labels there"

SHOWS = {
    "computed_on": "where training and sampling compute, with the model on an imaginary GPU that is asked for",
    "count": "number of samples that come from there",
}


def on_imaginary_gpu(rng, build):
    """Train and sample on an imaginary GPU, as a TA's machine does on a real one. Observes what SHOWS tells.

    Args:
        build: called as build() for a new model, whose network may be `watched`.
    """
    gpu, count = inputs.gpu_and_count(rng)
    labels, samples = rng.integers("labels", 0, 10, count).tolist(), []

    def train_and_sample(device):
        model = build().to(device)
        with told("in training"):
            model(torch.zeros(count, 1, 32, 32, device=device), torch.tensor(labels, device=device))
        with told("in sampling"):
            model.eval().generate_sample(count, device=device, labels=torch.tensor(labels))
            samples[:] = probes.tensor(model.generate_sample(count, device=device), "generate_sample")

    return {"computed_on": imaginary_gpu.computes_on(gpu, train_and_sample), "count": len(samples)}


@contextlib.contextmanager
def told(when):
    """Say when a tensor was on the wrong device: the same symptom has other causes in training and in sampling."""
    try:
        yield
    except imaginary_gpu.WrongDeviceError as error:
        error.args = (f"{when}, {error}",)  # the same exception, which knows the student's line
        raise


def watched(code, in_channels=1):
    """The student's U-Net, which computes one item to show that it can on these devices, and else answers 0.1 x_t."""
    shown = set()

    def predict(x, t, label):
        places, mixed = _places(x, t, label)
        if places not in shown:
            shown.add(places)
            _compute(own, (x, t, label), mixed)
        return 0.1 * x

    network = probes.SpyNetwork(code, predict, in_channels=in_channels).network
    own = type(network).forward.__get__(network)
    return network


def _places(x, t, label):
    """Where a network's arguments are, in words; and what to tell if that is not one device, else ''."""
    given = {"x_t": x, "timestep": t, "label": label}
    places = {name: str(value.device) for name, value in given.items() if isinstance(value, torch.Tensor)}
    told = ", ".join(f"{name} on {place}" for name, place in places.items())
    return told, f"the network gets {told}" if len(set(places.values())) > 1 else ""


def _compute(forward, arguments, told):
    """Call the student's network, of which only devices count here: 4.unet tells of the rest."""
    try:
        forward(*(a[:1] if isinstance(a, torch.Tensor) and a.dim() else a for a in arguments))
    except imaginary_gpu.WrongDeviceError as error:
        raise imaginary_gpu.WrongDeviceError(told or f"inside the network {error}") from error
    except Exception:
        return


@case(
    "4.device",
    points=0.5,
    equation=ONE_DEVICE,
    look="Every place where your code makes a tensor (randn, randint, full, arange, ...) or indexes a table of the "
    "schedule.",
    term="device=x.device: of which tensor at hand? The message says whether it was in training or in sampling, and "
    "in which line.",
    shows=SHOWS,
    needs=("4.ddpm_loss", "4.ddpm_sample"),
)
def device(code, rng):
    """Device: training and sampling leave no tensor on the CPU when a GPU is asked for"""
    setting = inputs.schedule(rng, 2, 4)
    return on_imaginary_gpu(rng, lambda: code.models.DDPM(watched(code), code.models.VarianceScheduler(**setting)))


@case(
    "4.ddim_device",
    points=0.25,
    equation=ONE_DEVICE,
    look="The tables that DDIM's recover_sample indexes, and the tensors that it makes.",
    term="'move tables ... there': where is noisy_sample? There may be more than one GPU.",
    shows=SHOWS,
    needs=("4.device", "4.ddim_sample"),
)
def ddim_device(code, rng):
    """DDIM: training and sampling leave no tensor on the CPU when a GPU is asked for"""
    setting = inputs.schedule(rng, 2, 4)
    return on_imaginary_gpu(rng, lambda: code.models.DDIM(watched(code), code.models.VarianceScheduler(**setting)))


@case(
    "4.vae_device",
    points=0.25,
    equation=ONE_DEVICE,
    look="The two places in which a VAE draws random numbers: one in training, one in sampling.",
    term="'make each one with device=': in one of them a tensor is at hand, in the other the device is an argument.",
    shows=SHOWS,
    needs=("4.vae", "4.vae_sample"),
)
def vae_device(code, rng):
    """VAE: training and sampling leave no tensor on the CPU when a GPU is asked for"""
    return on_imaginary_gpu(rng, code.assignment.prepare_vae)


@case(
    "4.lddpm_device",
    points=0.25,
    bonus=True,
    equation=ONE_DEVICE,
    look="The latents that sampling begins with, and the number that scales latents: where is each of them?",
    term="'all tensors': model.to(device) moves parameters and buffers, and no other attribute.",
    shows=SHOWS,
    seconds=30.0,
    needs=("4.device", "4.vae_device", "4.lddpm_sample"),
)
def lddpm_device(code, rng):
    """Latent DDPM: training and sampling leave no tensor on the CPU when a GPU is asked for"""
    setting = inputs.schedule(rng, 2, 4)

    def predict(z_t, t, label):
        _, mixed = _places(z_t, t, label)
        if mixed:
            raise imaginary_gpu.WrongDeviceError(mixed)
        return 0.1 * z_t

    return on_imaginary_gpu(rng, lambda: latents.LatentModel(code, setting, predict).model)
