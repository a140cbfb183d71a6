"""Part 4: the latent DDPM (bonus). Timesteps are indexed from 0."""

from itertools import pairwise

import numpy as np

from grader.parts.fashion_mnist.cases import inputs, sampling, training
from grader.parts.fashion_mnist.cases.latents import LatentModel, same_image
from grader.runtime import denoising
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")


@case(
    "4.lddpm_loss",
    points=1,
    bonus=True,
    equation="L = mean of (eps - eps_theta(z_t, t, label))^2 over all elements, or of its absolute value (LDM eq. 2)",
    look="Check LDDPM.forward: what does it pass to DDPM's forward, and what does it do with the result?",
    term="Everything but z is DDPM's. If 4.ddpm_loss or 4.ddpm_training fails too, fix that first.",
    shows=training.LOSS
    | training.GRADIENT
    | {
        "timesteps": "timesteps that occur in 8 batches of 6 items",
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
        """The noise in latents of any shape, plus an error."""
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
    look="Check what forward does to the VAE: its mode and its gradients. Is what it encodes clean?",
    term="'z_0 is E(x)': do you encode first or add noise first? 'stays as it is': what in the VAE could still change?",
    shows={
        "factors": "factors of z_0 and the noise in the network's input, one row for each t (nan: never drawn)",
        "residual": "part of the network's input that is neither z_0 nor the noise",
        "gradient_of_network": "whether the gradient of the loss reaches the network",
        "gradient_of_vae": "whether the gradient of the loss reaches the VAE too",
        "vae_kept": "whether the VAE's parameters and buffers stay unchanged in training mode",
        "same_latents": "whether the network gets the same latents in training mode as in evaluation mode",
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
    factors, residual = zip(*(probes.factors(c.x, z_0, probes.pattern(*z_0.shape)) for c in latent.calls), strict=True)
    factors, t = np.concatenate(factors), training.drawn_timesteps(latent.calls)
    with np.errstate(invalid="ignore"):
        table = np.stack([factors[t == step].sum(axis=0) / (t == step).sum() for step in range(3)])
    return {"factors": table, "residual": np.max(residual)} | _frozen(latent, x, labels, z_0, weight)


def _frozen(latent, x, labels, z_0, weight):
    """Observe what a training step does to the VAE."""
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
    look="Follow the way from the first noise to the images: its shape, the scale of the latents in training and "
    "here, how often you decode and with which labels.",
    term="D(z_0, label), 'once': z_0 is the result of the loop. Sampling should undo before D what training does to "
    "the scale of latents.",
    shows={
        "reconstructs": "training image that each sample shows, for a network that knows its latents (-1: none)",
        "decoded": "factors of the VAE's latents and of the starting noise in the decoded latents (nan: unknown)",
        "moves": "whether the latents change at every step",
    },
    rtol=1e-3,
    atol=1e-3,
    seconds=30.0,
    needs=("4.lddpm_loss",),
)
def lddpm_sample(code, rng):
    """Latent DDPM: samples are decoded once, from latents on the scale of training, under their labels"""
    count = rng.integer("count", 5, 7)
    order = rng.choice("order", range(count), count)
    x, labels = rng.uniform("x_0", count, 1, 32, 32, low=-1.0), torch.tensor(rng.choice("labels", range(10), count))
    latent = LatentModel(code, inputs.schedule(rng, 4, 7))
    # Large, so that latents are small, and a sampler that clamps them to [-1, 1] gives the same result.
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
    """The factors of the latents and of the first noise, for each item: 1 and 0 if the sample shows the right image."""
    rows = np.full((len(mean), 2), np.nan)
    if decoded is not None and len(decoded) == len(mean) and decoded.numel() == mean.numel() == first.numel():
        rows, _ = probes.factors(decoded, mean, first)
    rows[right] = 1, 0
    return rows


@case(
    "4.lddpm_sampling_rules",
    points=0.75,
    bonus=True,
    equation="algorithm 2 of DDPM on the whole batch of latents, from T - 1 down, with the requested labels",
    look="Follow the labels in generate_sample: network and decoder both need them. How many latents go through the "
    "network at once?",
    term="Count the network's calls and print their arguments: the size of the batch, the timesteps from T - 1 down, "
    "and the labels.",
    shows={
        "count": "number of samples for the requested labels",
        "descending": "whether every timestep is smaller than the one before",
    }
    | sampling.RULES,
    seconds=30.0,
    needs=("4.lddpm_sample",),
)
def lddpm_sampling_rules(code, rng):
    """Latent DDPM: all samples in one batch, timesteps descend, with the requested labels, without gradients"""
    labels = torch.tensor(rng.choice("labels", range(10), rng.integer("labelled", 3, 8)))
    latent = LatentModel(code, inputs.schedule(rng, 4, 7), lambda z_t, t, label: 0.1 * z_t)
    samples, _, _ = latent.sample(labels)
    timesteps = denoising.seen_timesteps(latent.calls)
    rules = sampling.rules(latent, latent.model, labels, rng.integer("more", 8, 28))
    return {"count": len(samples), "descending": all(b < a for a, b in pairwise(timesteps))} | rules


@case(
    "4.prepare_lddpm",
    points=0.5,
    bonus=True,
    equation="prepare_lddpm() builds the model that checkpoints/LDDPM.pt was trained with",
    look="How often does the U-Net halve its input, which is a map of latents here? What is frozen?",
    term="prepare_lddpm builds both the VAE and the network, but trains only one of them. How large are the latents "
    "at the lowest level?",
    shows=training.PREPARED,
    **FLOAT32,
    seconds=30.0,
    needs=("4.lddpm_loss", "4.unet"),
)
def prepare_lddpm(code, rng):
    """prepare_lddpm: builds a model that trains on FashionMNIST images, and its VAE"""
    return training.prepared(code, rng, "LDDPM")
