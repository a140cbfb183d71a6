"""Part 4: the DDIM. Timesteps are indexed from 0. Students choose how many of them their sampler skips."""

import itertools

from grader.parts.fashion_mnist.cases import inputs, sampling, training
from grader.runtime import denoising
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")

_LAST = "whether the last step changes anything"


@case(
    "4.ddim_step",
    points=1.25,
    equation="x_{t-1} = sqrt(alpha_bar_{t-1}) x_0 + sqrt(1 - alpha_bar_{t-1}) eps, alpha_bar_{-1} = 1, where x_0 "
    "solves x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps (DDIM eq. 12, sigma_t = 0)",
    look="Check the estimate of x_0 by itself: you know the answer when eps is the true noise. Then check the line "
    "that computes x_{t-1}. Try t = 0 too.",
    term="Solving for x_0 uses alpha_bar_t; the new x uses alpha_bar_{t-1}. Which roots, which index, and what is "
    "alpha_bar_{-1}? With sigma_t = 0, is anything drawn?",
    shows=sampling.STEP,
    **FLOAT32,
    needs=("4.schedule",),
)
def ddim_step(code, rng):
    """DDIM step: x_{t-1} from x_t and the estimated noise, without fresh noise"""
    return sampling.step(code, rng, "DDIM")


@case(
    "4.ddim_sample",
    points=1,
    equation="at every t visited, x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps with the same x_0, which is "
    "the sample, if the network always estimates the same eps (DDIM eq. 12)",
    look="Print the timesteps that your loop visits, with stride 1 and with stride 3. Where does its last step end?",
    term="'the same x_0' at every t: does a step end with the alpha_bar of the next t that you visit, and the last "
    "step with 1?",
    shows={
        "start": "some pixels of the starting noise, recomputed from the sample, eps and alpha_bar of the first t",
        "astray": "largest distance between the network's input and the sample noised with eps, over all steps",
        "last_step_moves": _LAST,
        "dtype": "dtype of the samples",
    },
    **FLOAT32,
    needs=("4.ddim_step",),
)
def ddim_sample(code, rng):
    """DDIM sampling: the whole loop, with any stride, for a known start and known noise"""
    setting, count = inputs.long_schedule(rng), rng.integer("count", 3, 7)
    noise, scale = inputs.constant_noise(rng)
    spy, model = sampling.sampler(code, lambda x, t, label: noise.expand_as(x), setting, "DDIM")
    with probes.noise_tape(scale):
        sample = _generate(spy, model, rng.integers("labels", 0, 10, count))
    alpha_bars = _alpha_bars(code, setting)

    def noised(t):
        alpha_bar = sampling.at(alpha_bars, t)
        return alpha_bar.sqrt() * sample + (1 - alpha_bar).sqrt() * noise

    astray = [_distance(call.x, noised(call.timestep[:1])) for call in spy.calls]
    return {
        "start": noised(spy.calls[0].timestep[:1])[:, :, 3:6, 10:14],
        "astray": torch.stack(astray).max(),
        "last_step_moves": _moves(spy.calls[-1].x, sample),
        "dtype": str(sample.dtype),
    }


def _generate(spy, model, labels):
    sample = model.generate_sample(len(labels), device=torch.device("cpu"), labels=labels)
    probes.tensor(sample, "generate_sample", (len(labels), 1, 32, 32))
    if not spy.calls:
        raise ValueError("generate_sample must call the network")
    return sample


def _alpha_bars(code, setting):
    return torch.as_tensor(code.models.VarianceScheduler(**setting).alpha_bars)


def _distance(images, known):
    """The largest distance from an image to its nearest known one. Guidance may put an image into a batch twice."""
    return torch.cdist(images.double().flatten(1), known.double().flatten(1), p=float("inf")).amin(dim=1).max()


def _moves(images, sample):
    """Whether the samples differ from the network's last input. They do, unless the last step ends where it starts."""
    return bool(_distance(sample, images) > 1e-5)


@case(
    "4.ddim_sampling_rules",
    points=0.75,
    equation="algorithm 2 of DDPM on the whole batch, each step to a smaller t until alpha_bar = 1; the noise at the "
    "start decides everything (DDIM, sec. 4.2 and 5.2)",
    look="Find every draw of random numbers in sampling. Then check the order of the timesteps, and the last step.",
    term="'the noise at the start decides': what do you draw after the start? 'until alpha_bar = 1': does your loop "
    "reach x_0?",
    shows={
        "timesteps_fall": "whether the network gets several timesteps in {0, ..., T - 1}, each below the one before",
        "sample": "some pixels of the samples, for a network that knows the only image of its dataset",
        "last_step_moves": _LAST,
        "later_noise": "largest change of x_t when noise drawn after the start changes",
    }
    | sampling.RULES,
    **FLOAT32,
    needs=("4.ddim_sample",),
)
def ddim_sampling_rules(code, rng):
    """DDIM sampling: down to x_0, deterministic, in one batch, with the requested labels, without gradients"""
    setting, image = inputs.long_schedule(rng), inputs.known_image(rng)
    labels = torch.tensor(rng.choice("labels", range(10), rng.integer("labelled", 3, 6)))
    other, _, _ = _sample_known_image(code, setting, image, labels, 2.0)
    spy, model, sample = _sample_known_image(code, setting, image, labels, 1.0)
    seen, calls = denoising.seen_timesteps(spy.calls), list(spy.calls)
    return {
        "timesteps_fall": len(seen) > 1 and _falls([setting["num_steps"], *seen, -1]),
        "sample": sample[:, :, 3:6, 10:14],
        "last_step_moves": _moves(calls[-1].x, sample),
        "later_noise": max((a.x - b.x).abs().max() for a, b in zip(calls, other.calls, strict=True)),
    } | sampling.rules(spy, model, labels, rng.integer("more", 6, 26))


def _falls(timesteps):
    return all(later < t for t, later in itertools.pairwise(timesteps))


def _sample_known_image(code, setting, image, labels, later):
    """(spy, model, sample) for a dataset of one image. From the network's first call the tape has scale `later`."""
    alpha_bars = _alpha_bars(code, setting)

    def predict(x, t, label):
        tape.scale = later
        alpha_bar = sampling.at(alpha_bars, t)
        return (x - alpha_bar.sqrt() * image) / (1 - alpha_bar).sqrt()

    spy, model = sampling.sampler(code, predict, setting, "DDIM")
    with probes.noise_tape(1.0) as tape:
        return spy, model, _generate(spy, model, labels)


@case(
    "4.ddim_loss",
    points=0.75,
    equation="L = mean of (eps - eps_theta(x_t, t, label))^2, or of its absolute value; t of each item ~ Uniform "
    "on {0, ..., T - 1} (DDIM eq. 5 with gamma = 1: the training of DDPM)",
    look="Check what your DDIM inherits from DDPM in training, and what it changes.",
    term="DDIM trains exactly as DDPM does. 4.ddpm_loss, 4.ddpm_gradient and 4.ddpm_training check the same things "
    "one at a time.",
    shows=training.LOSS
    | training.GRADIENT
    | {"sees_noised": "whether the network gets add_noise(x_0, t) for the t that it gets"}
    | training.DRAWS,
    **FLOAT32,
    needs=("4.add_noise", "4.ddpm_loss"),
)
def ddim_loss(code, rng):
    """DDIM training: the loss of a DDPM, its gradient, and what the network is trained on"""
    value = training.loss(code, rng, "DDIM") | training.gradient(code, rng, "DDIM")
    calls, x, labels, setting = training.train(code, rng, "DDIM")
    scheduler, last = code.models.VarianceScheduler(**setting), setting["num_steps"] - 1
    with probes.noise_tape(1.0):
        noised = [scheduler.add_noise(x, call.timestep.long().clamp(0, last))[0] for call in calls]
    sees_noised = all(torch.allclose(call.x, x_t, atol=1e-4) for call, x_t in zip(calls, noised, strict=True))
    return value | {"sees_noised": sees_noised} | training.draws(calls, labels, setting["num_steps"])


@case(
    "4.prepare_ddim",
    points=0.5,
    equation="prepare_ddim() builds the model that checkpoints/DDIM.pt was trained with",
    look="Check the class of what prepare_ddim returns, and the number of channels that its network is built for.",
    term="'builds the model': a DDPM's weights fit either class, but which of the two samples as a DDIM?",
    shows=training.PREPARED,
    **FLOAT32,
    seconds=30.0,
    needs=("4.ddim_loss", "4.unet"),
)
def prepare_ddim(code, rng):
    """prepare_ddim: builds a DDIM that trains on FashionMNIST images"""
    return training.prepared(code, rng, "DDIM")
