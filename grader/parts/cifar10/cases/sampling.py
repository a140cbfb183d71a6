"""Part 2: sampling with guidance and thresholding. Timesteps are indexed from 0."""

from grader.parts.cifar10.cases import inputs
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")

CONDITION_DIM = 4
COUNT = 3
GAUSSIAN_COUNT = 40_000  # samples of a single number each, for statistics
STATISTIC = {"rtol": 0.0, "atol": 0.025}  # at least five standard errors between two correct samplers


def _linear(slope, offset, bias):
    """eps_theta(x, t, c) = slope_t x + offset_t + c . bias, for c of shape (B, D)."""

    def predict(x, t, cond):
        index, shape = t.long().clamp(0, len(slope) - 1), (-1, *[1] * (x.dim() - 1))
        conditional = (cond.float() @ bias).reshape(shape)
        return slope[index].reshape(shape) * x + offset[index].reshape(shape) + conditional

    return predict


def _sampler(code, rng):
    """A model with a linear averaged network, a condition for each sample, and the spy that stands for the average."""
    setting, sizes = inputs.schedule(rng, 5, 8), inputs.shape(rng, "shape", 2)
    slope, offset = inputs.linear_network(rng, setting["num_steps"])
    spy = probes.Spy(_linear(slope, offset, rng.uniform("bias", CONDITION_DIM, low=-0.5, high=0.5)))
    trained = probes.Spy(lambda x, t, c: -1.0 * x)  # sampling with this one gives another result
    model = inputs.build(code, setting, sizes, CONDITION_DIM, trained, spy)
    return model, rng.uniform("cond", COUNT, CONDITION_DIM, low=0.2, high=1.2), spy


def _generate(model, cond, *arguments, **options):
    """Generate samples with the known noise of the tape."""
    with probes.noise_tape(1.0):
        sample = model.generate_sample(cond, *arguments, **options)
    return probes.tensor(sample, "generate_sample")


@case(
    "2.sample",
    points=1,
    equation="x_T ~ N(0, I); for t = T - 1, ..., 0: x = denoise_step(eps_theta(x, t, c), t, x) (algorithm 2)",
    look="Check the loop of generate_sample: its first and its last t, the network that it calls, and where the "
    "result of each step goes.",
    term="'t = T - 1, ..., 0' and 'x =': T steps, each starting from the result of the one before. If 2.denoise_step "
    "fails too, start there.",
    shows={
        "sample": "samples of a linear network, for known noise",
        "shape": "shape of the samples",
        "dtype": "dtype of the samples",
    },
    **FLOAT32,
    needs=("2.denoise_step",),
)
def sample(code, rng):
    """Sampling: the whole loop without guidance, with a known network and known noise"""
    model, cond, _ = _sampler(code, rng)
    samples = _generate(model, cond)
    return {"sample": samples, "shape": samples.shape, "dtype": str(samples.dtype)}


@case(
    "2.guidance",
    points=1,
    equation="eps = (1 + w) eps_theta(x_t, t, c) - w eps_theta(x_t, t, 0), at every step (CFG eq. 6)",
    look="Find the line that mixes the two estimates. Which condition went into each of them, and at how many steps "
    "does it run?",
    term="(1 + w) and -w: put in w = 0, then w = -1. Which of the estimates is left? And is it so 'at every step'?",
    shows={
        "unconditional": "samples for w = -1, which leaves only the unconditional estimate",
        "guided": "samples for some w > 0",
        "null_is_zero": "whether the network sees a condition of zeros at every step when w > 0",
        "condition_seen": "whether the network sees the requested condition at every step",
        "condition_kept": "whether the caller's condition stays unchanged",
    },
    **FLOAT32,
    needs=("2.sample",),
)
def guidance(code, rng):
    """Sampling: classifier-free guidance mixes the conditional and the unconditional estimate"""
    model, cond, spy = _sampler(code, rng)
    copy = cond.clone()
    unconditional = _generate(model, cond, guidance_weight=-1.0)
    before = len(spy.calls)
    guided = _generate(model, cond, guidance_weight=rng.number("w", 0.5, 3.0))
    steps = {}
    for call in spy.calls[before:]:
        steps.setdefault(int(call.timestep[0]), []).extend([] if call.label is None else call.label)
    rows = [{tuple(row.tolist()) for row in labels} for labels in steps.values()]
    return {
        "unconditional": unconditional,
        "guided": guided,
        "null_is_zero": all((0.0,) * CONDITION_DIM in seen for seen in rows),
        "condition_seen": all({tuple(row) for row in copy.tolist()} <= seen for seen in rows),
        "condition_kept": torch.equal(cond, copy),
    }


@case(
    "2.threshold_sample",
    points=0.5,
    equation="for t = T - 1, ..., 0: x = denoise_step(eps, t, x, threshold=True)",
    look="Look at the call of denoise_step in your loop. Which of generate_sample's arguments does it get?",
    term="threshold=True: if 2.threshold and 2.sample pass, it gets lost on the way. If one of them fails, start "
    "there.",
    shows={
        "sample": "samples of a linear network with thresholding, for known noise",
        "passed_on": "whether every call of denoise_step gets threshold=True",
    },
    **FLOAT32,
    needs=("2.sample", "2.threshold"),
)
def threshold_sample(code, rng):
    """Sampling: thresholding at every step"""
    model, cond, _ = _sampler(code, rng)
    step, flags = model.noise_scheduler.denoise_step, []

    def spied(model_prediction, t, x_t, threshold=False, seed=None):
        flags.append(bool(threshold))
        return step(model_prediction, t, x_t, threshold, seed)

    model.noise_scheduler.denoise_step = spied
    samples = _generate(model, cond, guidance_weight=rng.number("w", 0.5, 2.0), threshold=True)
    return {"sample": samples, "passed_on": bool(flags) and all(flags)}


@case(
    "2.gaussian",
    points=0.25,
    equation="for x_0 ~ N(m, s^2): eps = sqrt(1 - a) (x_t - sqrt(a) m) / (a s^2 + 1 - a), a = alpha_bar_t",
    look="Check the sampler as a whole: here it gets the best possible network. Does each step start from the result "
    "of the one before?",
    term="m and s: a wrong mean points to the mean of the step. A wrong spread points to the noise at the start or in "
    "the steps.",
    shows={"mean": "mean of the samples of Gaussian data", "std": "standard deviation of the samples of Gaussian data"},
    **STATISTIC,
    needs=("2.sample",),
)
def gaussian(code, rng):
    """Sampling: recovers the mean and variance of Gaussian data, given the exact noise predictor"""
    setting, (m, s) = inputs.gaussian(rng)
    bars = torch.cumprod(1 - torch.linspace(setting["beta_start"], setting["beta_end"], setting["num_steps"]), 0)

    def predict(x, t, cond):
        a = bars[t.long().clamp(0, len(bars) - 1)].reshape(-1, 1, 1)
        return (1 - a).sqrt() * (x - a.sqrt() * m) / (a * s**2 + 1 - a)

    model = inputs.build(code, setting, (1, 1), CONDITION_DIM, probes.Spy(predict), probes.Spy(predict))
    samples = model.generate_sample(torch.zeros(GAUSSIAN_COUNT, CONDITION_DIM))
    samples = probes.tensor(samples, "generate_sample").double()
    return {"mean": samples.mean(), "std": samples.std()}


@case(
    "2.sampling_rules",
    points=0.5,
    equation="algorithm 2 on the whole batch with the averaged network: every t from T - 1 to 0 once",
    look="Check everything around the loop: which network you call, in which mode and context, and with how many "
    "samples at a time.",
    term="'the averaged network', 'the whole batch', 'every t ... once': count the calls, and check which network "
    "gets them.",
    shows={
        "timesteps": "the timesteps that the averaged network sees, in order",
        "average_used": "whether only the averaged network is used, and never the one that you train",
        "whole_batch": "whether every call of the network contains all samples",
        "no_grad": "whether sampling runs without gradients",
        "eval_mode": "whether the averaged network is in eval mode",
    },
    needs=("2.sample",),
)
def sampling_rules(code, rng):
    """Sampling: every step once, all samples in one batch, the averaged network in eval mode, no gradients"""
    setting, sizes = inputs.schedule(rng, 10, 90), inputs.shape(rng, "shape", 3)
    average, trained = (probes.Spy(lambda x, t, c: 0.1 * x) for _ in range(2))
    model = inputs.build(code, setting, sizes, CONDITION_DIM, trained, average.train())
    cond = rng.normal("cond", COUNT, CONDITION_DIM)
    model.generate_sample(cond, guidance_weight=1.0)
    calls = average.calls
    seen = [int(call.timestep[0]) for call in calls]
    return {
        "timesteps": [t for i, t in enumerate(seen) if i == 0 or t != seen[i - 1]],
        "average_used": bool(calls) and not trained.calls,
        "whole_batch": all(len(call.x) >= COUNT for call in calls),
        "no_grad": not any(call.grad_enabled for call in calls),
        "eval_mode": not any(call.training for call in calls),
    }


@case(
    "2.seeds",
    points=0.25,
    equation="DL_random(shape, ..., seed=seed): the same seed gives the same numbers",
    look="Check every call of DL_random in your code, and every call of a function with a seed. What do you pass on?",
    term="seed=seed: a single draw without it changes the result from run to run.",
    shows={
        "loss": "for each call of compute_loss_on_batch, the index of the first call with the same result",
        "step": "the same indices for denoise_step",
        "sample": "the same indices for generate_sample",
    },
    needs=("2.loss", "2.sample"),
)
def seeds(code, rng):
    """Reproducibility: your code passes the seed on to DL_random"""
    model, cond, _ = _sampler(code, rng)
    model.noise_pred_net = probes.Spy(lambda x, t, c: 0.5 * x)
    x = rng.normal("x", COUNT, *model.input_shape)
    given = inputs.seeds(rng)
    calls = {
        "loss": lambda seed: model.compute_loss_on_batch(x, cond, seed=seed),
        "step": lambda seed: model.noise_scheduler.denoise_step(0.5 * x, 1, x, seed=seed),
        "sample": lambda seed: model.generate_sample(cond, seed=seed),
    }
    return {name: _first_same([probes.tensor(call(seed), name) for seed in given]) for name, call in calls.items()}


def _first_same(results):
    return [next(i for i, other in enumerate(results) if torch.equal(other, result)) for result in results]
