"""Part 6: Gaussians, their divergence and the posterior of a diffusion step. Timesteps are indexed from 1."""

from grader.case import FLOAT32, case
from grader.cases.part6 import calls, inputs
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")
KL = "KL(p || q) = 1/2 sum_i [log(var_q / var_p) + (var_p + (mu_p - mu_q)^2) / var_q - 1] (VAE, appendix B)"
TIMES = "t = 1, 2, two more, and T"


@case(
    "6.gaussian_kl",
    points=0.75,
    equation=KL,
    look="The divergence of a Gaussian from itself, which you know; then of two with different means only; then its "
    "shape for a batch.",
    term="log(var_q / var_p), var_p / var_q, the squared distance and the -1, in each dimension: which variance "
    "divides, and what does the 1/2 hold?",
    shows={
        "same_shapes": "the divergences of B Gaussians, each from another, all of D dimensions",
        "pairwise": "the divergences of B Gaussians, which share their variance, from C isotropic ones, shape (B, C)",
    },
    **FLOAT32,
)
def gaussian_kl(code, rng):
    """Divergence of a Gaussian from another, with diagonal covariances that broadcast"""
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
    look="Whatever in gaussian_kl leaves the graph: item(), numpy, torch.tensor(...), detach. Where 6.gaussian_kl "
    "fails as well, begin there.",
    term="Derive each term by mu_p and by var_p: the first derivative vanishes at mu_p = mu_q, the second at var_p = "
    "var_q.",
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
    look="t = 1, where the docstring tells mean and variance; then t = 2, by hand.",
    term="alpha_bar_{t-1}, alpha_t and alpha_bar_t: which of them stands in which factor, under a root or not? And "
    "where in betas is t?",
    shows={
        "image_factors": f"the factors of x_0 and of x_t in the mean, for images, a row for {TIMES}",
        "image_residual": "what that mean holds besides x_0 and x_t",
        "image_variance": f"the variance, for images, at {TIMES}",
        "vector_factors": "the factors of x_0 and of x_t in the mean, for vectors (B, D) at the same t",
        "vector_residual": "what that mean holds besides x_0 and x_t",
        "vector_variance": "the variance, for vectors at the same t",
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
        one_each = variance.numel() == len(t)  # also of shape (B, 1, 1, 1), as it is used
        observed |= {
            f"{kind}_factors": factors[rows],
            f"{kind}_residual": residual.max(),
            f"{kind}_variance": variance.flatten()[rows] if one_each else variance,
        }
    return observed
