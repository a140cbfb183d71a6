"""Adding, for otter-grader."""

OK_FORMAT = True

CODE = r"""
>>> import torch
>>> assert add(torch.tensor(2.0), torch.tensor(3.0)) == 5.0
"""

test = {
    "name": "add",
    "points": 1,
    "suites": [{"type": "doctest", "scored": True, "cases": [{"code": CODE, "hidden": False}]}],
}
