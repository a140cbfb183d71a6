"""Standardising, for otter-grader."""

OK_FORMAT = True

CODE = r"""
>>> import numpy as np
>>> import torch
>>> x = torch.tensor([[1.0, 2.0], [3.0, 5.0], [8.0, 4.0]])
>>> expected = (x - x.mean(0)) / x.std(0)
>>> np.testing.assert_allclose(standardise(x), expected, rtol=1e-5)
"""

test = {
    "name": "standardise",
    "points": 1,
    "suites": [{"type": "doctest", "scored": True, "cases": [{"code": CODE, "hidden": False}]}],
}
