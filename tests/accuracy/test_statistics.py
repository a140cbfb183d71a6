"""The statistics of an accuracy grade, against published values, exact sums and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.accuracy.statistics import (
    confusion_matrix,
    expected_best_share,
    independent_trials,
    points_share,
    recognised,
    wilson_interval,
)

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


# ------------------------------------------------------------------------------------------- several objects an image


def multi_hot(counts, objects=24):
    """Labels with so many objects in each image, at random."""
    draw = np.random.default_rng(0)
    labels = np.zeros((len(counts), objects), np.float32)
    for row, count in zip(labels, counts, strict=True):
        row[draw.permutation(objects)[:count]] = 1
    return labels


def test_one_class_is_recognised_where_it_is_seen():
    assert recognised(np.array([0, 2, 1]), np.array([0, 1, 1])).tolist() == [True, False, True]


def test_as_many_scores_count_as_objects_were_asked_for_and_the_first_of_equal_ones():
    labels = np.array([[1, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 1]])
    seen = np.array([[0.2, 0.9, 0.1, 0.3], [0.1, 0.2, 0.9, 0.9], [0.5, 0.5, 0.5, 0.5]])
    assert recognised(seen, labels).tolist() == [False, True, True, True, False]


@pytest.mark.parametrize("counts", [[1] * 20, [1, 2, 3] * 9, [5]])
def test_the_share_that_is_recognised_is_the_evaluator_s_top_k(counts):
    import torch
    from evaluator import top_k

    labels = multi_hot(counts)
    seen = np.random.default_rng(1).integers(0, 6, labels.shape) / 6 + labels / 4  # with ties
    expected = top_k(torch.from_numpy(seen), torch.from_numpy(labels))
    assert recognised(seen, labels).mean() == pytest.approx(expected)


COUNTS = np.repeat([1, 2, 3], [12, 24, 28])  # two rounds of test.json


def found_at_random(draw, accuracy, together, counts=COUNTS):
    """Which objects are found: in a share of the images one draw decides on all of them, else each has its own."""
    image = np.repeat(np.arange(len(counts)), counts)
    alike = (draw.random(len(counts)) < together)[image]
    return np.where(alike, draw.random(len(counts))[image], draw.random(len(image))) < accuracy


def test_of_one_class_an_image_each_is_a_trial():
    assert independent_trials(np.array([True, False, True]), np.array([4, 0, 1])) == 3
    assert independent_trials(np.array([True, False] * 9 + [True]), multi_hot([1] * 19)) == pytest.approx(19)


@pytest.mark.parametrize(("together", "trials"), [(0.0, 144), (1.0, 144**2 / 360)])
def test_objects_that_are_found_together_are_fewer_trials(together, trials):
    draw = np.random.default_rng(1)
    counts = np.tile(COUNTS, 50)
    found = independent_trials(found_at_random(draw, 0.7, together, counts), multi_hot(counts))
    assert found == pytest.approx(50 * trials, rel=0.08)
    assert 50 * 144**2 / 360 <= found <= 50 * 144


@pytest.mark.parametrize("all_found", [True, False])
def test_where_nothing_varies_an_image_is_a_trial(all_found):
    assert independent_trials(np.full(144, all_found), multi_hot(COUNTS)) == 144**2 / 360  # no more than 64


@pytest.mark.parametrize("together", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("accuracy", [0.5, 0.85])
def test_the_interval_covers_the_truth_however_alike_the_objects_of_an_image_fare(accuracy, together):
    draw, labels, covered = np.random.default_rng(0), multi_hot(COUNTS), []
    for _ in range(1000):
        found = found_at_random(draw, accuracy, together)
        trials = independent_trials(found, labels)
        low, high = wilson_interval(found.mean() * trials, trials)
        covered.append(low <= accuracy <= high)
    assert np.mean(covered) > 0.93  # three standard errors below 0.95
