"""A case that does nothing; workers import it as benchmarks.nothing."""

from grader.runtime.case import case


@case("0.nothing", points=0, equation="", shows={})
def nothing(code, rng):
    """Nothing: what remains is the cost of a case itself"""
    return {"value": 0.0}
