"""The statistics of an accuracy grade, against published values, exact sums and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.metrics import confusion_matrix, expected_best_share, points_share, wilson_interval

DETERMINISTIC = settings(derandomize=True, deadline=None, max_examples=100)
POLICY = {"nothing_at": 0.75, "everything_at": 0.85}


@pytest.mark.parametrize(
    ("accuracy", "share"), [(0.0, 0.0), (0.75, 0.0), (0.775, 0.25), (0.8, 0.5), (0.84, 0.9), (0.85, 1.0), (1.0, 1.0)]
)
def test_points_rise_linearly_between_the_two_thresholds(accuracy, share):
    assert points_share(accuracy, **POLICY) == pytest.approx(share)


def test_points_are_exactly_none_or_all_at_the_thresholds():
    for correct, share in ((150, 0.0), (170, 1.0)):
        assert points_share(correct / 200, **POLICY) == share


@DETERMINISTIC
@given(st.floats(0, 1), st.floats(0, 1))
def test_points_never_fall_with_accuracy(a, b):
    low, high = sorted((a, b))
    assert 0.0 <= points_share(low, **POLICY) <= points_share(high, **POLICY) <= 1.0


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (1, 29, 0.0061, 0.1718),  # Newcombe 1998, table I
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I
    ],
)
def test_wilsons_interval_has_its_published_values(successes, trials, low, high):
    assert wilson_interval(successes, trials) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@DETERMINISTIC
@given(st.integers(1, 2000), st.floats(0, 1), st.floats(0.5, 4))
def test_the_ends_of_wilsons_interval_are_z_standard_errors_from_the_proportion(trials, share, z):
    """Wilson's definition: the p at which |successes / trials - p| = z sqrt(p (1 - p) / trials)."""
    successes = round(share * trials)
    for p in wilson_interval(successes, trials, z):
        assert abs(successes / trials - p) == pytest.approx(z * math.sqrt(p * (1 - p) / trials), abs=1e-7)


@pytest.mark.parametrize("accuracy", [0.55, 0.75, 0.8, 0.85, 0.93])
@pytest.mark.parametrize("trials", [200, 1000])
def test_wilsons_interval_covers_the_truth_19_times_in_20(accuracy, trials):
    """Summed over the binomial distribution; a discrete proportion covers only nearly 95%."""
    weights = [math.exp(log_binomial(n, trials, accuracy)) for n in range(trials + 1)]
    covered = [low <= accuracy <= high for low, high in (wilson_interval(n, trials) for n in range(trials + 1))]
    assert np.dot(weights, covered) == pytest.approx(0.95, abs=0.015)


def log_binomial(n, trials, p):
    """The logarithm of a binomial probability, from exact integers."""
    return math.log(math.comb(trials, n)) + n * math.log(p) + (trials - n) * math.log(1 - p)


@pytest.mark.parametrize(
    ("accuracy", "samples", "share"),
    [(0.75, 100, 0.49), (0.75, 1000, 0.16), (0.80, 100, 0.88), (0.80, 1000, 0.65), (0.80, 5000, 0.57)],
)
def test_the_best_of_five_earns_more_than_the_true_accuracy_the_smaller_the_round(accuracy, samples, share):
    assert expected_best_share(accuracy, samples, 5, **POLICY) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("accuracy", [0.7, 0.75, 0.8, 0.85])
@pytest.mark.parametrize(("samples", "rounds"), [(50, 1), (200, 5), (1000, 3)])
def test_the_expected_best_share_agrees_with_a_simulation(accuracy, samples, rounds):
    trials = 20_000
    best = np.random.default_rng([samples, rounds]).binomial(samples, accuracy, (trials, rounds)).max(axis=1) / samples
    shares = np.clip((best - 0.75) / 0.1, 0, 1)
    error = shares.std() / math.sqrt(trials)
    assert abs(expected_best_share(accuracy, samples, rounds, **POLICY) - shares.mean()) < 4 * error


def test_the_expected_share_of_one_round_is_the_mean_over_the_binomial_distribution():
    mean = sum(math.exp(log_binomial(n, 40, 0.8)) * points_share(n / 40, **POLICY) for n in range(41))
    assert expected_best_share(0.8, 40, 1, **POLICY) == pytest.approx(mean, abs=1e-12)


@pytest.mark.parametrize(("accuracy", "share"), [(0.0, 0.0), (1.0, 1.0), (1e-9, 0.0), (1 - 1e-9, 1.0), (0.5, 0.0)])
def test_a_hopeless_and_a_perfect_model_earn_nothing_and_everything(accuracy, share):
    assert expected_best_share(accuracy, 1000, 5, **POLICY) == pytest.approx(share, abs=1e-6)


@DETERMINISTIC
@given(st.floats(0, 1), st.integers(1, 300), st.integers(1, 10))
def test_one_more_round_never_costs_points(accuracy, samples, rounds):
    fewer = expected_best_share(accuracy, samples, rounds, **POLICY)
    more = expected_best_share(accuracy, samples, rounds + 1, **POLICY)
    assert -1e-9 <= fewer <= more + 1e-9
    assert more <= 1 + 1e-9


def test_a_confusion_matrix_counts_labels_by_row_and_predictions_by_column():
    labels, predicted = np.array([0, 0, 0, 1, 2, 2]), np.array([0, 1, 1, 1, 0, 2])
    matrix = confusion_matrix(labels, predicted, 4)
    assert matrix.tolist() == [[1, 2, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    assert matrix.dtype == np.int64


def test_a_confusion_matrix_of_nothing_is_zero():
    empty = np.array([], dtype=np.int64)
    assert confusion_matrix(empty, empty, 3).tolist() == [[0, 0, 0]] * 3


@DETERMINISTIC
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1))
def test_a_confusion_matrix_counts_every_image_once(images):
    labels, predicted = np.array(images).T
    matrix = confusion_matrix(labels, predicted, 5)
    assert matrix.sum(axis=1).tolist() == np.bincount(labels, minlength=5).tolist()
    assert matrix.sum(axis=0).tolist() == np.bincount(predicted, minlength=5).tolist()
    assert np.trace(matrix) == (labels == predicted).sum()
