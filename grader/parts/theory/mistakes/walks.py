"""Mistakes in random walks and their graphs. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

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
        "Your code counts max(i, j) shared steps. It should count the steps that both x_i and x_j have taken: min(i, "
        "j).",
        "random_walk_covariance",
    ),
    mistake(
        "walk_deviation",
        COVARIANCE,
        "return s * torch.minimum(i[:, None], i)",
        "Your code multiplies by s. s is the standard deviation of a step, so each shared step should add s^2 to the "
        "covariance.",
        "random_walk_covariance",
    ),
    mistake(
        "walk_from_0",
        POSITIONS,
        "i = torch.arange(n, dtype=torch.float64)",
        "Your code counts the positions from 0. x_1 already includes the first step, so its variance should be s^2.",
        "random_walk_covariance",
    ),
    mistake(
        "walk_product",
        COVARIANCE,
        "return s**2 * i[:, None] * i",
        "Your covariance is i j s^2, as if one step were taken i and j times. The steps are independent, so only the "
        "min(i, j) shared ones should count.",
        "random_walk_covariance",
    ),
    mistake(
        "walk_independent",
        COVARIANCE,
        "return s**2 * torch.diag(i)",
        "Your code treats the positions as independent. They share steps, so Cov(x_i, x_j) should be s^2 min(i, j) "
        "for i != j too.",
        "random_walk_covariance",
    ),
    mistake(
        "walk_correlation",
        COVARIANCE,
        "return torch.minimum(i[:, None], i) / (i[:, None] * i).sqrt()",
        "Your code returns the correlation. It should return the covariance, s^2 min(i, j).",
        "random_walk_covariance",
    ),
    mistake(
        "walk_precision_for_covariance",
        COVARIANCE,
        "return torch.linalg.inv(s**2 * torch.minimum(i[:, None], i))",
        "Your code returns the precision. It should return its inverse, the covariance.",
        "random_walk_covariance",
    ),
    mistake(
        "precision_last_two",
        END,
        "diagonal[-1] = 2\n",
        "Your last diagonal entry is 2 / s^2. It should be 1 / s^2, because x_n is in only one difference, and the "
        "other positions are in two.",
        "random_walk_precision",
    ),
    mistake(
        "precision_first_one",
        END,
        "diagonal[0] = diagonal[-1] = 1\n",
        "Your first diagonal entry is 1 / s^2. It should be 2 / s^2: x_1 is in x_2 - x_1, and is itself a step, from "
        "0.",
        "random_walk_precision",
    ),
    mistake(
        "precision_ends_swapped",
        END,
        "diagonal[0] = 1\n",
        "Your code swaps the two ends. x_1 is held from both sides, by 0 and x_2, so its entry should be 2 / s^2; x_n "
        "is held from one side only (1 / s^2).",
        "random_walk_precision",
    ),
    mistake(
        "precision_sign",
        BESIDE,
        "beside = torch.ones(n - 1, dtype=torch.float64)",
        "Your entries beside the diagonal are positive. They should be -1 / s^2, because the product in (x_i - "
        "x_{i-1})^2 is negative.",
        "random_walk_precision",
    ),
    mistake(
        "precision_deviation",
        PRECISION,
        "return (torch.diag(diagonal) + torch.diag(beside, 1) + torch.diag(beside, -1)) / s",
        "Your code divides the precision by s. s is the standard deviation of a step, so it should divide by s^2.",
        "random_walk_precision",
    ),
    mistake(
        "precision_times_variance",
        PRECISION,
        "return (torch.diag(diagonal) + torch.diag(beside, 1) + torch.diag(beside, -1)) * s**2",
        "Your code multiplies the precision by s^2. It should divide: the larger the steps, the less is known.",
        "random_walk_precision",
    ),
    mistake(
        "precision_covariance",
        PRECISION,
        "i = torch.arange(1, n + 1, dtype=torch.float64)\n    return s**2 * torch.minimum(i[:, None], i)",
        "Your code returns the covariance. It should return its inverse, the precision.",
        "random_walk_precision",
    ),
    mistake(
        "precision_elementwise",
        PRECISION,
        "i = torch.arange(1, n + 1, dtype=torch.float64)\n    return 1 / (s**2 * torch.minimum(i[:, None], i))",
        "Your code inverts each entry by itself. It should invert the matrix.",
        "random_walk_precision",
    ),
    mistake(
        "pairs_adjacent",
        PAIRS,
        "return [(i, j) for i, j in itertools.combinations(range(len(precision)), 2) if not zero[i, j]]",
        "Your code returns the adjacent pairs, which depend on each other. It should return the pairs for which the "
        "precision is 0.",
        "conditionally_independent",
    ),
    mistake(
        "pairs_of_covariance",
        ZERO,
        "covariance = torch.linalg.inv(precision)\n    zero = covariance.abs() <= 1e-9 * covariance.abs().max()",
        "Your code looks for zeros of the covariance, which only show independence when nothing is given. It should "
        "look for zeros of the precision.",
        "conditionally_independent",
    ),
    mistake(
        "pairs_exactly_zero",
        ZERO,
        "zero = precision == 0",
        "Your code compares entries with exactly 0, but inverses are rounded. It should allow 1e-9 of the largest "
        "entry.",
        "conditionally_independent",
    ),
    mistake(
        "pairs_both_ways",
        PAIRS,
        "return [(i, j) for i, j in itertools.product(range(len(precision)), repeat=2) if zero[i, j]]",
        "Your code lists every pair twice. It should list (i, j) with i < j only.",
        "conditionally_independent",
    ),
    mistake(
        "pairs_from_1",
        PAIRS,
        "return [(i + 1, j + 1) for i, j in itertools.combinations(range(len(precision)), 2) if zero[i, j]]",
        "Your code counts the variables from 1. Indices should start at 0.",
        "conditionally_independent",
    ),
    mistake(
        "pairs_of_tridiagonal",
        PAIRS,
        "return [(i, j) for i, j in itertools.combinations(range(len(precision)), 2) if j > i + 1]",
        "Your code assumes a chain in the order of its indices. It should read the zeros of the precision that it "
        "gets.",
        "conditionally_independent",
    ),
)
