"""Scaling, for otter-grader."""

OK_FORMAT = True

CODE = r"""
>>> import torch
>>> x = torch.tensor([[0.0, 0.25], [0.5, 1.0], [0.75, 0.1]])
>>> expected = 2 * x - 1
>>> assert torch.allclose(scale(x), expected)
"""

test = {
    "name": "scale",
    "points": 1,
    "suites": [{"type": "doctest", "scored": True, "cases": [{"code": CODE, "hidden": False}]}],
}
