"""Mistakes in random walks and their graphs. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 6, file="theory.py")

COVARIANCE = "return s**2 * torch.minimum(i[:, None], i)"
POSITIONS = "i = torch.arange(1, n + 1, dtype=torch.float64)"
END = "diagonal[-1] = 1\n"
BESIDE = "beside = -torch.ones(n - 1, dtype=torch.float64)"
PRECISION = "return (torch.diag(diagonal) + torch.diag(beside, 1) + torch.diag(beside, -1)) / s**2"
ZERO = "zero = precision.abs() <= 1e-9 * precision.abs().max()"
PAIRS = "return [(i, j) for i, j in itertools.combinations(range(len(precision)), 2) if zero[i, j]]"

WALKS = (
    mistake(
        "walk_max",
        COVARIANCE,
        "return s**2 * torch.maximum(i[:, None], i)",
        "x_i and x_j share the steps that both have taken: min(i, j) of them, not max(i, j).",
        "random_walk_covariance",
    ),
    mistake(
        "walk_deviation",
        COVARIANCE,
        "return s * torch.minimum(i[:, None], i)",
        "s is the standard deviation of a step: a step shared adds s^2 to the covariance.",
        "random_walk_covariance",
    ),
    mistake(
        "walk_from_0",
        POSITIONS,
        "i = torch.arange(n, dtype=torch.float64)",
        "The positions are counted from 0: x_1 is the first step already, with variance s^2.",
        "random_walk_covariance",
    ),
    mistake(
        "walk_product",
        COVARIANCE,
        "return s**2 * i[:, None] * i",
        "i j s^2 is for one step taken i and j times: the steps are independent, and min(i, j) of them are shared.",
        "random_walk_covariance",
    ),
    mistake(
        "walk_independent",
        COVARIANCE,
        "return s**2 * torch.diag(i)",
        "The positions are taken for independent: they share steps, so Cov(x_i, x_j) is s^2 min(i, j) for i != j too.",
        "random_walk_covariance",
    ),
    mistake(
        "walk_correlation",
        COVARIANCE,
        "return torch.minimum(i[:, None], i) / (i[:, None] * i).sqrt()",
        "This is the correlation: the covariance is s^2 min(i, j).",
        "random_walk_covariance",
    ),
    mistake(
        "walk_precision_for_covariance",
        COVARIANCE,
        "return torch.linalg.inv(s**2 * torch.minimum(i[:, None], i))",
        "This is the precision, the inverse of the covariance.",
        "random_walk_covariance",
    ),
    mistake(
        "precision_last_two",
        END,
        "diagonal[-1] = 2\n",
        "The last entry of the diagonal is 1 / s^2: x_n is in one difference only, the others in two.",
        "random_walk_precision",
    ),
    mistake(
        "precision_first_one",
        END,
        "diagonal[0] = diagonal[-1] = 1\n",
        "The first entry of the diagonal is 2 / s^2: x_1 is in x_2 - x_1, and is a step itself, from 0.",
        "random_walk_precision",
    ),
    mistake(
        "precision_ends_swapped",
        END,
        "diagonal[0] = 1\n",
        "The ends are swapped: x_1 is held from both sides, by 0 and x_2 (2 / s^2), x_n from one only (1 / s^2).",
        "random_walk_precision",
    ),
    mistake(
        "precision_sign",
        BESIDE,
        "beside = torch.ones(n - 1, dtype=torch.float64)",
        "The entries beside the diagonal are -1 / s^2: the product in (x_i - x_{i-1})^2 is negative.",
        "random_walk_precision",
    ),
    mistake(
        "precision_deviation",
        PRECISION,
        "return (torch.diag(diagonal) + torch.diag(beside, 1) + torch.diag(beside, -1)) / s",
        "s is the standard deviation of a step: the precision is divided by s^2.",
        "random_walk_precision",
    ),
    mistake(
        "precision_times_variance",
        PRECISION,
        "return (torch.diag(diagonal) + torch.diag(beside, 1) + torch.diag(beside, -1)) * s**2",
        "The precision is multiplied by s^2: the larger the steps, the less is known, so divide.",
        "random_walk_precision",
    ),
    mistake(
        "precision_covariance",
        PRECISION,
        "i = torch.arange(1, n + 1, dtype=torch.float64)\n    return s**2 * torch.minimum(i[:, None], i)",
        "This is the covariance: the precision is its inverse.",
        "random_walk_precision",
    ),
    mistake(
        "precision_elementwise",
        PRECISION,
        "i = torch.arange(1, n + 1, dtype=torch.float64)\n    return 1 / (s**2 * torch.minimum(i[:, None], i))",
        "The precision is the inverse of the matrix, not of each of its entries.",
        "random_walk_precision",
    ),
    mistake(
        "pairs_adjacent",
        PAIRS,
        "return [(i, j) for i, j in itertools.combinations(range(len(precision)), 2) if not zero[i, j]]",
        "These are the adjacent pairs, which depend on each other: two are independent where the precision is 0.",
        "conditionally_independent",
    ),
    mistake(
        "pairs_of_covariance",
        ZERO,
        "covariance = torch.linalg.inv(precision)\n    zero = covariance.abs() <= 1e-9 * covariance.abs().max()",
        "A zero of the covariance means independent as such; given all the others, it is a zero of the precision.",
        "conditionally_independent",
    ),
    mistake(
        "pairs_exactly_zero",
        ZERO,
        "zero = precision == 0",
        "Entries are compared with exactly 0, but an inverse is rounded: allow 1e-9 of the largest entry.",
        "conditionally_independent",
    ),
    mistake(
        "pairs_both_ways",
        PAIRS,
        "return [(i, j) for i, j in itertools.product(range(len(precision)), repeat=2) if zero[i, j]]",
        "Every pair is there twice: list (i, j) with i < j only.",
        "conditionally_independent",
    ),
    mistake(
        "pairs_from_1",
        PAIRS,
        "return [(i + 1, j + 1) for i, j in itertools.combinations(range(len(precision)), 2) if zero[i, j]]",
        "The variables are counted from 1: indices start at 0.",
        "conditionally_independent",
    ),
    mistake(
        "pairs_of_tridiagonal",
        PAIRS,
        "return [(i, j) for i, j in itertools.combinations(range(len(precision)), 2) if j > i + 1]",
        "This holds for a chain in the order of its indices: read the zeros of the precision that is given.",
        "conditionally_independent",
    ),
)
