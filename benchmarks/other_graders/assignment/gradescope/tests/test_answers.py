"""The three cases for gradescope-utils."""

import unittest

import numpy as np
import torch
from answers import add, scale, standardise
from gradescope_utils.autograder_utils.decorators import number, weight


class TestAnswers(unittest.TestCase):
    """One test per function."""

    @weight(1)
    @number("1")
    def test_add(self):
        """Adding"""
        self.assertEqual(add(torch.tensor(2.0), torch.tensor(3.0)), 5.0)  # noqa: PT009  (as its sample does)

    @weight(1)
    @number("2")
    def test_scale(self):
        """Scaling"""
        x = torch.tensor([[0.0, 0.25], [0.5, 1.0], [0.75, 0.1]])
        expected = 2 * x - 1
        self.assertTrue(torch.allclose(scale(x), expected))  # noqa: PT009  (as its sample does)

    @weight(1)
    @number("3")
    def test_standardise(self):
        """Standardising"""
        x = torch.tensor([[1.0, 2.0], [3.0, 5.0], [8.0, 4.0]])
        expected = (x - x.mean(0)) / x.std(0)
        np.testing.assert_allclose(standardise(x), expected, rtol=1e-5)
