"""Part 4: the latent DDPM, for a bonus. Timesteps are indexed from 0."""

from itertools import pairwise

import numpy as np

from grader.case import FLOAT32, case
from grader.cases.part4 import inputs, sampling, training
from grader.cases.part4.latents import LatentModel, same_image
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")


@case(
    "4.lddpm_loss",
    points=1,
    bonus=True,
    equation="L = mean of (eps - eps_theta(z_t, t, label))^2 over all elements, or of its absolute value (LDM eq. 2)",
    look="LDDPM.forward: what it hands to DDPM's forward, and what it does to the result.",
    term="eps - eps_theta(z_t, t, label): all but z is DDPM's. Where 4.ddpm_loss or 4.ddpm_training fails as well, "
    "begin there.",
    shows=training.LOSS
    | training.GRADIENT
    | {
        "timesteps": "the timesteps that are drawn in 48 losses",
        "t_per_item": training.DRAWS["t_per_item"],
        "own_label": training.DRAWS["own_label"],
    },
    **FLOAT32,
    seconds=30.0,
    needs=("4.add_noise",),
)
def lddpm_loss(code, rng):
    """Latent DDPM: the loss compares the predicted noise with the noise of the latents, and its gradient arrives"""
    error = rng.uniform("error", 6, low=0.4, high=1.6)
    weight = torch.nn.Parameter(torch.tensor(rng.number("weight", 0.4, 1.2)))

    def predict(z_t, t, label):
        """The noise in latents of any shape, and an error beside it."""
        return probes.pattern(*z_t.shape) + weight * error.reshape(-1, *[1] * (z_t.dim() - 1))

    latent = LatentModel(code, inputs.schedule(rng, 3, 3), predict, weight)
    x, labels = rng.uniform("x_0", 6, 1, 32, 32, low=-1.0), rng.integers("labels", 0, 10, 6)
    with probes.noise_tape(1.0):
        losses = [probes.tensor(latent.model(x, labels), "forward") for _ in range(8)]
    if losses[0].requires_grad:
        losses[0].backward()
    own = sum(int((call.label == labels).sum()) for call in latent.calls if call.label is not None)
    return {
        "loss": losses[0],
        "shape": losses[0].shape,
        "gradient": torch.tensor(float("nan")) if weight.grad is None else weight.grad,
        "timesteps": np.unique(training.drawn_timesteps(latent.calls)),
        "t_per_item": any(len(call.timestep.unique()) > 1 for call in latent.calls),
        "own_label": own > 24,
    }


@case(
    "4.lddpm_frozen",
    points=1,
    bonus=True,
    equation="z_t = sqrt(alpha_bar_t) z_0 + sqrt(1 - alpha_bar_t) eps, where z_0 is E(x) of a VAE that stays as it is "
    "(LDM, sec. 3)",
    look="What forward does to the VAE: its mode, its gradients, and whether what it encodes is clean.",
    term="'z_0 is E(x)' and 'stays as it is': in which order are encoding and noising, and what in the VAE could "
    "change?",
    shows={
        "factors": "the factors of z_0 and of the noise in what the network sees, a row for each t (nan: never drawn)",
        "residual": "what the network sees besides z_0 and the noise",
        "gradient_of_network": "whether the gradient of the loss reaches the network",
        "gradient_of_vae": "whether the gradient of the loss reaches the VAE as well",
        "vae_kept": "whether the parameters and buffers of the VAE stay as they are in training mode",
        "same_latents": "whether the network sees the same latents in training mode as in evaluation mode",
    },
    **FLOAT32,
    seconds=30.0,
    needs=("4.lddpm_loss",),
)
def lddpm_frozen(code, rng):
    """Latent DDPM: the network sees noisy latents of a VAE that is frozen"""
    weight = torch.nn.Parameter(torch.tensor(rng.number("weight", 0.4, 1.2)))
    latent = LatentModel(code, inputs.schedule(rng, 3, 3), lambda z_t, t, label: weight * z_t, weight)
    x, labels = rng.uniform("x_0", 6, 1, 32, 32, low=-1.0), rng.integers("labels", 0, 10, 6)
    z_0 = latent.latents(x, labels)
    del latent.calls[:]
    with probes.noise_tape(1.0):
        for _ in range(8):
            latent.model(x, labels)
    found, residual = zip(*(probes.factors(c.x, z_0, probes.pattern(*z_0.shape)) for c in latent.calls), strict=True)
    found, t = np.concatenate(found), training.drawn_timesteps(latent.calls)
    with np.errstate(invalid="ignore"):
        table = np.stack([found[t == step].sum(axis=0) / (t == step).sum() for step in range(3)])
    return {"factors": table, "residual": np.max(residual)} | _frozen(latent, x, labels, z_0, weight)


def _frozen(latent, x, labels, z_0, weight):
    """What a step of training does to the VAE."""
    before = {name: tensor.clone() for name, tensor in latent.vae.state_dict().items()}
    latent.model.train()
    loss = latent.model(x, labels)
    if loss.requires_grad:
        loss.backward()
    return {
        "gradient_of_network": weight.grad is not None and bool(weight.grad.any()),
        "gradient_of_vae": any(p.grad is not None and bool(p.grad.any()) for p in latent.vae.parameters()),
        "vae_kept": all(torch.equal(tensor, before[name]) for name, tensor in latent.vae.state_dict().items()),
        "same_latents": torch.allclose(latent.latents(x, labels), z_0, rtol=1e-3, atol=1e-4 * float(z_0.abs().max())),
    }


@case(
    "4.lddpm_sample",
    points=1,
    bonus=True,
    equation="x = D(z_0, label), once, where z_0 comes from noise z_{T-1} as in DDPM's algorithm 2 (LDM, sec. 3)",
    look="The way from the first noise to the images: its shape, the scale of latents in training and here, how "
    "often and with which labels you decode.",
    term="D(z_0, label), 'once': z_0 is what the loop ends in. Whatever training does to the scale of latents, "
    "sampling undoes before D.",
    shows={
        "reconstructs": "the training image whose latents each sample shows, for a network that knows them (-1: none)",
        "decoded": "the factors of the VAE's latents and of the noise at first, in what is decoded (nan: unknown)",
        "moves": "whether the network sees other latents at every step",
    },
    rtol=1e-3,
    atol=1e-3,
    seconds=30.0,
    needs=("4.lddpm_loss",),
)
def lddpm_sample(code, rng):
    """Latent DDPM: samples are the images of latents as they are in training, decoded once and under their labels"""
    count = rng.integer("count", 5, 7)
    order = rng.choice("order", range(count), count)
    x, labels = rng.uniform("x_0", count, 1, 32, 32, low=-1.0), torch.tensor(rng.choice("labels", range(10), count))
    latent = LatentModel(code, inputs.schedule(rng, 4, 7))
    # Large, so that latents are small, and a sampler that keeps them within [-1, 1] does the same.
    latent.scale_latents(rng.number("scale", 4.0, 8.0))
    latent.answer_exactly(latent.latents(x[order], labels))
    del latent.calls[:]
    with torch.no_grad():
        _, mean, _ = latent.vae(x[order], labels)
    expected = latent.reconstructions(x, labels)
    with probes.noise_tape(1.0):
        samples, first, decoded = latent.sample(labels)
    probes.tensor(samples, "generate_sample", expected[:, 0].shape)
    shown = [same_image(sample, candidates) for sample, candidates in zip(samples, expected, strict=True)]
    steps = [call.x for call in {int(call.timestep[0]): call for call in latent.calls}.values()]
    return {
        "reconstructs": shown,
        "decoded": _decoded(decoded, mean, first, np.array(shown) == order),
        "moves": not any(torch.equal(a, b) for a, b in pairwise(steps)),
    }


def _decoded(decoded, mean, first, right):
    """The factors of the latents and of the first noise, for each item; 1 and 0 where the sample says so."""
    rows = np.full((len(mean), 2), np.nan)
    if decoded is not None and len(decoded) == len(mean) and decoded.numel() == mean.numel() == first.numel():
        rows, _ = probes.factors(decoded, mean, first)
    rows[right] = 1, 0
    return rows


@case(
    "4.lddpm_sampling_rules",
    points=0.75,
    bonus=True,
    equation="algorithm 2 of DDPM on the whole batch of latents, from T - 1 down, with the labels asked for",
    look="The labels in generate_sample: network and decoder both need them. And how many latents go through the "
    "network at once?",
    term="'the whole batch of latents, from T - 1 down, with the labels asked for': count the network's calls, and "
    "look at their arguments.",
    shows={
        "count": "number of samples for the labels asked for",
        "descending": "whether every timestep that the network sees is less than the one before",
    }
    | sampling.RULES,
    seconds=30.0,
    needs=("4.lddpm_sample",),
)
def lddpm_sampling_rules(code, rng):
    """Latent DDPM: all samples in one batch, timesteps descend, labels honoured, no gradients"""
    labels = torch.tensor(rng.choice("labels", range(10), rng.integer("labelled", 3, 8)))
    latent = LatentModel(code, inputs.schedule(rng, 4, 7), lambda z_t, t, label: 0.1 * z_t)
    samples, _, _ = latent.sample(labels)
    timesteps = sampling.seen_timesteps(latent.calls)
    rules = sampling.rules(latent, latent.model, labels, rng.integer("more", 8, 28))
    return {"count": len(samples), "descending": all(b < a for a, b in pairwise(timesteps))} | rules


@case(
    "4.prepare_lddpm",
    points=0.5,
    bonus=True,
    equation="prepare_lddpm() builds the model that checkpoints/LDDPM.pt was trained with",
    look="How often the U-Net halves its input, which here is a map of latents, and what is frozen.",
    term="'its VAE with it': both are built, one of them is trained. How large are the latents at the lowest level?",
    shows=training.PREPARED,
    **FLOAT32,
    seconds=30.0,
    needs=("4.lddpm_loss", "4.unet"),
)
def prepare_lddpm(code, rng):
    """prepare_lddpm: builds a model that trains on FashionMNIST images, its VAE with it"""
    return training.prepared(code, rng, "LDDPM")
