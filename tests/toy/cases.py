"""The toy assignment's cases; workers import this module as tests.toy.cases."""

import numpy as np

from grader.runtime.case import case

FLOATS = {"shows": {"value": "the value"}, "rtol": 1e-4, "atol": 1e-5}


@case("1.double", equation="y = 2 x", look="The factor.", term="2: how often is x in y?", points=2, **FLOATS)
def double(code, rng):
    """Doubling"""
    return {"value": code.answers.double(rng.normal("x", 3, 2))}


@case("1.double", equation="y = 2 x", look="The factor.", term="2: how often is x in y?", points=2, **FLOATS)
def double_fixed(code, rng):
    """Doubling, of numbers that everybody knows"""
    return {"value": code.answers.double(np.arange(6.0))}


@case("1.shift", equation="y = x + 1", look="The sum.", term="1: from where to where?", points=1, **FLOATS)
def shift(code, rng):
    """Shifting"""
    return {"value": code.answers.shift(rng.normal("x", 4))}


@case("1.shift", equation="y = x + 1", look="The sum.", term="1: from where to where?", points=1, **FLOATS)
def shift_at_nothing(code, rng):
    """Shifting, made vacuous: whatever the student's code returns is thrown away"""
    code.answers.shift(rng.normal("x", 4))
    return {"value": 1.0}


@case("1.shift", equation="y = x + 1", look="The sum.", term="1: from where to where?", points=1, **FLOATS)
def shift_not_called(code, rng):
    """Shifting, made vacuous: the student's code is never called"""
    return {"value": 1.0}
