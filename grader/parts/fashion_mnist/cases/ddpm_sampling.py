"""Part 4: sampling of the conditional DDPM. Timesteps are indexed from 0."""

from grader.parts.fashion_mnist.cases import inputs, sampling
from grader.runtime import denoising
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")


@case(
    "4.ddpm_step",
    points=0.5,
    equation="x_{t-1} = (x_t - beta_t / sqrt(1 - alpha_bar_t) eps) / sqrt(alpha_t) + sigma_t z, z_0 = 0 (algorithm 2)",
    look="Check the mean first: recover_sample without its noise. Then check what the noise is multiplied by. Try t = "
    "0, t = 1 and t = T - 1.",
    term="beta_t / sqrt(1 - alpha_bar_t), 1 / sqrt(alpha_t), sigma_t: where is a root, and of what? For which single "
    "t does z_0 = 0 hold?",
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
    look="Check the loop in denoise: its first and last t, what you do with each step's result, and where you return.",
    term="'t = T - 1, ..., 0' makes T steps, and 'x =' makes each start from the last one's result. If 4.ddpm_step "
    "fails too, fix that first.",
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
    equation="algorithm 2 on the whole batch: every t from T - 1 to 0 once, with the requested labels",
    look="How many samples go through the network at once in generate_sample? Where do the labels go? What happens "
    "without labels, or with too few?",
    term="'the whole batch', 'every t ... once', 'the requested labels': count the network's calls, and print their "
    "arguments.",
    shows={"timesteps": "timesteps that the network gets, in order"} | sampling.RULES,
    needs=("4.ddpm_sample",),
)
def ddpm_sampling_rules(code, rng):
    """Sampling: every step once, all samples in one batch, with the requested labels, without gradients"""
    labels = torch.tensor(rng.choice("labels", range(10), rng.integer("labelled", 3, 6)))
    spy, model = sampling.sampler(code, lambda x, t, label: 0.1 * x, inputs.schedule(rng, 4, 15))
    model.generate_sample(len(labels), device=torch.device("cpu"), labels=labels)
    timesteps = denoising.seen_timesteps(spy.calls)
    return {"timesteps": timesteps} | sampling.rules(spy, model, labels, rng.integer("more", 6, 26))
