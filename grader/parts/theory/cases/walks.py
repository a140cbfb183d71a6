"""Part 6: the random walk, which is a Gaussian chain, and what a precision matrix says about independence."""

from grader.parts.theory.cases import calls, inputs
from grader.runtime.case import FLOAT32, case


@case(
    "6.random_walk_covariance",
    points=0.5,
    equation="Cov(x_i, x_j) = s^2 min(i, j), with i and j from 1: the steps that both have taken",
    look="Compute n = 2 by hand, with x_1 = y_1 and x_2 = y_1 + y_2.",
    term="s^2 min(i, j): check the power of s, the number of shared steps, and that i and j count from 1.",
    shows={"covariance": "covariance of x_1, ..., x_n"},
    **FLOAT32,
)
def random_walk_covariance(code, rng):
    """Random walk: covariance of its positions"""
    covariance = code.theory.random_walk_covariance(*inputs.random_walk(rng))
    return {"covariance": calls.numbers(covariance, "random_walk_covariance")}


@case(
    "6.random_walk_precision",
    points=0.5,
    equation="-2 log p(x) = (x_1^2 + sum_{i>1} (x_i - x_{i-1})^2) / s^2 + const: the diagonal is 2 / s^2, except for "
    "its last entry 1 / s^2, and the entries beside it are -1 / s^2",
    look="Take n = 2 and n = 3, and multiply what you return by the covariance. Where does the product differ from "
    "the identity?",
    term="x_1^2 and (x_i - x_{i-1})^2: how many squares contain x_1, a middle position, and x_n? What is the sign of "
    "the mixed product?",
    shows={"precision": "inverse of the covariance of x_1, ..., x_n"},
    **FLOAT32,
)
def random_walk_precision(code, rng):
    """Random walk: the precision is tridiagonal"""
    precision = code.theory.random_walk_precision(*inputs.random_walk(rng))
    return {"precision": calls.numbers(precision, "random_walk_precision")}


@case(
    "6.conditionally_independent",
    points=0.5,
    equation="x_i and x_j are independent given all others exactly when entry (i, j) of the precision is 0",
    look="Check which matrix your condition looks at, with which tolerance, and which pairs you loop over.",
    term="'entry (i, j) of the precision is 0': do you allow for rounding, list each pair once, and count from 0?",
    shows={"pairs": "pairs of variables that are independent given all others, sorted"},
)
def conditionally_independent(code, rng):
    """Gaussian graph: which variables are independent given all others"""
    (precision,) = calls.tensors(inputs.precision(rng)[0])
    pairs = calls.collection(code.theory.conditionally_independent(precision), "conditionally_independent", "list")
    if not all(len(calls.collection(item, "conditionally_independent", "list of pairs")) == 2 for item in pairs):
        raise TypeError("conditionally_independent must return a list of pairs (i, j)")
    return {"pairs": inputs.pairs_as_text(pairs)}
