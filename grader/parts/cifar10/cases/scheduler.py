"""Part 2: the schedule, the forward process and the reverse step. Timesteps are indexed from 0."""

import numpy as np

from grader.parts.cifar10.cases import inputs
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")

NAMES = ("betas", "alphas", "alpha_bars")


@case(
    "2.schedule",
    points=1,
    equation="beta_t linear from beta_start to beta_end; alpha_t = 1 - beta_t; alpha_bar_t = prod_{s<=t} alpha_s",
    look="Compare the first and last entry of all three tables with the docstring, for T = 100 and for T = 50.",
    term="prod_{s<=t}: which operation, on which table, and is alpha_t one of the factors? And does beta reach both "
    "of its ends?",
    shows={
        "length": "number of betas, alphas and alpha_bars with 100, 50 and another number of steps",
        "dtype": "dtypes of betas, alphas and alpha_bars",
        "betas": "the variances beta_t",
        "alphas": "alpha_t = 1 - beta_t",
        "alpha_bars": "alpha_bar_t, the product of alpha_0 ... alpha_t",
        "ends_100": "alpha_0 and alpha_bar_99 of NoiseScheduler(100)",
        "ends_50": "alpha_0 and alpha_bar_49 of NoiseScheduler(50)",
    },
    rtol=2e-4,
    atol=2e-6,
)
def schedule(code, rng):
    """Schedule: betas, alphas and alpha_bars for 100, 50 and any number of steps"""
    make = code.noise_scheduler.NoiseScheduler
    other, hundred, fifty = make(**inputs.schedule(rng, 11, 18)), make(100), make(50)
    return {
        "length": [len(getattr(s, name)) for s in (hundred, fifty, other) for name in NAMES],
        "dtype": " ".join(str(getattr(other, name).dtype) for name in NAMES),
        **{name: getattr(other, name) for name in NAMES},
        "ends_100": torch.stack([hundred.alphas[0], hundred.alpha_bars[-1]]),
        "ends_50": torch.stack([fifty.alphas[0], fifty.alpha_bars[-1]]),
    }


@case(
    "2.add_noise",
    points=2,
    equation="x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps (DDPM eq. 4)",
    look="Work out both factors in add_noise by hand, for t = 0 and t = T - 1. Then compare their shape with that of "
    "x_0, for vectors and for images.",
    term="sqrt(alpha_bar_t) and sqrt(1 - alpha_bar_t): the squares of both factors add up to 1. What is under each "
    "root, and which table is it from?",
    shows={
        "factors_2d": "the factors of x_0 and eps in x_t for vectors (B, D), one row per t: 0, 1, two in between, T - "
        "1",
        "factors_3d": "the same factors for sequences (B, L, D)",
        "factors_4d": "the same factors for images (B, C, H, W)",
        "residual": "what x_t contains besides x_0 and eps, for each of the three",
        "dtype": "dtype of x_t, for float32 samples",
        "inputs_kept": "whether x_0 and eps stay unchanged",
    },
    **FLOAT32,
    needs=("2.schedule",),
)
def add_noise(code, rng):
    """Forward process: x_t from x_0 and eps at any timestep, for vectors, sequences and images"""
    setting = inputs.schedule(rng, 9, 14)
    scheduler = code.noise_scheduler.NoiseScheduler(**setting)
    t = torch.tensor(rng.choice("order", inputs.timesteps(rng, setting["num_steps"], 2), 5))
    observed, residuals, kept = {}, [], True
    for rank in (1, 2, 3):
        sizes = (5, *inputs.shape(rng, f"shape {rank}", rank)) if rank > 1 else (5, rng.integer("size", 11, 31))
        x, noise = rng.normal(f"x_0 {rank}", *sizes), rng.normal(f"noise {rank}", *sizes)
        copies = x.clone(), noise.clone()
        noisy = probes.tensor(scheduler.add_noise(x, noise, t), "add_noise", x.shape)
        kept = kept and torch.equal(x, copies[0]) and torch.equal(noise, copies[1])
        factors, residual = probes.factors(noisy, *copies)
        observed[f"factors_{rank + 1}d"] = factors[t.argsort()]
        residuals.append(residual.max())
    return observed | {"residual": residuals, "dtype": str(noisy.dtype), "inputs_kept": kept}


def _steps(rng, setting):
    """The timesteps 0, 1, one in between, and T - 1."""
    return inputs.timesteps(rng, setting["num_steps"], 1)


def _mean_and_sample(scheduler, prediction, t, x, threshold):
    """The result of a step when the fresh noise is zero, and when it is the tape's pattern."""
    results = []
    for scale in (0.0, 1.0):
        with probes.noise_tape(scale):
            step = scheduler.denoise_step(prediction, t, x, threshold=threshold)
        results.append(probes.tensor(step, "denoise_step", x.shape))
    return results


def _sigma(mean, sample):
    """The factor of the fresh noise, and the remainder."""
    factor, rest = probes.factors((sample - mean).reshape(1, -1), probes.pattern(*mean.shape).reshape(1, -1))
    return factor[0, 0], rest[0]


@case(
    "2.denoise_step",
    points=1.5,
    equation="x_{t-1} = (x_t - beta_t / sqrt(1 - alpha_bar_t) eps) / sqrt(alpha_t) + sqrt(beta_t) z (algorithm 2)",
    look="Check the branch without threshold, which computes the mean. Then check the lines after both branches, at t "
    "= 0, t = 1 and t = T - 1.",
    term="1 / sqrt(alpha_t), the fraction before eps, and sqrt(beta_t) before z: which are roots, and of what? At "
    "which t is there no z?",
    shows={
        "mean_factors": "the factors of x_t and of the predicted noise in the mean, for t = 0, 1, one in between, T - "
        "1",
        "mean_residual": "what the mean contains besides x_t and the predicted noise, for each t",
        "sigma": "the factor of the fresh noise z, for each t",
        "sigma_residual": "what the sample contains besides its mean and sigma z, for each t",
        "dtype": "dtype of x_{t-1}, for a float32 x_t",
        "inputs_kept": "whether x_t and the prediction stay unchanged",
    },
    **FLOAT32,
    needs=("2.schedule",),
)
def denoise_step(code, rng):
    """Reverse step: mean and variance of x_{t-1} given x_t"""
    setting = inputs.schedule(rng, 6, 9)
    scheduler = code.noise_scheduler.NoiseScheduler(**setting)
    sizes = (3, *inputs.shape(rng, "shape", 3))
    x, prediction = rng.normal("x_t", *sizes), rng.normal("prediction", *sizes)
    copies, rows = (x.clone(), prediction.clone()), []
    for t in _steps(rng, setting):
        mean, sample = _mean_and_sample(scheduler, prediction, t, x, threshold=False)
        factors, residual = probes.factors(mean.reshape(1, -1), *(c.reshape(1, -1) for c in copies))
        rows.append((factors[0], residual[0], *_sigma(mean, sample)))
    names = ("mean_factors", "mean_residual", "sigma", "sigma_residual")
    kept = torch.equal(x, copies[0]) and torch.equal(prediction, copies[1])
    arrays = {name: np.stack(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    return arrays | {"dtype": str(sample.dtype), "inputs_kept": kept}


@case(
    "2.threshold",
    points=1,
    equation="x_0 = clamp((x_t - sqrt(1 - a) eps) / sqrt(a), -1, 1), a = alpha_bar_t; mean of eq. (7); sigma^2 = beta",
    look="Read the branch with threshold in order: the estimate of x_0, what you cut off, the mean. Then work out t = "
    "0 by hand.",
    term="Check three places: the roots in the estimate of x_0, the bounds of clamp, and the two factors of eq. (7) "
    "with their alpha_bar_{t-1}.",
    shows={
        "mean": "the mean of x_{t-1} with thresholding, one row per t: 0, 1, one in between, T - 1",
        "sigma": "the factor of the fresh noise z, for each t",
        "sigma_residual": "what the sample contains besides its mean and sigma z, for each t",
        "inputs_kept": "whether x_t and the prediction stay unchanged",
    },
    **FLOAT32,
    needs=("2.denoise_step",),
)
def threshold(code, rng):
    """Reverse step with thresholding: clamps the estimate of x_0 and keeps the variance"""
    setting = inputs.schedule(rng, 6, 9)
    scheduler = code.noise_scheduler.NoiseScheduler(**setting)
    sizes = (3, *inputs.shape(rng, "shape", 2))
    x, prediction = rng.normal("x_t", *sizes), rng.normal("prediction", *sizes)
    copies, rows = (x.clone(), prediction.clone()), []
    for t in _steps(rng, setting):
        mean, sample = _mean_and_sample(scheduler, prediction, t, x, threshold=True)
        rows.append((mean, *_sigma(mean, sample)))
    means, sigmas, rest = zip(*rows, strict=True)
    kept = torch.equal(x, copies[0]) and torch.equal(prediction, copies[1])
    return {"mean": torch.stack(means), "sigma": sigmas, "sigma_residual": rest, "inputs_kept": kept}
