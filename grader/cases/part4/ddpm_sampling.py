"""Part 4: sampling of the conditional DDPM. Timesteps are indexed from 0."""

from grader.case import FLOAT32, case
from grader.cases.part4 import inputs, sampling
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")


@case(
    "4.ddpm_step",
    points=0.5,
    equation="x_{t-1} = (x_t - beta_t / sqrt(1 - alpha_bar_t) eps) / sqrt(alpha_t) + sigma_t z, z_0 = 0 (algorithm 2)",
    look="recover_sample without its noise, which is the mean; then what the noise is multiplied by. Try t = 0, t = "
    "1 and t = T - 1.",
    term="beta_t / sqrt(1 - alpha_bar_t), 1 / sqrt(alpha_t), sigma_t: which are roots, and of what? 'z_0 = 0' speaks "
    "of a single t.",
    shows=sampling.STEP,
    **FLOAT32,
    needs=("4.schedule",),
)
def ddpm_step(code, rng):
    """Reverse step: mean and variance of x_{t-1} given x_t"""
    return sampling.step(code, rng, "DDPM")


@case(
    "4.ddpm_sample",
    points=0.5,
    equation="x_{T-1} ~ N(0, I); for t = T - 1, ..., 0: x = recover_sample(x, eps_theta(x, t, label), t) (algorithm 2)",
    look="The loop in denoise: its first and its last t, what becomes of each step's result, and where the return "
    "stands.",
    term="'t = T - 1, ..., 0' and 'x =': T steps, each from what the one before gave. Where 4.ddpm_step fails as "
    "well, begin there.",
    shows={
        "sample": "some pixels of the samples, for a linear network and known noise",
        "shape": "shape of the samples",
        "dtype": "dtype of the samples",
    },
    **FLOAT32,
    needs=("4.ddpm_step",),
)
def ddpm_sample(code, rng):
    """Sampling: the whole loop, with a network and noise that are known"""
    setting, count = inputs.schedule(rng, 5, 8), rng.integer("count", 3, 7)
    slope, offset = inputs.linear_network(rng, setting["num_steps"])
    _, model = sampling.sampler(code, lambda x, t, label: sampling.at(slope, t) * x + sampling.at(offset, t), setting)
    with probes.noise_tape(inputs.SAMPLING_NOISE):
        labels = rng.integers("labels", 0, 10, count)
        sample = model.generate_sample(count, device=torch.device("cpu"), labels=labels)
        probes.tensor(sample, "generate_sample")
    return {"sample": sample[:, :, 3:6, 10:14], "shape": sample.shape, "dtype": str(sample.dtype)}


@case(
    "4.ddpm_sampling_rules",
    points=0.25,
    equation="algorithm 2 on the whole batch: every t from T - 1 to 0 once, with the labels asked for",
    look="What generate_sample does besides the steps: how many samples go through the network at once, where labels "
    "go, what happens without them or with too few.",
    term="'the whole batch', 'every t ... once', 'the labels asked for': count the network's calls, and look at "
    "their arguments.",
    shows={"timesteps": "the timesteps that the network sees, in order"} | sampling.RULES,
    needs=("4.ddpm_sample",),
)
def ddpm_sampling_rules(code, rng):
    """Sampling: every step once, all samples in one batch, labels honoured, no gradients"""
    labels = torch.tensor(rng.choice("labels", range(10), rng.integer("labelled", 3, 6)))
    spy, model = sampling.sampler(code, lambda x, t, label: 0.1 * x, inputs.schedule(rng, 4, 15))
    model.generate_sample(len(labels), device=torch.device("cpu"), labels=labels)
    timesteps = sampling.seen_timesteps(spy.calls)
    return {"timesteps": timesteps} | sampling.rules(spy, model, labels, rng.integer("more", 6, 26))
