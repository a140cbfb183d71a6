"""The instruments of experiments: the noise tape plays what it should and leaves no trace; factors are found."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn, normal, rand, rand_like, randn, randn_like  # imported by name, as students do

from grader.parts.fashion_mnist.cases.spy_network import SpyNetwork
from grader.runtime.probes import changed_items, factors, noise_tape, pattern, perturb, unreached
from grader.runtime.rng import normal_pattern, uniform_pattern

DETERMINISTIC = settings(derandomize=True, deadline=None, max_examples=100)
SHAPE = (2, 3)
MEAN = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
STD = torch.tensor([[0.5, 1.0, 2.0], [3.0, 4.0, 5.0]])
ROW, COLUMN = MEAN[:1], STD[:, :1]


def generator():
    """A generator of one's own does not escape the tape."""
    return torch.Generator().manual_seed(3)


def empty():
    """A tensor to draw into."""
    return torch.full(SHAPE, 9.0)


# Every way to draw: (how, mean, std)
TORCH_DRAWS = {
    "randn(2, 3)": (lambda: torch.randn(2, 3), 0, 1),
    "randn((2, 3))": (lambda: torch.randn((2, 3)), 0, 1),
    "randn(size=)": (lambda: torch.randn(size=SHAPE), 0, 1),
    "randn(generator=)": (lambda: torch.randn(SHAPE, generator=generator()), 0, 1),
    "randn(device=, dtype=)": (lambda: torch.randn(SHAPE, device="cpu", dtype=torch.float32), 0, 1),
    "randn(out=)": (lambda: torch.randn(SHAPE, out=empty()), 0, 1),
    "randn by name": (lambda: randn(SHAPE), 0, 1),
    "randn_like": (lambda: torch.randn_like(MEAN), 0, 1),
    "randn_like by name": (lambda: randn_like(MEAN), 0, 1),
    "randn_like(parameter)": (lambda: torch.randn_like(nn.Parameter(MEAN.clone())), 0, 1),
    "normal(tensor, tensor)": (lambda: torch.normal(MEAN, STD), MEAN, STD),
    "normal by name": (lambda: normal(MEAN, STD), MEAN, STD),
    "normal(mean=, std=)": (lambda: torch.normal(mean=MEAN, std=STD), MEAN, STD),
    "normal(std=, mean=)": (lambda: torch.normal(std=STD, mean=MEAN), MEAN, STD),
    "normal(tensor, std=)": (lambda: torch.normal(MEAN, std=STD), MEAN, STD),
    "normal(tensor, number)": (lambda: torch.normal(MEAN, 2.0), MEAN, 2),
    "normal(tensor)": (lambda: torch.normal(MEAN), MEAN, 1),
    "normal(number, tensor)": (lambda: torch.normal(7.0, STD), 7, STD),
    "normal(number, number, size)": (lambda: torch.normal(7.0, 2.0, SHAPE), 7, 2),
    "normal(0, 1, size=)": (lambda: torch.normal(0, 1, size=SHAPE), 0, 1),
    "normal(all by name)": (lambda: torch.normal(mean=7.0, std=2.0, size=SHAPE), 7, 2),
    "normal(generator=)": (lambda: torch.normal(7.0, 2.0, SHAPE, generator=generator()), 7, 2),
    "normal(out=)": (lambda: torch.normal(MEAN, STD, out=empty()), MEAN, STD),
    "normal(row, column)": (lambda: torch.normal(ROW, COLUMN), ROW, COLUMN),
    "tensor.normal_()": (lambda: empty().normal_(), 0, 1),
    "tensor.normal_(7, 2)": (lambda: empty().normal_(7.0, 2.0), 7, 2),
    "tensor.normal_(std=)": (lambda: empty().normal_(std=2.0), 0, 2),
    "tensor.normal_(mean=)": (lambda: empty().normal_(mean=7.0), 7, 1),
    "Tensor.normal_(tensor)": (lambda: torch.Tensor.normal_(empty(), 7.0, 2.0), 7, 2),
    "tensor.normal_(generator=)": (lambda: empty().normal_(7.0, 2.0, generator=generator()), 7, 2),
    "Normal.sample()": (lambda: torch.distributions.Normal(MEAN, STD).sample(), MEAN, STD),
    "Normal.sample(shape)": (lambda: torch.distributions.Normal(MEAN[0], STD[0]).sample((2,)), MEAN[0], STD[0]),
    "Normal.rsample()": (lambda: torch.distributions.Normal(MEAN, STD).rsample(), MEAN, STD),
    "under no_grad": (lambda: torch.no_grad()(torch.randn)(SHAPE), 0, 1),
}
NUMPY_DRAWS = {
    "randn(2, 3)": (lambda: np.random.randn(2, 3), 0, 1),
    "normal(size=)": (lambda: np.random.normal(size=SHAPE), 0, 1),
    "normal(7, 2, size)": (lambda: np.random.normal(7.0, 2.0, SHAPE), 7, 2),
    "normal(loc=, scale=)": (lambda: np.random.normal(loc=7.0, scale=2.0, size=SHAPE), 7, 2),
    "normal(7, size=)": (lambda: np.random.normal(7.0, size=SHAPE), 7, 1),
    "normal(array, array)": (lambda: np.random.normal(MEAN.numpy(), STD.numpy()), MEAN, STD),
    "normal(array)": (lambda: np.random.normal(MEAN.numpy()), MEAN, 1),
    "normal(array, array, size)": (lambda: np.random.normal(MEAN.numpy(), STD.numpy(), SHAPE), MEAN, STD),
    "standard_normal(size)": (lambda: np.random.standard_normal(SHAPE), 0, 1),
    "standard_normal(size=)": (lambda: np.random.standard_normal(size=SHAPE), 0, 1),
}
DRAWS = {f"torch {k}": v for k, v in TORCH_DRAWS.items()} | {f"numpy {k}": v for k, v in NUMPY_DRAWS.items()}


def play(how, scale=1.0):
    """What a draw gives while the tape plays, as an array."""
    with noise_tape(scale):
        return np.asarray(how())


# ----------------------------------------------------------------------------------------------------- noise tape


@pytest.mark.parametrize("scale", [0.0, 1.0, -2.5])
@pytest.mark.parametrize(("how", "mean", "std"), DRAWS.values(), ids=DRAWS.keys())
def test_every_normal_draw_is_its_mean_plus_its_deviation_times_the_pattern(how, mean, std, scale):
    expected = np.asarray(mean) + np.asarray(std) * scale * normal_pattern(*SHAPE)
    assert play(how, scale).shape == SHAPE
    np.testing.assert_allclose(play(how, scale), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "how", [lambda: torch.randn(SHAPE), lambda: torch.normal(0.0, 1.0, SHAPE), lambda: np.random.randn(2, 3)]
)
def test_the_scale_may_change_while_the_tape_plays(how):
    with noise_tape(2.0) as tape:
        first = np.asarray(how())
        tape.scale = -3.0
        np.testing.assert_allclose(np.asarray(how()), -1.5 * first, rtol=1e-6)
    assert np.abs(first).max() > 0.1


@pytest.mark.parametrize(
    "how",
    [
        lambda: torch.rand(2, 3),
        lambda: torch.rand(SHAPE),
        lambda: torch.rand_like(MEAN),
        lambda: rand(SHAPE),
        lambda: rand_like(MEAN),
        lambda: torch.rand(SHAPE, generator=generator()),
        lambda: torch.rand(SHAPE, out=empty()),
    ],
)
@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_every_uniform_draw_is_the_uniform_pattern(how, scale):
    assert np.array_equal(play(how, scale), uniform_pattern(*SHAPE))


@pytest.mark.parametrize(
    "how",
    [
        lambda: torch.randn(()),
        lambda: torch.randn_like(torch.tensor(1.0)),
        lambda: torch.normal(0.0, 1.0, ()),
        lambda: torch.distributions.Normal(0.0, 1.0).sample(),
        lambda: np.random.randn(),
        lambda: np.random.normal(),
        lambda: np.random.normal(0.0, 1.0, None),
        lambda: np.random.standard_normal(),
        lambda: np.random.standard_normal(None),
    ],
)
@pytest.mark.parametrize("scale", [0.0, 1.0, 2.0])
def test_a_draw_of_a_single_number_is_on_the_tape_as_well(how, scale):
    value = play(how, scale)
    assert value.shape == ()
    assert value == pytest.approx(scale * float(normal_pattern()))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_the_tape_keeps_the_dtype_of_a_draw(dtype):
    with noise_tape():
        drawn = [torch.randn(SHAPE, dtype=dtype), torch.rand(SHAPE, dtype=dtype), empty().to(dtype).normal_()]
    assert {d.dtype for d in drawn} == {dtype}
    assert torch.equal(drawn[0], pattern(*SHAPE).to(dtype))


@pytest.mark.parametrize("how", [torch.randn, torch.rand])
def test_the_tape_keeps_a_wish_for_gradients(how):
    with noise_tape():
        drawn = how(SHAPE, requires_grad=True)
    assert drawn.is_leaf
    assert drawn.requires_grad


def test_no_gradient_flows_through_a_draw_on_the_tape_as_none_flows_without_it():
    # Otherwise a sample where the reparametrisation trick is needed would not be seen.
    def gradient():
        mean = MEAN.clone().requires_grad_()
        (3 * mean + torch.normal(mean, STD)).sum().backward()
        return mean.grad

    without = gradient()
    with noise_tape():
        assert torch.equal(gradient(), without)


def test_a_gradient_flows_through_the_reparametrisation_trick_on_the_tape():
    std = STD.clone().requires_grad_()
    with noise_tape():
        (MEAN + std * torch.randn_like(std)).sum().backward()
    assert torch.equal(std.grad, pattern(*SHAPE))


def test_a_draw_in_place_is_in_place():
    tensor = empty()
    with noise_tape():
        assert tensor.normal_() is tensor
    assert torch.equal(tensor, pattern(*SHAPE))


def test_draws_of_the_same_size_are_the_same_at_any_time():
    with noise_tape():
        first = torch.randn(4, 5)
        torch.randint(0, 9, (100,))
        torch.randn(7)
        again = torch.randn(5, 4)
    assert torch.equal(first.flatten(), again.flatten())


@pytest.mark.parametrize(
    "how",
    [
        lambda: torch.randint(0, 1000, (500,)).numpy(),
        lambda: torch.randperm(500).numpy(),
        lambda: np.random.randint(0, 1000, 500),
    ],
)
def test_integers_stay_random(how):
    def seeded():
        torch.manual_seed(5)
        np.random.seed(5)
        return how()

    without = seeded()
    with noise_tape():
        assert np.array_equal(seeded(), without)
        assert not np.array_equal(how(), without)


def draws_after_a_seed():
    """Draws from every generator that the tape replaces."""
    torch.manual_seed(5)
    np.random.seed(5)
    return [np.asarray(how()) for how, _, _ in DRAWS.values()] + [torch.rand(4).numpy(), np.random.randn(4)]


def test_everything_is_as_before_once_the_tape_has_ended():
    before, functions = draws_after_a_seed(), [np.random.randn, np.random.normal, np.random.standard_normal]
    with noise_tape(0.0):
        torch.randn(3)
    with pytest.raises(ValueError, match="in the middle"), noise_tape(0.0):
        raise ValueError("in the middle")
    assert [np.random.randn, np.random.normal, np.random.standard_normal] == functions
    for a, b in zip(before, draws_after_a_seed(), strict=True):
        assert np.array_equal(a, b)


def test_the_innermost_of_two_tapes_plays():
    with noise_tape(1.0):
        with noise_tape(3.0):
            inner = torch.randn(SHAPE), np.random.randn(*SHAPE)
        outer = torch.randn(SHAPE), np.random.randn(*SHAPE)
    for drawn in inner:
        np.testing.assert_allclose(drawn, 3 * normal_pattern(*SHAPE), rtol=1e-6)
    for drawn in outer:
        np.testing.assert_allclose(drawn, normal_pattern(*SHAPE), rtol=1e-6)


def test_other_functions_are_left_alone():
    with noise_tape():
        assert torch.equal(torch.ones(SHAPE) + MEAN, MEAN + 1)
        assert torch.equal(torch.zeros_like(MEAN).copy_(MEAN), MEAN)


# -------------------------------------------------------------------------------------------------------- factors

COEFFICIENT = st.floats(-100, 100, allow_subnormal=False)


@DETERMINISTIC
@given(
    st.integers(1, 4).flatmap(
        lambda terms: st.lists(st.lists(COEFFICIENT, min_size=terms, max_size=terms), min_size=1, max_size=4)
    ),
    st.sampled_from([(31,), (2, 7, 3)]),
    st.booleans(),
)
def test_factors_finds_the_coefficients_of_each_item(coefficients, shape, as_tensors):
    coefficients = np.array(coefficients)  # (B, terms)
    rng = np.random.default_rng(3)
    terms = [rng.standard_normal((len(coefficients), *shape)) for _ in coefficients[0]]
    column = (-1, *[1] * len(shape))
    target = sum(c.reshape(column) * term for c, term in zip(coefficients.T, terms, strict=True))
    if as_tensors:
        target, *terms = [torch.from_numpy(a) for a in (target, *terms)]
    found, residual = factors(target, *terms)
    assert (found.shape, residual.shape, found.dtype) == (coefficients.shape, (len(coefficients),), np.float64)
    np.testing.assert_allclose(found, coefficients, atol=1e-9)
    assert residual.max() < 1e-9


@DETERMINISTIC
@given(st.floats(-10, 10), st.floats(-10, 10))
def test_what_the_terms_do_not_explain_is_the_residual(factor, rest):
    assume(abs(rest) > 1e-6)
    term, other = np.ones((2, 4)), np.array([1.0, -1.0, 1.0, -1.0])  # orthogonal, so that the factor is not disturbed
    target = factor * term
    target[1] += rest * other
    found, residual = factors(target, term)
    np.testing.assert_allclose(found, [[factor], [factor]], atol=1e-9)
    np.testing.assert_allclose(residual, [0.0, abs(rest)], atol=1e-9)


def test_factors_reads_float32_tensors_that_require_gradients():
    x = torch.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    found, residual = factors(0.5 * x, x)
    assert found[0, 0] == pytest.approx(0.5)
    assert residual[0] < 1e-7


def test_a_batch_of_another_size_is_an_error():
    with pytest.raises(ValueError, match=r"shorter|longer|must match|dimension"):
        factors(np.ones((3, 5)), np.ones((2, 5)))


@pytest.mark.parametrize("place", ["target", "term"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_item_that_is_not_finite_has_factors_that_are_nan_and_the_others_keep_theirs(place, value):
    # A student's NaN must be shown as NaN; an exception of the solver would be taken for the student's.
    term = np.random.default_rng(3).standard_normal((2, 5))
    target = 2 * term
    (target if place == "target" else term)[0, 1] = value
    found, residual = factors(target, term)
    assert np.isnan(found[0, 0])
    assert np.isnan(residual[0])
    assert found[1, 0] == pytest.approx(2.0)


def test_the_pattern_is_what_the_tape_plays():
    with noise_tape(1.0):
        assert torch.equal(torch.randn(3, 1, 4), pattern(3, 1, 4))


# -------------------------------------------------------------------------------------------------------- network


class StudentNet(nn.Module):
    """A student's U-Net with an attribute that the student's DDPM may ask for."""

    def __init__(self, in_channels, num_classes):
        super().__init__()
        self.in_channels, self.num_classes, self.depth = in_channels, num_classes, 3
        self.layer = nn.Linear(2, 2)

    def forward(self, x, timestep, label):
        raise AssertionError("the spy takes the place of this")


def unbuildable(**_):
    """A U-Net that is not implemented yet."""
    raise NotImplementedError("TODO(4.unet)")


def code_with(unet):
    """A student's modules with this U-Net."""
    return SimpleNamespace(models=SimpleNamespace(UNet=unet))


def test_a_spy_is_the_students_network_but_for_its_forward_pass():
    spy = SpyNetwork(code_with(StudentNet), lambda x, t, label: 2 * x, in_channels=2, num_classes=7)
    assert isinstance(spy.network, StudentNet)
    assert (spy.network.in_channels, spy.network.num_classes, spy.network.depth) == (2, 7, 3)
    x = torch.ones(2, 2, 4, 4)
    assert torch.equal(spy.network(x, torch.tensor([1, 2]), torch.tensor([0, 6])), 2 * x)


def test_a_spy_stands_in_for_a_network_that_cannot_be_built():
    spy = SpyNetwork(code_with(unbuildable), lambda x, t, label: -x, num_classes=4)
    assert (spy.network.in_channels, spy.network.num_classes) == (1, 4)
    assert torch.equal(spy.network(torch.ones(1, 1), torch.tensor([0]), None), -torch.ones(1, 1))
    assert len(list(spy.network.parameters())) == 1


@pytest.mark.parametrize("unet", [StudentNet, unbuildable])
def test_a_weight_of_the_prediction_is_a_parameter_of_the_network(unet):
    weight = nn.Parameter(torch.tensor(0.7))
    spy = SpyNetwork(code_with(unet), lambda x, t, label: weight * x, weight)
    assert any(parameter is weight for parameter in spy.network.parameters())
    spy.network(torch.ones(2, 3), torch.tensor([0, 1])).sum().backward()
    assert weight.grad == 6


def test_a_spy_records_copies_of_its_inputs():
    spy = SpyNetwork(code_with(StudentNet), lambda x, t, label: x)
    x, t, label = torch.ones(2, 3), torch.tensor([4, 5]), torch.tensor([1, 0])
    spy.network(x, t, label)
    with torch.no_grad():
        spy.network(x=2 * x, timestep=t, label=None)
    for tensor in (x, t, label):
        tensor.zero_()
    first, second = spy.calls
    assert (first.x.tolist(), first.timestep.tolist(), first.label.tolist()) == ([[1.0] * 3] * 2, [4, 5], [1, 0])
    assert (second.x.tolist(), second.label) == ([[2.0] * 3] * 2, None)
    assert (first.grad_enabled, second.grad_enabled) == (True, False)


@pytest.mark.parametrize("timestep", [5, torch.tensor(5), torch.tensor([5]), torch.tensor([[5]])])
def test_a_single_timestep_stands_for_the_whole_batch(timestep):
    spy = SpyNetwork(code_with(StudentNet), lambda x, t, label: t)
    assert spy.network(torch.ones(3, 2), timestep).tolist() == [5, 5, 5]
    assert spy.calls[0].timestep.tolist() == [5, 5, 5]


def test_perturbing_leaves_no_parameter_at_zero_and_none_far_from_where_it_was():
    layer = nn.Linear(4, 3)
    nn.init.zeros_(layer.weight)
    perturb(layer)
    assert layer.weight.all()
    assert layer.weight.abs().max() < 0.2
    assert all(p.requires_grad and p.is_leaf for p in layer.parameters())


def test_parameters_without_a_gradient_are_named_frozen_ones_are_not():
    net = nn.ModuleDict(
        {name: nn.Linear(2, 2, bias=False) for name in ("used", "detached", "multiplied by 0", "frozen")}
    )
    net["frozen"].requires_grad_(False)
    x = torch.ones(3, 2)
    output = net["used"](x) + net["detached"](x).detach() + 0 * net["multiplied by 0"](x) + net["frozen"](x)
    assert unreached(output, net) == "detached.weight, multiplied by 0.weight"
    assert unreached(output.detach(), net) == "used.weight, detached.weight, multiplied by 0.weight"


def test_items_that_change_are_those_whose_argument_is_replaced():
    images, scale = torch.rand(4, 1, 3, 2), torch.tensor([1.0, 2.0, 3.0, 4.0])

    def scaled(images, scale):
        return images * scale.reshape(-1, 1, 1, 1)

    def changed(function):
        replaced = [False, True, False, True]
        return changed_items(function, (images, scale), function(images, scale), 1, scale + 1, replaced).tolist()

    assert changed(scaled) == [False, True, False, True]
    assert changed(lambda images, scale: images) == [False] * 4
    assert changed(lambda images, scale: scaled(images, scale.mean().expand(4))) == [True] * 4
