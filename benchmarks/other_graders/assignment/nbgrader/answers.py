"""The source notebook for nbgrader: each marker starts a cell, with its grade_id and its points or `solution`."""

# %% answers solution
### BEGIN SOLUTION
import torch


def add(a, b):
    return a + b


def scale(x):
    return 2 * x - 1


def standardise(x):
    return (x - x.mean(0)) / torch.std(x, 0)


### END SOLUTION

# %% add 1
assert add(torch.tensor(2.0), torch.tensor(3.0)) == 5.0

# %% scale 1
x = torch.tensor([[0.0, 0.25], [0.5, 1.0], [0.75, 0.1]])
expected = 2 * x - 1
assert torch.allclose(scale(x), expected)

# %% standardise 1
import numpy as np  # noqa: E402  (in a separate cell)

x = torch.tensor([[1.0, 2.0], [3.0, 5.0], [8.0, 4.0]])
expected = (x - x.mean(0)) / x.std(0)
np.testing.assert_allclose(standardise(x), expected, rtol=1e-5)
