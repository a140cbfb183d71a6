"""Part 4: the variance schedule and the forward process. Timesteps are indexed from 0."""

import numpy as np

from grader.parts.fashion_mnist.cases import inputs
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
STATISTIC = {"rtol": 0.0, "atol": 0.15}  # at least five standard errors of every statistic below


def _tables(scheduler, indices):
    return {name: np.asarray(getattr(scheduler, name))[indices] for name in ("betas", "alphas", "alpha_bars")}


def _schedule(code, rng, interpolation):
    make = code.models.VarianceScheduler
    short = make(**inputs.schedule(rng, 11, 18), interpolation=interpolation)
    default = make(interpolation=interpolation)
    return {
        "length": [len(short.betas), len(short.alphas), len(short.alpha_bars), len(default.betas)],
        **_tables(short, slice(None)),
        **{f"default_{name}": values for name, values in _tables(default, [0, 1, 500, 999]).items()},
    }


_SCHEDULE = {
    "length": "number of betas, alphas and alpha_bars, and number of betas by default",
    "betas": "the variances beta_t",
    "alphas": "alpha_t = 1 - beta_t",
    "alpha_bars": "alpha_bar_t, the product of alpha_0 ... alpha_t",
    "default_betas": "beta_t of VarianceScheduler() at t = 0, 1, 500, 999",
    "default_alphas": "alpha_t of VarianceScheduler() at t = 0, 1, 500, 999",
    "default_alpha_bars": "alpha_bar_t of VarianceScheduler() at t = 0, 1, 500, 999",
}


@case(
    "4.schedule",
    points=0.5,
    equation="beta_t from beta_start to beta_end; alpha_t = 1 - beta_t; alpha_bar_t = prod_{s<=t} alpha_s (DDPM, sec. "
    "2)",
    look="Print the first and last entry of all three tables, for the defaults and for T = 3. Compare them with "
    "values that you compute by hand.",
    term="prod_{s<=t}: which operation is that, on which table, and does it include alpha_t? Does beta_t begin at "
    "beta_start and end at beta_end?",
    shows=_SCHEDULE,
    rtol=2e-4,
    atol=2e-6,
)
def schedule(code, rng):
    """Variance schedule: betas, alphas and alpha_bars with linear interpolation"""
    return _schedule(code, rng, "linear")


@case(
    "4.schedule_quadratic",
    points=0.25,
    equation="quadratic: sqrt(beta_t) runs linearly from sqrt(beta_start) to sqrt(beta_end)",
    look="Check the branch for 'quadratic': its first and last beta, then one in the middle.",
    term="Which quantity runs linearly, between which ends, and what do you do with it afterwards?",
    shows=_SCHEDULE,
    rtol=2e-4,
    atol=2e-6,
    needs=("4.schedule",),
)
def schedule_quadratic(code, rng):
    """Variance schedule: quadratic interpolation"""
    return _schedule(code, rng, "quadratic")


@case(
    "4.schedule_refusal",
    points=0.25,
    equation="interpolation is 'linear' or 'quadratic'; any other name raises an exception",
    look="Check what your branches do with a name that is neither 'linear' nor 'quadratic'.",
    term="'any other name' needs a branch of its own. How many branches do you have?",
    shows={"refused": "names that raise an exception ('linear' and 'quadratic' should not)"},
    needs=("4.schedule",),
)
def schedule_refusal(code, rng):
    """Variance schedule: no other interpolation is accepted"""
    code.models.VarianceScheduler(interpolation="linear")

    def refuses(name):
        try:
            code.models.VarianceScheduler(interpolation=name)
        except Exception:
            return True
        return False

    return {"refused": ", ".join(filter(refuses, inputs.interpolations(rng)))}


@case(
    "4.add_noise",
    points=0.5,
    equation="x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps (DDPM eq. 4)",
    look="Compute the two factors by hand for t = 0 and t = T - 1. Then check their shape, for images and for "
    "vectors, and that x is unchanged.",
    term="sqrt(alpha_bar_t) and sqrt(1 - alpha_bar_t): what is under each root, from which table, at which index? "
    "Their squares should add up to 1.",
    shows={
        "image_factors": "factors of x_0 and eps in x_t for images, in rows for t = 0, 1, two in between, T - 1",
        "image_residual": "part of x_t that is neither x_0 nor the returned eps, for images",
        "vector_factors": "factors of x_0 and eps in x_t for vectors (B, D), at the same t",
        "vector_residual": "part of x_t that is neither x_0 nor the returned eps, for vectors",
        "dtypes": "dtypes of x_t and eps for float32 images",
        "input_kept": "whether x_0 stays unchanged",
    },
    **FLOAT32,
    needs=("4.schedule",),
)
def add_noise(code, rng):
    """Noising: x_t from x_0 at any timestep, for images and for vectors"""
    setting = inputs.schedule(rng, 9, 14)
    scheduler = code.models.VarianceScheduler(**setting)
    t = torch.tensor(rng.choice("order", inputs.timesteps(rng, setting["num_steps"], 2), 5))
    rows = t.argsort()
    images, vectors = rng.normal("images", 5, 2, 7, 6), rng.normal("vectors", 5, 31)
    kept = images.clone()
    noisy, noise = probes.pair(scheduler.add_noise(images, t), "add_noise")
    image_factors, image_residual = probes.factors(noisy, kept, noise)
    noisy_vectors, vector_noise = probes.pair(scheduler.add_noise(vectors, t), "add_noise")
    vector_factors, vector_residual = probes.factors(noisy_vectors, vectors, vector_noise)
    return {
        "image_factors": image_factors[rows],
        "image_residual": image_residual[rows],
        "vector_factors": vector_factors[rows],
        "vector_residual": vector_residual[rows],
        "dtypes": f"{noisy.dtype} {noise.dtype}",
        "input_kept": torch.equal(images, kept),
    }


@case(
    "4.noise",
    points=0.25,
    equation="eps ~ N(0, I): mean 0, variance 1, one draw for each element of each item (DDPM eq. 4)",
    look="Check the line that draws the noise in add_noise: which distribution does it use, and which shape?",
    term="Compare the mean and variance of N(0, I) with those of torch.rand. Does every element of every item get its "
    "own draw?",
    shows={
        "shape": "shape of the noise",
        "mean": "mean of the noise",
        "std": "standard deviation of the noise",
        "kurtosis": "E[eps^4] (3 for a normal distribution, 1.8 for a uniform one of variance 1)",
        "between_items": "mean absolute correlation between the noise of two items",
        "between_calls": "correlation between the noise of two calls",
    },
    **STATISTIC,
    needs=("4.add_noise",),
)
def noise(code, rng):
    """Noising: the noise is standard normal, and new for every item and every call"""
    setting = inputs.schedule(rng, 9, 14)
    scheduler = code.models.VarianceScheduler(**setting)
    shape = inputs.noise_shape(rng)
    x, t = rng.normal("x_0", *shape), rng.integers("t", 0, setting["num_steps"], shape[0])
    first, second = (probes.pair(scheduler.add_noise(x, t), "add_noise")[1].double() for _ in range(2))
    correlations = torch.corrcoef(first.flatten(1)[:40])
    return {
        "shape": first.shape,
        "mean": first.mean(),
        "std": first.std(),
        "kurtosis": first.pow(4).mean(),
        "between_items": correlations[~torch.eye(40, dtype=torch.bool)].nan_to_num(1.0).abs().mean(),
        "between_calls": torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1],
    }
