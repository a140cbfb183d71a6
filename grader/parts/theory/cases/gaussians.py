"""Part 6: Gaussians, their divergence, and the posterior of a diffusion step. Timesteps are indexed from 1."""

from grader.parts.theory.cases import calls, inputs
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
KL = "KL(p || q) = 1/2 sum_i [log(var_q / var_p) + (var_p + (mu_p - mu_q)^2) / var_q - 1] (VAE, appendix B)"
TIMES = "t = 1, 2, two more, and T"


@case(
    "6.gaussian_kl",
    points=0.75,
    equation=KL,
    look="Try the divergence of a Gaussian from itself, which you know. Then change only the mean. Then check the "
    "shape for a batch.",
    term="log(var_q / var_p), var_p / var_q, the squared distance and the -1: which variance divides? Does the 1/2 "
    "apply to every term, in each dimension?",
    shows={
        "same_shapes": "divergences of B Gaussians from B others, in D dimensions",
        "pairwise": "divergences of B Gaussians that share a variance from C isotropic ones, shape (B, C)",
    },
    **FLOAT32,
)
def gaussian_kl(code, rng):
    """Divergence of one Gaussian from another, with diagonal covariances that broadcast"""
    shape = rng.integer("count", 3, 6), rng.integer("size", 6, 9)
    kl = code.theory.gaussian_kl
    return {
        "same_shapes": calls.numbers(kl(*calls.tensors(*inputs.gaussians(rng, *[shape] * 4))), "gaussian_kl"),
        "pairwise": calls.numbers(kl(*calls.tensors(*inputs.gaussians(rng, *inputs.pairwise(rng)))), "gaussian_kl"),
    }


@case(
    "6.kl_gradient",
    points=0.25,
    equation=KL,
    look="Look for code in gaussian_kl that leaves the graph: item(), numpy, torch.tensor(...), detach. If "
    "6.gaussian_kl fails too, fix that first.",
    term="Take the derivative of each term by mu_p and by var_p. The first should vanish at mu_p = mu_q, the second "
    "at var_p = var_q.",
    shows={name: f"derivative of the sum of the divergences with respect to {name}" for name in ("mu_p", "var_p")},
    **FLOAT32,
    needs=("6.gaussian_kl",),
)
def kl_gradient(code, rng):
    """Divergence of two Gaussians: its gradient reaches the means and variances"""
    drawn = calls.tensors(*inputs.gaussians(rng, *inputs.pairwise(rng)))
    learned = [tensor.requires_grad_() for tensor in drawn[:2]]
    gradients = calls.gradients(code.theory.gaussian_kl(*drawn), "gaussian_kl", learned)
    return dict(zip(("mu_p", "var_p"), gradients, strict=True))


@case(
    "6.posterior",
    points=1,
    equation="mean = sqrt(alpha_bar_{t-1}) beta_t / (1 - alpha_bar_t) x_0 + sqrt(alpha_t) (1 - alpha_bar_{t-1}) / "
    "(1 - alpha_bar_t) x_t, variance = (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) beta_t (DDPM eq. 7)",
    look="Try t = 1, where the docstring gives you mean and variance. Then work out t = 2 by hand.",
    term="alpha_bar_{t-1}, alpha_t and alpha_bar_t: which one belongs in which factor, and where is a root? Which "
    "entry of betas is beta_t?",
    shows={
        "image_factors": f"factors of x_0 and x_t in the mean for images, in rows for {TIMES}",
        "image_residual": "part of the mean that is neither x_0 nor x_t, for images",
        "image_variance": f"variance for images at {TIMES}",
        "vector_factors": "factors of x_0 and x_t in the mean for vectors (B, D), at the same t",
        "vector_residual": "part of the mean that is neither x_0 nor x_t, for vectors",
        "vector_variance": "variance for vectors at the same t",
    },
    **FLOAT32,
)
def posterior(code, rng):
    """Diffusion: mean and variance of x_{t-1} given x_t and x_0"""
    betas, t = calls.tensors(*inputs.diffusion(rng))
    rows, observed = t.argsort(), {}
    for kind, shape in {"image": (len(t), 2, 7, 6), "vector": (len(t), 31)}.items():
        x_0, x_t = (rng.normal(f"{kind} {name}", *shape).double() for name in ("x_0", "x_t"))
        returned = code.theory.posterior_mean_variance(x_0.clone(), x_t.clone(), t.clone(), betas.clone())
        mean, variance = calls.pair(returned, "posterior_mean_variance")
        factors, residual = probes.factors(probes.tensor(mean, "posterior_mean_variance", shape), x_0, x_t)
        one_each = variance.numel() == len(t)  # shape (B, 1, 1, 1) is fine too, because it broadcasts
        observed |= {
            f"{kind}_factors": factors[rows],
            f"{kind}_residual": residual.max(),
            f"{kind}_variance": variance.flatten()[rows] if one_each else variance,
        }
    return observed
