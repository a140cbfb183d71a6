"""The three cases for our grader. Workers import this module as benchmarks.other_graders.cases."""

from grader.runtime.case import FLOAT32, case


@case("1.add", points=1, equation="y = a + b", **FLOAT32)
def add(code, rng):
    """Adding"""
    return {"value": code.answers.add(rng.normal("a", 3, 2), rng.normal("b", 3, 2))}


@case("1.scale", points=1, equation="y = 2 x - 1", **FLOAT32)
def scale(code, rng):
    """Scaling"""
    return {"value": code.answers.scale(rng.uniform("x", 3, 2))}


@case("1.standardise", points=1, equation="y = (x - mean) / std", **FLOAT32)
def standardise(code, rng):
    """Standardising"""
    return {"value": code.answers.standardise(rng.normal("x", 3, 2))}


CASES = (add, scale, standardise)
