"""Part 6: the linear-Gaussian latent variable model, whose evidence and posterior are known."""

from dataclasses import astuple

from grader.parts.theory.cases import calls, inputs
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
BOUND = (
    "ELBO = E_q[log p(x | z)] - KL(q || p(z)), with E_q ||x - W z - b||^2 = ||x - W m - b||^2 + tr(W S W^T) and "
    "KL = 1/2 (tr S + m^T m - K - log det S) (VAE eq. 3)"
)


@case(
    "6.log_evidence",
    points=0.75,
    equation="p(x) = N(x; b, W W^T + s2 I) (PRML eq. 12.35 and 12.36)",
    look="Work out the mean and covariance of x when z is unknown: what varies besides the noise? Then compute D = 1 "
    "by hand.",
    term="b and W W^T + s2 I: are both right? Of the three terms of N's logarithm, which factor do all share, and "
    "which term counts D times?",
    shows={"log_evidence": "log p(x) for every observation"},
    **FLOAT32,
)
def log_evidence(code, rng):
    """Linear-Gaussian model: log p(x), with the latent variable integrated out"""
    model = calls.tensors(*astuple(inputs.linear_gaussian(rng)))
    return {"log_evidence": calls.numbers(code.theory.log_evidence(*model), "log_evidence")}


@case(
    "6.true_posterior",
    points=0.75,
    equation="p(z | x) = N(z; C W^T (x - b) / s2, C) with C = (I + W^T W / s2)^-1 (PRML eq. 12.42)",
    look="Compute D = K = 1 by hand. Then check whether you return a precision or a covariance.",
    term="(I + W^T W / s2)^-1 and W^T (x - b) / s2: check the prior's share, the inverse, b, and the power of s2 in "
    "both.",
    shows={"mean": "mean of p(z | x) for every observation", "covariance": "covariance of p(z | x)"},
    **FLOAT32,
)
def true_posterior(code, rng):
    """Linear-Gaussian model: mean and covariance of the posterior of z given x"""
    model = calls.tensors(*astuple(inputs.linear_gaussian(rng)))
    mean, covariance = calls.pair(code.theory.true_posterior(*model), "true_posterior")
    return {"mean": mean, "covariance": covariance}


def _model_and_approximation(rng):
    model = inputs.linear_gaussian(rng)
    return calls.tensors(*astuple(model)), calls.tensors(*inputs.approximation(rng, model))


@case(
    "6.elbo",
    points=1,
    equation=BOUND,
    look="Compare your bound with log_evidence when q is the true posterior: they should agree. For any other q your "
    "bound should be lower.",
    term="Check three parts: the normaliser of log p(x | z), tr(W S W^T) in the expected square, and KL with its "
    "sign, its 1/2 and its log det S.",
    shows={"elbo": "lower bound for every observation"},
    **FLOAT32,
)
def elbo(code, rng):
    """Linear-Gaussian model: the evidence lower bound for any Gaussian q(z)"""
    model, approximation = _model_and_approximation(rng)
    return {"elbo": calls.numbers(code.theory.elbo(*model, *approximation), "elbo")}


@case(
    "6.elbo_gradient",
    points=0.25,
    equation=BOUND,
    look="Look for code in elbo that cuts off m or S. Then check each term that contains one of them. If 6.elbo fails "
    "too, fix that first.",
    term="m is in the squared error and in KL; S is in two traces and in log det S. Both gradients should vanish when "
    "q is the true posterior.",
    shows={
        "m": "derivative of the sum of the bounds with respect to m, the means of q",
        "S": "derivative of the sum of the bounds with respect to S, the covariance of q",
    },
    **FLOAT32,
    needs=("6.elbo",),
)
def elbo_gradient(code, rng):
    """Linear-Gaussian model: the gradient of the bound reaches q"""
    model, (m, S) = _model_and_approximation(rng)
    learned = [m.requires_grad_(), S.requires_grad_()]
    of_m, of_S = calls.gradients(code.theory.elbo(*model, *learned), "elbo", learned)
    return {"m": of_m, "S": (of_S + of_S.T) / 2}  # S is symmetric, so students may read either half
