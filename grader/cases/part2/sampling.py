"""Part 2: sampling with guidance and thresholding. Timesteps are indexed from 0."""

from grader.case import FLOAT32, case
from grader.cases.part2 import inputs
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")

CONDITION_DIM = 4
COUNT = 3
GAUSSIAN_COUNT = 40_000  # samples of one number, for statistics
STATISTIC = {"rtol": 0.0, "atol": 0.025}  # five standard errors between two correct samplers, or more


def _linear(slope, offset, bias):
    """eps_theta(x, t, c) = slope_t x + offset_t + c . bias, for c of shape (B, D)."""

    def predict(x, t, cond):
        index, shape = t.long().clamp(0, len(slope) - 1), (-1, *[1] * (x.dim() - 1))
        conditional = (cond.float() @ bias).reshape(shape)
        return slope[index].reshape(shape) * x + offset[index].reshape(shape) + conditional

    return predict


def _sampler(code, rng):
    """A model with a linear average, a condition for each of its samples, and the spy that is the average."""
    setting, sizes = inputs.schedule(rng, 5, 8), inputs.shape(rng, "shape", 2)
    slope, offset = inputs.linear_network(rng, setting["num_steps"])
    spy = probes.Spy(_linear(slope, offset, rng.uniform("bias", CONDITION_DIM, low=-0.5, high=0.5)))
    trained = probes.Spy(lambda x, t, c: -1.0 * x)  # whoever samples with it gets something else
    model = inputs.build(code, setting, sizes, CONDITION_DIM, trained, spy)
    return model, rng.uniform("cond", COUNT, CONDITION_DIM, low=0.2, high=1.2), spy


def _generate(model, cond, *arguments, **options):
    """Samples with the noise that the tape plays."""
    with probes.noise_tape(1.0):
        sample = model.generate_sample(cond, *arguments, **options)
    return probes.tensor(sample, "generate_sample")


@case(
    "2.sample",
    points=1,
    equation="x_T ~ N(0, I); for t = T - 1, ..., 0: x = denoise_step(eps_theta(x, t, c), t, x) (algorithm 2)",
    look="The loop of generate_sample: its first and its last t, the network that it asks, and what becomes of each "
    "step's result.",
    term="'t = T - 1, ..., 0' and 'x =': T steps, each from what the one before gave. Where 2.denoise_step fails as "
    "well, begin there.",
    shows={
        "sample": "the samples of a linear network, for known noise",
        "shape": "shape of the samples",
        "dtype": "dtype of the samples",
    },
    **FLOAT32,
    needs=("2.denoise_step",),
)
def sample(code, rng):
    """Sampling: the whole loop without guidance, with a network and noise that are known"""
    model, cond, _ = _sampler(code, rng)
    found = _generate(model, cond)
    return {"sample": found, "shape": found.shape, "dtype": str(found.dtype)}


@case(
    "2.guidance",
    points=1,
    equation="eps = (1 + w) eps_theta(x_t, t, c) - w eps_theta(x_t, t, 0), at every step (CFG eq. 6)",
    look="Where the two estimates are mixed: which condition went into each, and at how many of the steps?",
    term="(1 + w) and -w: put in w = 0, then w = -1, and see which of the estimates is left. 'at every step' is a "
    "part of it.",
    shows={
        "unconditional": "the samples for w = -1, which leaves the unconditional estimate only",
        "guided": "the samples for some w > 0",
        "null_is_zero": "whether some call of the network at every step has zeros as condition when w > 0",
        "condition_seen": "whether some call of the network at every step has the condition asked for",
        "condition_kept": "whether the caller's condition is left as it was",
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
    look="The call of denoise_step in your loop: which of generate_sample's arguments does it get?",
    term="threshold=True: if 2.threshold and 2.sample pass, it is lost on the way; if one of them fails, begin there.",
    shows={
        "sample": "the samples of a linear network with thresholding, for known noise",
        "passed_on": "whether every call of denoise_step is told to threshold",
    },
    **FLOAT32,
    needs=("2.sample", "2.threshold"),
)
def threshold_sample(code, rng):
    """Sampling: thresholding at every step"""
    model, cond, _ = _sampler(code, rng)
    step, told = model.noise_scheduler.denoise_step, []

    def spied(model_prediction, t, x_t, threshold=False, seed=None):
        told.append(bool(threshold))
        return step(model_prediction, t, x_t, threshold, seed)

    model.noise_scheduler.denoise_step = spied
    found = _generate(model, cond, guidance_weight=rng.number("w", 0.5, 2.0), threshold=True)
    return {"sample": found, "passed_on": bool(told) and all(told)}


@case(
    "2.gaussian",
    points=0.25,
    equation="for x_0 ~ N(m, s^2): eps = sqrt(1 - a) (x_t - sqrt(a) m) / (a s^2 + 1 - a), a = alpha_bar_t",
    look="The sampler as a whole: it gets the best possible network here. Does each step begin with the result of "
    "the one before?",
    term="m and s: a mean that is off points to the mean of the step, a spread that is off to the noise of the start "
    "or of the steps.",
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
    found = model.generate_sample(torch.zeros(GAUSSIAN_COUNT, CONDITION_DIM))
    found = probes.tensor(found, "generate_sample").double()
    return {"mean": found.mean(), "std": found.std()}


@case(
    "2.sampling_rules",
    points=0.5,
    equation="algorithm 2 on the whole batch with the averaged network: every t from T - 1 to 0 once",
    look="All that surrounds the loop: which network is called, in which mode and context, with how many samples at "
    "a time?",
    term="'the averaged network', 'the whole batch', 'every t ... once': count the calls, and look whose they are.",
    shows={
        "timesteps": "the timesteps that the averaged network sees, in order",
        "average_used": "whether only the averaged network is used, not the one that is trained",
        "whole_batch": "whether every call of the network holds all samples",
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
    look="Every call of DL_random in your code, and every call of a function that has a seed: what is passed on?",
    term="seed=seed: a single draw without it makes the result another one in every run.",
    shows={
        "loss": "for each call of compute_loss_on_batch, the number of the first that gives the same",
        "step": "the same for denoise_step",
        "sample": "the same for generate_sample",
    },
    needs=("2.loss", "2.sample"),
)
def seeds(code, rng):
    """Reproducibility: the seed is passed on to DL_random"""
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
