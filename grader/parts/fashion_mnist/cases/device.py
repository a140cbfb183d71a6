"""Part 4: checks that everything is on the requested device. Timesteps are indexed from 0."""

from grader.parts.fashion_mnist.cases import inputs
from grader.runtime.case import case
from grader.runtime.denoising import device_errors_say
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
spy_network = Lazy("grader.parts.fashion_mnist.cases.spy_network")
fake_gpu = Lazy("grader.runtime.fake_gpu")
latents = Lazy("grader.parts.fashion_mnist.cases.latents")

ONE_DEVICE = "all tensors on one device: make each one with device=x.device, move tables and labels there"

SHOWS = {
    "computed_on": "device that training and sampling compute on, for a model on an imaginary GPU",
    "count": "number of samples on that device",
}


def on_imaginary_gpu(rng, build):
    """Train and sample on an imaginary GPU, as a TA's machine does on a real one. Observes what SHOWS names.

    Args:
        build: called as build(), returns a new model. Its network may be `watched`.
    """
    gpu, count = inputs.gpu_and_count(rng)
    labels, samples = rng.integers("labels", 0, 10, count).tolist(), []

    def train_and_sample(device):
        model = build().to(device)
        with device_errors_say("in training"):
            model(torch.zeros(count, 1, 32, 32, device=device), torch.tensor(labels, device=device))
        with device_errors_say("in sampling"):
            model.eval().generate_sample(count, device=device, labels=torch.tensor(labels))
            samples[:] = probes.tensor(model.generate_sample(count, device=device), "generate_sample")

    return {"computed_on": fake_gpu.computes_on(gpu, train_and_sample), "count": len(samples)}


def watched(code, in_channels=1):
    """The student's U-Net. It computes one item on each set of devices, as a check, and otherwise answers 0.1 x_t."""
    shown = set()

    def predict(x, t, label):
        places, mixed = _places(x, t, label)
        if places not in shown:
            shown.add(places)
            _compute(own, (x, t, label), mixed)
        return 0.1 * x

    network = spy_network.SpyNetwork(code, predict, in_channels=in_channels).network
    own = type(network).forward.__get__(network)
    return network


def _places(x, t, label):
    """(where a network's arguments are, a complaint if that is more than one device, else ''), both in words."""
    given = {"x_t": x, "timestep": t, "label": label}
    places = {name: str(value.device) for name, value in given.items() if isinstance(value, torch.Tensor)}
    text = ", ".join(f"{name} on {place}" for name, place in places.items())
    return text, f"the network gets {text}" if len(set(places.values())) > 1 else ""


def _compute(forward, arguments, complaint):
    """Call the student's network. Only devices count here: 4.unet reports everything else."""
    try:
        forward(*(a[:1] if isinstance(a, torch.Tensor) and a.dim() else a for a in arguments))
    except fake_gpu.WrongDeviceError as error:
        raise fake_gpu.WrongDeviceError(complaint or f"inside the network {error}") from error
    except Exception:
        return


@case(
    "4.device",
    points=0.5,
    equation=ONE_DEVICE,
    look="Find every place where your code makes a tensor (randn, randint, full, arange, ...) or indexes a table of "
    "the schedule.",
    term="device=x.device: which tensor do you have at hand there? The message names the line, and says whether "
    "training or sampling ran it.",
    shows=SHOWS,
    needs=("4.ddpm_loss", "4.ddpm_sample"),
)
def device(code, rng):
    """Device: training and sampling leave no tensor on the CPU when you ask for a GPU"""
    setting = inputs.schedule(rng, 2, 4)
    return on_imaginary_gpu(rng, lambda: code.models.DDPM(watched(code), code.models.VarianceScheduler(**setting)))


@case(
    "4.ddim_device",
    points=0.25,
    equation=ONE_DEVICE,
    look="Check the tables that DDIM's recover_sample indexes, and the tensors that it makes.",
    term="'move tables ... there': on which device is noisy_sample? There may be more than one GPU.",
    shows=SHOWS,
    needs=("4.device", "4.ddim_sample"),
)
def ddim_device(code, rng):
    """DDIM: training and sampling leave no tensor on the CPU when you ask for a GPU"""
    setting = inputs.schedule(rng, 2, 4)
    return on_imaginary_gpu(rng, lambda: code.models.DDIM(watched(code), code.models.VarianceScheduler(**setting)))


@case(
    "4.vae_device",
    points=0.25,
    equation=ONE_DEVICE,
    look="A VAE draws random numbers in two places: one in training, one in sampling. Check both.",
    term="'make each one with device=': in one place you have a tensor at hand, in the other the device is an "
    "argument.",
    shows=SHOWS,
    needs=("4.vae", "4.vae_sample"),
)
def vae_device(code, rng):
    """VAE: training and sampling leave no tensor on the CPU when you ask for a GPU"""
    return on_imaginary_gpu(rng, code.assignment.prepare_vae)


@case(
    "4.lddpm_device",
    points=0.25,
    bonus=True,
    equation=ONE_DEVICE,
    look="Check the latents that sampling starts from, and the number that scales latents. On which device is each?",
    term="'all tensors': model.to(device) moves parameters and buffers, but no other attributes.",
    shows=SHOWS,
    seconds=30.0,
    needs=("4.device", "4.vae_device", "4.lddpm_sample"),
)
def lddpm_device(code, rng):
    """Latent DDPM: training and sampling leave no tensor on the CPU when you ask for a GPU"""
    setting = inputs.schedule(rng, 2, 4)

    def predict(z_t, t, label):
        _, mixed = _places(z_t, t, label)
        if mixed:
            raise fake_gpu.WrongDeviceError(mixed)
        return 0.1 * z_t

    return on_imaginary_gpu(rng, lambda: latents.LatentModel(code, setting, predict).model)
