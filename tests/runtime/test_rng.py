"""Every named stream is its own, and the same for arrays and for tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.runtime.rng import Streams, TensorStreams, case_seed, normal_pattern, uniform_pattern

DETERMINISTIC = settings(derandomize=True, deadline=None, max_examples=50)
SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)
DRAWS = {
    "normal": lambda rng, name: rng.normal(name, 3, 4),
    "scaled normal": lambda rng, name: rng.normal(name, 3, 4, scale=2.5),
    "uniform": lambda rng, name: rng.uniform(name, 3, 4, low=-1.0, high=2.0),
    "integers": lambda rng, name: rng.integers(name, 0, 2**40, 3, 4),
    "number": lambda rng, name: rng.number(name, -1.0, 2.0),
    "integer": lambda rng, name: rng.integer(name, 0, 2**40),
}
ANY_DRAW = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())


def differ(first, second):
    """Whether two draws have not a single value in common."""
    return not np.any(np.asarray(first) == np.asarray(second))


@ANY_DRAW
def test_a_stream_does_not_depend_on_what_was_drawn_before(draw):
    alone, after = Streams(7), Streams(7)
    for other in DRAWS.values():
        other(after, "other")
        other(after, "x")
    assert np.array_equal(draw(alone, "x"), draw(after, "x"))


@ANY_DRAW
def test_streams_differ_by_name_and_seed(draw):
    first = draw(Streams(7), "x")
    assert differ(first, draw(Streams(7), "y"))
    assert differ(first, draw(Streams(8), "x"))


@pytest.mark.parametrize("seed", [0, 2026, 2**32 - 1, 2**32, 2**63 - 1])
def test_any_seed_gives_a_stream_of_its_own(seed):
    rng = Streams(seed)
    assert np.array_equal(rng.normal("x", 20), Streams(seed).normal("x", 20))
    assert differ(rng.normal("x", 20), Streams(seed + 1).normal("x", 20))


@DETERMINISTIC
@given(st.lists(st.integers(), unique=True), st.integers(0, 5))
def test_a_choice_is_of_different_options_in_random_order(options, count):
    chosen = Streams(7).choice("x", options, count)
    assert len(chosen) == len(set(chosen)) == min(count, len(options))
    assert set(chosen) <= set(options)
    orders = {tuple(Streams(seed).choice("x", options, len(options))) for seed in range(20)}
    assert len(orders) > 1 or len(options) < 2


# ----------------------------------------------------------------------------------------------------- case seeds

SEEDS = (0, 1, 2026, 2**63, 2**128 - 1)


def test_a_case_seed_is_of_one_seed_and_one_case():
    derived = {case_seed(seed, id) for seed in SEEDS for id in ("4.noise", "4.unet", "1.noise", "")}
    assert len(derived) == 4 * len(SEEDS)
    assert case_seed(2026, "4.noise") == case_seed(2026, "4.noise")


def test_a_case_seed_has_63_bits_whatever_the_seed():
    derived = [case_seed(seed, f"4.case_{i}") for seed in SEEDS for i in range(50)]
    assert min(derived) >= 0
    assert 2**62 < max(derived) < 2**63


def test_one_bit_of_the_seed_changes_half_of_the_case_seed():
    changed = [(case_seed(2026, "4.x") ^ case_seed(2026 ^ 1 << bit, "4.x")).bit_count() for bit in range(128)]
    assert abs(np.mean(changed) - 31.5) < 5 * (63 / 4 / 128) ** 0.5


@ANY_DRAW
def test_streams_of_tensors_hold_the_same_values(draw):
    array, tensor = draw(Streams(7), "x"), draw(TensorStreams(7), "x")
    assert np.array_equal(array, np.asarray(tensor))


@DETERMINISTIC
@given(SHAPES)
def test_arrays_and_tensors_of_any_shape_agree(shape):
    arrays, tensors = Streams(7), TensorStreams(7)
    for array, tensor, dtype in (
        (arrays.normal("x", *shape), tensors.normal("x", *shape), torch.float32),
        (arrays.uniform("x", *shape), tensors.uniform("x", *shape), torch.float32),
        (arrays.integers("x", 0, 9, *shape), tensors.integers("x", 0, 9, *shape), torch.int64),
    ):
        assert (array.shape, tuple(tensor.shape), tensor.dtype) == (shape, shape, dtype)
        assert str(array.dtype) == str(dtype).removeprefix("torch.")
        assert np.array_equal(array, tensor.numpy())


def test_a_tensor_may_be_written_to_without_changing_the_stream():
    rng = TensorStreams(7)
    first = rng.normal("x", 5)
    kept = first.clone()
    first.zero_()
    assert torch.equal(rng.normal("x", 5), kept)


def test_draws_have_the_distribution_they_are_asked_for():
    rng, count = Streams(7), 100_000
    normal = rng.normal("normal", count, scale=3.0)
    assert abs(normal.mean()) < 5 * 3 / count**0.5
    assert normal.std() == pytest.approx(3.0, rel=5 / (2 * count) ** 0.5)
    uniform = rng.uniform("uniform", count, low=-1.0, high=3.0)
    assert -1.0 <= uniform.min() < -0.99
    assert 2.99 < uniform.max() <= 3.0
    assert abs(uniform.mean() - 1) < 5 * 4 / (12 * count) ** 0.5
    assert set(rng.integers("integers", -1, 3, count)) == {-1, 0, 1, 2}


@DETERMINISTIC
@given(st.text(), st.integers(-100, 100), st.integers(1, 100))
def test_single_numbers_are_plain_and_in_range(name, low, width):
    rng = TensorStreams(7)
    number, integer = rng.number(name, low, low + width), rng.integer(name, low, low + width)
    assert type(number) is float
    assert type(integer) is int
    assert low <= number < low + width
    assert low <= integer < low + width


# ------------------------------------------------------------------------------------------------------- patterns

PATTERNS = pytest.mark.parametrize("pattern", [normal_pattern, uniform_pattern])


@PATTERNS
@pytest.mark.parametrize("shape", [(24,), (2, 12), (4, 3, 2), (1, 24, 1), (24, 1)])
def test_a_pattern_depends_only_on_the_number_of_elements(pattern, shape):
    values = pattern(*shape)
    assert (values.shape, values.dtype) == (shape, np.float32)
    assert np.array_equal(values.ravel(), pattern(24))


@PATTERNS
def test_patterns_of_other_sizes_are_other_values(pattern):
    assert differ(pattern(24), pattern(25)[:24])


@PATTERNS
@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_there_are_patterns_of_one_and_of_no_element(pattern, shape):
    assert pattern(*shape).shape == shape


def test_patterns_have_their_distributions():
    count = 100_000
    normal, uniform = normal_pattern(count), uniform_pattern(count)
    assert abs(normal.mean()) < 5 / count**0.5
    assert normal.std() == pytest.approx(1.0, rel=5 / (2 * count) ** 0.5)
    assert abs(uniform.mean() - 0.5) < 5 / (12 * count) ** 0.5
    assert 0.0 <= uniform.min() < 0.001
    assert 0.999 < uniform.max() < 1.0


def test_the_normal_and_the_uniform_pattern_are_unrelated():
    assert abs(np.corrcoef(normal_pattern(10_000), uniform_pattern(10_000))[0, 1]) < 0.05
