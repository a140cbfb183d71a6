"""Part 3: sampling. Timesteps run from T down to 1, and the network sees t / T."""

from grader.parts.mnist.cases import calls, inputs
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
STATISTIC = {"atol": 0.03}  # at least five standard errors of every observed statistic


def count(rng):
    """How many images to sample."""
    return rng.integer("count", 3, 7)


def _labels(rng, number):
    return rng.integers("labels", 0, inputs.CLASSES, number)


@case(
    "3.sample",
    points=2.5,
    equation="x_{t-1} = (x_t - beta_t / sqrt(1 - alpha_bar_t) eps) / sqrt(alpha_t) + sqrt(beta_t) z, z = 0 at t = 1",
    look="Work out one step of your loop by hand, at t = T, t = 2 and t = 1. Then check the noise that it starts "
    "from, and what follows the loop.",
    term="The fraction before eps, 1 / sqrt(alpha_t), sqrt(beta_t) before z, and 'z = 0 at t = 1': which of the four "
    "is off by a root or a step?",
    shows={"sample": "some pixels of the images, for a linear network and known noise", "shape": "shape of the images"},
    **FLOAT32,
    needs=("3.alpha_bars",),
)
def sample(code, rng):
    """Sampling: the whole loop, with a known network and known noise"""
    setting = inputs.schedule(rng, 5, 8)
    slope, offset = inputs.linear_network(rng, setting["T"])

    def predict(x, t, c):  # the same for every condition, so that guidance changes nothing
        index = calls.step(t, setting["T"]) - 1
        return slope[index].reshape(-1, 1, 1, 1) * x + offset[index].reshape(-1, 1, 1, 1)

    model, spy = calls.ddpm(code, setting, predict)
    with probes.noise_tape(inputs.SAMPLING_NOISE):
        images = calls.sample(model, spy, _labels(rng, count(rng)), rng.number("omega", 0.5, 2.5)).images
    return {"sample": images[:, :, 3:6, 10:14], "shape": images.shape}


def sampled_times(rng):
    """T of a loop whose steps we count, and how many images go through it."""
    return rng.integer("T", 4, 30), rng.integer("count", 3, 9)


@case(
    "3.sampling_rules",
    points=1.5,
    equation="for t = T, ..., 1, the whole batch at once; images are x_0 * 0.3081 + 0.1307 within [0, 1]",
    look="Check the range of your loop, the times that the network sees in it, how many images it sees at once, and "
    "in which context.",
    term="'t = T, ..., 1' and 'the whole batch at once': check both ends, the direction, and the time as in training. "
    "'within [0, 1]' holds for every pixel.",
    shows={
        "times": "the times t / T that the network sees, in order",
        "shape": "shape of the images",
        "limits": "smallest and largest pixel when x_0 goes far beyond both limits",
        "whole_batch": "whether every call of the network contains all images",
        "no_grad": "whether sampling runs without gradients",
    },
    **FLOAT32,
    needs=("3.sample",),
)
def sampling_rules(code, rng):
    """Sampling: every step once, all images in one batch, within [0, 1], no gradients"""
    steps, number = sampled_times(rng)
    model, spy = calls.ddpm(code, inputs.schedule(rng, 5, 8) | {"T": steps}, lambda x, t, c: 0.1 * x)
    with probes.noise_tape(1.0):
        sampled = calls.sample(model, spy, _labels(rng, number), rng.number("omega", 0.5, 2.5))
    times = [float(call.timestep[0]) for call in sampled.calls]
    return {
        "times": [t for i, t in enumerate(times) if i == 0 or t != times[i - 1]],
        "shape": sampled.images.shape,
        "limits": [sampled.images.min(), sampled.images.max()],
        "whole_batch": all(len(call.x) >= number for call in sampled.calls),
        "no_grad": not any(call.grad_enabled for call in sampled.calls),
    }


def many(rng):
    """How many images give a sample large enough for statistics."""
    return rng.integer("count", 80, 150)


@case(
    "3.gaussian",
    points=1,
    equation="for x_0 ~ N(m, s^2) the best eps_theta is linear in x_t, and algorithm 2 of CFG leads close to m and s",
    look="Check the draws in your loop: how often do you draw z, and in which shape? And what exactly does guidance "
    "combine?",
    term="m and s: the mean follows from eps, the spread from z. If the spread is wrong, or images are alike, check "
    "the noise.",
    shows={
        "mean": "mean of the standardised images, for a network that knows the noise of Gaussian images exactly",
        "std": "standard deviation of the standardised images",
        "between_items": "mean absolute correlation between two images",
        "shape": "shape of the images",
    },
    **STATISTIC,
    needs=("3.sample",),
)
def gaussian(code, rng):
    """Sampling: images of the right mean and variance, with new noise at every step"""
    setting, (mean, std) = inputs.long_schedule(rng), inputs.data(rng)

    def predict(x, t, c):
        """E[eps | x_t], with the schedule of the student's code."""
        bar = bars[calls.step(t, setting["T"]) - 1].reshape(-1, 1, 1, 1)
        return (1 - bar).sqrt() * (x - bar.sqrt() * mean) / (bar * std**2 + 1 - bar)

    model, spy = calls.ddpm(code, setting, predict)
    bars = torch.tensor([calls.schedule(model, t, ["alpha_t_bar"])[0] for t in range(1, setting["T"] + 1)])
    images = calls.sample(model, spy, _labels(rng, many(rng)), rng.number("omega", 1.5, 2.5)).images
    x_0 = (images.double() - 0.1307) / 0.3081
    correlations = torch.corrcoef(x_0.flatten(1))
    return {
        "mean": x_0.mean(),
        "std": x_0.std(),
        "between_items": correlations[~torch.eye(len(x_0), dtype=torch.bool)].nan_to_num(1.0).abs().mean(),
        "shape": images.shape,
    }
