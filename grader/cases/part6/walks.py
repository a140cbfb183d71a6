"""Part 6: the random walk, a Gaussian chain, and what a precision matrix says of independence."""

from grader.case import FLOAT32, case
from grader.cases.part6 import calls, inputs


@case(
    "6.random_walk_covariance",
    points=0.5,
    equation="Cov(x_i, x_j) = s^2 min(i, j), i and j from 1: the steps that both have taken",
    look="n = 2 by hand: x_1 = y_1 and x_2 = y_1 + y_2.",
    term="s^2 min(i, j): the power of s, the steps that are shared, and 'from 1'.",
    shows={"covariance": "the covariance of x_1, ..., x_n"},
    **FLOAT32,
)
def random_walk_covariance(code, rng):
    """Random walk: covariance of its positions"""
    found = code.theory.random_walk_covariance(*inputs.random_walk(rng))
    return {"covariance": calls.numbers(found, "random_walk_covariance")}


@case(
    "6.random_walk_precision",
    points=0.5,
    equation="-2 log p(x) = (x_1^2 + sum_{i>1} (x_i - x_{i-1})^2) / s^2 + const: 2 / s^2 on the diagonal but for the "
    "last, which is 1 / s^2, -1 / s^2 beside it",
    look="n = 2 and n = 3: multiply what you return with the covariance, and look where it is not the identity.",
    term="x_1^2 and (x_i - x_{i-1})^2: in how many squares are x_1, the middle ones and x_n? Which sign has the "
    "mixed product?",
    shows={"precision": "the inverse of the covariance of x_1, ..., x_n"},
    **FLOAT32,
)
def random_walk_precision(code, rng):
    """Random walk: the precision is tridiagonal"""
    found = code.theory.random_walk_precision(*inputs.random_walk(rng))
    return {"precision": calls.numbers(found, "random_walk_precision")}


@case(
    "6.conditionally_independent",
    points=0.5,
    equation="x_i and x_j are independent given all others exactly if entry (i, j) of the precision is 0",
    look="Which matrix your condition looks at, with which tolerance, and which pairs you go over.",
    term="'entry (i, j) of the precision is 0': zero, but for rounding; and each pair once, counted from 0.",
    shows={"pairs": "the pairs of variables that are independent given all others, in order"},
)
def conditionally_independent(code, rng):
    """Gaussian graph: which variables are independent given all others"""
    (precision,) = calls.tensors(inputs.precision(rng)[0])
    found = calls.collection(code.theory.conditionally_independent(precision), "conditionally_independent", "list")
    if not all(len(calls.collection(item, "conditionally_independent", "list of pairs")) == 2 for item in found):
        raise TypeError("conditionally_independent must return a list of pairs (i, j)")
    return {"pairs": inputs.told(found)}
