"""The experiments behind accuracy grading: a submission's checkpoint loads, and generates images.

They run where student code runs. INTERFACES tells how each part's model is built and asked for images.
"""

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass, fields

from grader.lazy import Lazy

torch = Lazy("torch")

OWN = ("num_feat", "T", "beta_1", "beta_T", "mask_p")  # fields of DMConfig, one of which an own configuration changes
SHOWN = 60  # characters of a value in a message


class CheckpointError(Exception):
    """A checkpoint is not what is asked for; the message says what it lacks and what mends it."""


@dataclass(frozen=True)
class Interface:
    """How the model of a part is used."""

    build: Callable  # build(code, model) -> (network with its weights, generate(labels, device) -> images)
    method: str  # of the student's code, that generates images


def use(code, rng, *, device):
    """Compute something on the device, without the student's code."""
    return {"zero": torch.zeros(1, device=device)}


def load(code, rng, *, model):
    """Build the model and load its checkpoint strictly. Observes its number of parameters."""
    _choose("cpu")
    network, _ = INTERFACES[model["part"]].build(code, model)
    return {"parameters": sum(p.numel() for p in network.parameters())}


def tell_apart(code, rng, *, model, images, image_shape, compared, device, threads):
    """Build part 1's discriminator, load its checkpoint, and ask it about images; let its generator make some.

    Args:
        code, rng, model, device, threads: as of `sample`.
        images: levels of N images, bytes in base64.
        image_shape: [C, H, W] of each.
        compared: number of images M of the generator.

    Returns:
        shape: of what the discriminator returned.
        logits: that, (N,) as float32; only if there is one for each image.
        images: of the generator, (M, C, H, W) as float32; only if its checkpoint was handed in.
    """
    torch.set_num_threads(threads)
    _choose(device)
    levels = torch.frombuffer(bytearray(base64.b64decode(images)), dtype=torch.uint8).reshape(-1, *image_shape)
    discriminator, generate = INTERFACES[model["part"]].build(code, model)
    discriminator.to(device).eval()
    with torch.no_grad():
        logits = torch.cat([discriminator((batch.float() / 127.5 - 1).to(device)) for batch in levels.split(500)])
    found = {"shape": logits.shape} | ({"logits": logits.float().flatten()} if logits.numel() == len(levels) else {})
    return found | ({"images": generate(compared, device)} if generate else {})


def sample(code, rng, *, model, labels, image_shape, device, threads):
    """Build the model, load its checkpoint, and generate an image for each label.

    Args:
        code: the student's modules.
        rng: unused; sampling draws from torch's seeded generator.
        model: what the policy says of it: part, checkpoint (its file, relative to the submission), classes, prepare,
            module, guidance, threshold, own_configuration.
        labels: classes, a list of N ints; in part 5 N lists of 24 floats, 1 for what is asked for and 0 for all else.
        image_shape: [C, H, W] that each image must have.
        device: where to sample.
        threads: of the CPU; unit cases have one.

    Returns:
        shape: of what the student's method returned.
        images: that, as float32; only if the shape is right.
    """
    torch.set_num_threads(threads)
    _choose(device)
    _, generate = INTERFACES[model["part"]].build(code, model)
    images = generate(torch.tensor(labels), torch.device(device))
    right = list(images.shape) == [len(labels), *image_shape]
    return {"shape": images.shape} | ({"images": images.float()} if right else {})


def _choose(device):
    """Let "cuda if available" in a student's code mean this device."""
    if device.startswith("cuda"):
        torch.cuda.set_device(torch.device(device).index or 0)
    else:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


def _weights(model):
    return torch.load(model["checkpoint"], map_location="cpu", weights_only=True)


def _discriminator(code, model):
    """Part 1: `gan_pytorch.discriminator()`, and what its generator does if there is one. Images are in [-1, 1]."""
    gan = code.gan_pytorch
    discriminator = gan.discriminator()
    discriminator.load_state_dict(_weights(model))
    if not (model["generator"] and os.path.isfile(model["generator"])):
        return discriminator, None
    generator = gan.generator()
    generator.load_state_dict(torch.load(model["generator"], map_location="cpu", weights_only=True))

    def generate(count, device):
        noise = gan.sample_noise(count, gan.NOISE_DIM).to(device)
        with torch.no_grad():
            return generator.to(device).eval()(noise).reshape(count, 3, 32, 32).float()

    return discriminator, generate


def _image_generator(code, model):
    """Part 2: `image_gen.ImageGenerator`, whose average samples. Conditions are class + 1; images are in [-1, 1]."""
    generator = code.image_gen.ImageGenerator()
    diffusion = next((v for v in vars(generator).values() if hasattr(v, "generate_sample")), None)
    if diffusion is None:
        raise CheckpointError("ImageGenerator() must keep a DiffusionModel in an attribute: self.policy")
    network = diffusion.ema.averaged_model
    network.load_state_dict(_weights(model))

    def generate(labels, device):
        cond = labels.to(next(network.parameters()).device) + 1
        return diffusion.generate_sample(cond, model["guidance"], model["threshold"]).clamp(-1, 1)

    return network, generate


def _conditional_ddpm(code, model):
    """Part 3: `DDPM.ConditionalDDPM` with the configuration in its checkpoint. Images are in [0, 1]."""
    saved = _weights(model)
    parts = [saved.get(key) if isinstance(saved, dict) else None for key in ("dmconfig", "model_state_dict")]
    if not all(isinstance(part, dict) for part in parts):
        raise CheckpointError(
            f"{model['checkpoint']} must hold the dictionaries 'model_state_dict' and 'dmconfig': hand in the "
            "best_checkpoint.pth that solver() saves"
        )
    network = code.DDPM.ConditionalDDPM(_configuration(code.utils.DMConfig, parts[0], model))
    network.load_state_dict(parts[1])

    def generate(labels, device):
        network.to(device).eval()
        labels = labels.to(device)
        one_hot = torch.nn.functional.one_hot(labels, model["classes"])
        with torch.no_grad():
            return _first_accepted(lambda conditions: network.sample(conditions, model["guidance"]), one_hot, labels)

    return network, generate


def _first_accepted(sample, one_hot, labels):
    """Some students' `sample` takes labels, (B,); of one that refuses both, tell what it says of one-hot ones."""
    try:
        return sample(one_hot)
    except NotImplementedError:
        raise
    except (RuntimeError, ValueError, TypeError, IndexError) as refusal:
        try:
            return sample(labels)
        except Exception:
            raise refusal from None


def _configuration(config_class, saved, model):
    """The `DMConfig` of a checkpoint, every field of which has the type of its default."""
    where, default = f"{model['checkpoint']}: dmconfig", config_class()
    known = {field.name: getattr(default, field.name) for field in fields(config_class)}
    for name, value in saved.items():
        if name not in known:
            raise CheckpointError(f"{where} has {_shown(name)}, which is no field of DMConfig: {', '.join(known)}")
        if not _alike(value, known[name]):
            raise CheckpointError(f"{where}[{name!r}] is {_shown(value)}, not of the kind of {known[name]!r}")
    if model["own_configuration"] and all(saved.get(name, known[name]) == known[name] for name in OWN):
        raise CheckpointError(f"{where} is the default: train with another value of {', '.join(OWN[:-1])} or {OWN[-1]}")
    return config_class(**saved)


def _alike(value, default):
    """Whether a value is a number, or a sequence of numbers, like the default; an int may stand for a float."""
    if isinstance(default, tuple | list):
        return isinstance(value, tuple | list) and all(_alike(v, default[0]) for v in value)
    return type(value) is type(default) or (type(value) is int and type(default) is float)


def _shown(value):
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _prepared(code, model):
    """Part 4: what a `prepare_*()` of assignment.py builds. Images are in [-1, 1]."""
    network = getattr(code.assignment, model["prepare"])()
    network.load_state_dict(_weights(model))

    def generate(labels, device):
        return network.to(device).eval().generate_sample(len(labels), device=device, labels=labels)

    return network, generate


def _multi_label(code, model):
    """Part 5: what a `prepare_*()` of its module builds. Labels are multi-hot; images are in [-1, 1]."""
    network = getattr(getattr(code, model["module"]), model["prepare"])()
    network.load_state_dict(_weights(model))

    def generate(labels, device):
        return network.to(device).eval().generate_sample(labels, device=device)

    return network, generate


INTERFACES = {
    1: Interface(_discriminator, "forward"),
    2: Interface(_image_generator, "generate_sample"),
    3: Interface(_conditional_ddpm, "sample"),
    4: Interface(_prepared, "generate_sample"),
    5: Interface(_multi_label, "generate_sample"),
}
