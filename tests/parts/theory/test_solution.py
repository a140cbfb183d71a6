"""The solution of part 6 against known values, other libraries, definitions and simulations of a stated error."""

import itertools
import math

import numpy as np
import pytest
import theory
import torch
from diffusers import DDPMScheduler
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Categorical, Independent, MultivariateNormal, Normal, kl_divergence

from grader.runtime.probes import noise_tape

exactly = settings(derandomize=True, deadline=None, max_examples=40)
seeds = st.integers(0, 10**6)
ERRORS = 5  # standard errors that a simulation may be off
SAMPLES = 200_000
PARENTS = {"s": ("t", "m"), "b": ("m",), "t": (), "m": ()}


def rng_of(seed):
    return torch.Generator().manual_seed(seed)


def normal(seed, *shape):
    return torch.randn(*shape, generator=rng_of(seed), dtype=torch.float64)


def linear_gaussian(seed, count=3, dimensions=5, latent=2):
    """x, W, b, s2 of a model."""
    s2 = 0.2 + torch.rand((), generator=rng_of(seed), dtype=torch.float64)
    return normal(seed, count, dimensions), normal(seed + 1, dimensions, latent), normal(seed + 2, dimensions), s2


def approximation(seed, count=3, latent=2):
    """m, S of some q."""
    root = normal(seed + 3, latent, latent)
    return normal(seed + 4, count, latent), root @ root.T + 0.1 * torch.eye(latent)


def agrees(simulated, exact):
    """Whether the mean over the first dimension is the exact value but for the error of the simulation."""
    error = simulated.std(dim=0) / len(simulated) ** 0.5
    assert (error > 0).all()
    return bool(((simulated.mean(dim=0) - exact).abs() < ERRORS * error).all())


# ------------------------------------------------------------------------------------------------------------ Gaussians


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        ((0.0, 1.0), (0.0, 1.0), 0.0),
        ((1.0, 1.0), (0.0, 1.0), 0.5),
        ((0.0, 1.0), (1.0, 4.0), math.log(2) + 2 / 8 - 1 / 2),
        ((1.0, 4.0), (0.0, 1.0), -math.log(2) + 5 / 2 - 1 / 2),
    ],
)
def test_the_divergence_of_gaussians_has_its_known_values(p, q, expected):
    value = theory.gaussian_kl(*(torch.tensor([v], dtype=torch.float64) for v in (*p, *q)))
    assert value.item() == pytest.approx(expected, abs=1e-12)


@exactly
@given(seeds)
def test_the_divergence_is_that_of_torch_and_at_least_0(seed):
    mu_p, mu_q = normal(seed, 4, 1, 3), normal(seed + 1, 2, 3)
    var_p, var_q = normal(seed + 2, 3).exp(), normal(seed + 3, 2, 1).exp()
    p, q = Independent(Normal(mu_p, var_p.sqrt()), 1), Independent(Normal(mu_q, var_q.sqrt().expand(2, 3)), 1)
    value = theory.gaussian_kl(mu_p, var_p, mu_q, var_q)
    assert (value >= 0).all()
    torch.testing.assert_close(value, kl_divergence(p, q))


def test_the_divergence_is_the_expected_difference_of_log_densities():
    p, q = Normal(torch.tensor([0.3, -1.0]), torch.tensor([0.8, 1.1])), Normal(torch.tensor([0.0, 0.5]), 1.5)
    torch.manual_seed(0)
    x = p.sample((SAMPLES,))
    exact = theory.gaussian_kl(p.loc, p.scale**2, q.loc, q.scale**2)
    assert agrees((p.log_prob(x) - q.log_prob(x)).sum(dim=1), exact)


# ------------------------------------------------------------------------------------------- the linear-Gaussian model


@exactly
@given(seeds)
def test_the_evidence_is_that_of_the_marginal_gaussian(seed):
    x, W, b, s2 = model = linear_gaussian(seed)
    marginal = MultivariateNormal(b, W @ W.T + s2 * torch.eye(5))
    torch.testing.assert_close(theory.log_evidence(*model), marginal.log_prob(x), rtol=1e-7, atol=1e-7)


def test_the_evidence_is_the_integral_over_the_latent_variable():
    x, W, b, s2 = model = linear_gaussian(1, latent=1)
    z = torch.linspace(-12, 12, 20_001, dtype=torch.float64)
    likelihood = Normal(z[:, None, None] * W[:, 0] + b, s2.sqrt()).log_prob(x).sum(dim=-1)
    integral = torch.trapezoid((likelihood + Normal(0.0, 1.0).log_prob(z)[:, None]).exp(), z, dim=0)
    torch.testing.assert_close(theory.log_evidence(*model), integral.log(), rtol=1e-9, atol=1e-9)


@exactly
@given(seeds)
def test_the_posterior_turns_the_prior_and_the_likelihood_into_the_evidence(seed):
    x, W, b, s2 = model = linear_gaussian(seed)
    z = normal(seed + 9, 3, 2)
    joint = Normal(z @ W.T + b, s2.sqrt()).log_prob(x).sum(dim=1) + Normal(0.0, 1.0).log_prob(z).sum(dim=1)
    posterior = MultivariateNormal(*theory.true_posterior(*model)).log_prob(z)
    torch.testing.assert_close(joint - posterior, theory.log_evidence(*model), rtol=1e-6, atol=1e-6)


@exactly
@given(seeds)
def test_the_bound_is_below_the_evidence_by_the_divergence_from_the_posterior(seed):
    model, (m, S) = linear_gaussian(seed), approximation(seed)
    gap = theory.log_evidence(*model) - theory.elbo(*model, m, S)
    assert (gap > 0).all()
    divergence = kl_divergence(MultivariateNormal(m, S), MultivariateNormal(*theory.true_posterior(*model)))
    torch.testing.assert_close(gap, divergence, rtol=1e-6, atol=1e-6)


@exactly
@given(seeds)
def test_the_bound_is_the_evidence_and_flat_at_the_true_posterior(seed):
    model = linear_gaussian(seed)
    m, S = (tensor.requires_grad_() for tensor in theory.true_posterior(*model))
    bound = theory.elbo(*model, m, S)
    torch.testing.assert_close(bound, theory.log_evidence(*model), rtol=1e-9, atol=1e-9)
    for gradient in torch.autograd.grad(bound.sum(), (m, S)):
        torch.testing.assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-6)


def test_the_bound_is_the_expectation_under_q():
    (x, W, b, s2), (m, S) = linear_gaussian(2), approximation(2)
    q = MultivariateNormal(m, S)
    torch.manual_seed(0)
    z = q.sample((SAMPLES,))  # (n, B, K)
    joint = Normal(z @ W.T + b, s2.sqrt()).log_prob(x).sum(dim=-1) + Normal(0.0, 1.0).log_prob(z).sum(dim=-1)
    assert agrees(joint - q.log_prob(z), theory.elbo(x, W, b, s2, m, S))


# ------------------------------------------------------------------------------------------------------------ diffusion


@exactly
@given(seeds, st.integers(2, 20))
def test_the_posterior_of_a_diffusion_step_is_that_of_diffusers(seed, steps):
    betas = 0.02 + 0.4 * torch.rand(steps, generator=rng_of(seed), dtype=torch.float64)
    x_0, x_t = normal(seed, steps, 2, 3), normal(seed + 1, steps, 2, 3)
    mean, variance = theory.posterior_mean_variance(x_0, x_t, torch.arange(1, steps + 1), betas)
    scheduler = DDPMScheduler(steps, trained_betas=betas.numpy(), prediction_type="sample", clip_sample=False)
    for t in range(1, steps + 1):
        with noise_tape(0.0):
            theirs = scheduler.step(x_0[t - 1], t - 1, x_t[t - 1]).prev_sample
        torch.testing.assert_close(mean[t - 1], theirs, rtol=1e-5, atol=1e-5, check_dtype=False)
        assert variance[t - 1].item() == pytest.approx(float(scheduler._get_variance(t - 1)), rel=1e-4, abs=1e-19)


def test_the_first_step_leads_to_x_0_exactly():
    x_0, x_t = normal(0, 1, 5), normal(1, 1, 5)
    betas = torch.tensor([0.3, 0.1, 0.2], dtype=torch.float64)
    mean, variance = theory.posterior_mean_variance(x_0, x_t, torch.tensor([1]), betas)
    assert (variance.tolist(), variance.shape) == ([0.0], (1,))
    torch.testing.assert_close(mean, x_0)


def test_the_posterior_of_the_last_of_three_steps_is_that_of_simulated_chains():
    betas = torch.tensor([0.3, 0.1, 0.2], dtype=torch.float64)
    torch.manual_seed(0)
    steps, x = [], torch.full((SAMPLES,), 0.7, dtype=torch.float64)
    for beta in betas:
        x = (1 - beta).sqrt() * x + beta.sqrt() * torch.randn_like(x)
        steps.append(x)
    mean, variance = theory.posterior_mean_variance(torch.full_like(x, 0.7), x, torch.full(x.shape, 3), betas)
    residual = steps[1] - mean
    assert agrees(residual, 0.0)
    assert agrees(residual * x, 0.0)  # nothing of x_t is left in it
    assert agrees(residual**2, variance[0])


# ------------------------------------------------------------------------------------------------------------- the game


def distributions(seed):
    """p and q, shape (4, 6), about a third of their probabilities 0."""
    drawn = torch.rand(2, 4, 6, generator=rng_of(seed), dtype=torch.float64)
    drawn = torch.where(drawn < 0.33, 0.0, drawn)
    drawn[..., 0] += 0.01  # not all of them
    return drawn / drawn.sum(dim=-1, keepdim=True)


@exactly
@given(seeds)
def test_no_discriminator_earns_more_than_the_optimal_one(seed):
    p, q = distributions(seed)

    def earned(d):
        return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum(dim=-1)

    best = theory.optimal_discriminator(p, q)
    torch.testing.assert_close(earned(best), theory.game_value(p, q))
    for shift in (-0.1, -1e-3, 1e-3, 0.1):
        assert (earned((best + shift).clamp(0, 1)) < theory.game_value(p, q)).all()


@exactly
@given(seeds)
def test_the_game_is_worth_minus_log_4_and_twice_the_divergence(seed):
    p, q = distributions(seed)
    m = Categorical(probs=(p + q) / 2)
    divergence = (kl_divergence(Categorical(probs=p), m) + kl_divergence(Categorical(probs=q), m)) / 2
    torch.testing.assert_close(theory.jensen_shannon(p, q), divergence)
    torch.testing.assert_close(theory.game_value(p, q), 2 * divergence - math.log(4))
    torch.testing.assert_close(theory.jensen_shannon(q, p), divergence)
    assert (theory.jensen_shannon(p, q) <= math.log(2)).all()


def test_equal_and_disjoint_distributions_have_known_values():
    p = torch.tensor([0.2, 0.8, 0.0, 0.0], dtype=torch.float64)
    assert theory.optimal_discriminator(p, p).tolist() == [0.5] * 4
    assert theory.jensen_shannon(p, p).item() == 0
    assert theory.game_value(p, p).item() == pytest.approx(-math.log(4), abs=1e-15)
    assert theory.optimal_discriminator(p, p.flip(0)).tolist() == [1, 1, 0, 0]
    assert theory.jensen_shannon(p, p.flip(0)).item() == pytest.approx(math.log(2), abs=1e-15)
    assert theory.game_value(p, p.flip(0)).item() == 0


# ------------------------------------------------------------------------------------------- random walks, and graphs


@exactly
@given(st.integers(2, 30), st.floats(0.1, 10))
def test_the_precision_of_a_walk_inverts_its_covariance_and_is_tridiagonal(n, s):
    precision = theory.random_walk_precision(n, s)
    torch.testing.assert_close(precision @ theory.random_walk_covariance(n, s), torch.eye(n).double())
    far = torch.arange(n)[:, None] - torch.arange(n)
    assert torch.equal(precision != 0, far.abs() <= 1)


def test_the_covariance_of_a_walk_is_that_of_simulated_walks():
    walks = 0.7 * torch.randn(SAMPLES, 4, generator=rng_of(0), dtype=torch.float64).cumsum(dim=1)
    assert agrees(walks[:, :, None] * walks[:, None, :], theory.random_walk_covariance(4, 0.7))


@exactly
@given(st.integers(2, 30), st.floats(0.1, 10))
def test_positions_of_a_walk_are_independent_given_the_others_unless_they_are_adjacent(n, s):
    rounded = torch.linalg.inv(theory.random_walk_covariance(n, s))
    expected = [(i, j) for i in range(n) for j in range(i + 2, n)]
    assert sorted(theory.conditionally_independent(rounded)) == expected


@exactly
@given(st.lists(st.booleans(), min_size=10, max_size=10), seeds)
def test_a_zero_precision_is_a_zero_covariance_given_all_others(edges, seed):
    pairs = list(itertools.combinations(range(5), 2))
    precision = 5 * torch.eye(5, dtype=torch.float64)
    for (i, j), edge, strength in zip(pairs, edges, (0.3 + normal(seed, 10).abs() / 5).tolist(), strict=True):
        precision[i, j] = precision[j, i] = strength * edge
    covariance = torch.linalg.inv(precision)
    found = set(theory.conditionally_independent(torch.linalg.inv(covariance)))
    for pair in pairs:
        two, rest = list(pair), [k for k in range(5) if k not in pair]
        gain = covariance[two][:, rest] @ torch.linalg.inv(covariance[rest][:, rest])
        given_the_rest = covariance[two][:, two] - gain @ covariance[rest][:, two]
        assert (abs(given_the_rest[0, 1].item()) < 1e-12) == (pair in found)


# ---------------------------------------------------------------------------------------------------- Bayesian networks


def course_tables(unknown=(0.8, 0.2)):
    """The course's network; of P(+s | -t, ...) the question makes no use."""
    s = {(True, True): 1.0, (True, False): 0.6, (False, True): unknown[0], (False, False): unknown[1]}
    return {"t": {(): 0.4}, "m": {(): 0.1}, "b": {(True,): 1.0, (False,): 0.1}, "s": s}


def random_network(seed, count=5):
    """Parents and tables of a network, every pair adjacent with probability 1/2."""
    rng = np.random.default_rng(seed)
    names = [f"x{i}" for i in rng.permutation(count)]
    parents = {name: tuple(a for a in names[:i] if rng.random() < 0.5) for i, name in enumerate(names)}
    parents = {name: parents[name] for name in sorted(parents)}
    tables = {
        name: {values: rng.uniform(0.05, 0.95) for values in itertools.product((True, False), repeat=len(above))}
        for name, above in parents.items()
    }
    return parents, tables


@exactly
@given(st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_the_known_query_of_the_course(unknown):
    tables, known = course_tables(unknown), {"b": True, "t": True, "s": True}
    assert theory.joint_probability(PARENTS, tables, known | {"m": True}) == pytest.approx(0.04)
    assert theory.query(PARENTS, tables, known, {}) == pytest.approx(0.0616)
    assert theory.query(PARENTS, tables, {"m": True}, known) == pytest.approx(0.04 / 0.0616)
    assert theory.query(PARENTS, tables, {"m": True}, known) == pytest.approx(0.6494, abs=5e-5)


@exactly
@given(seeds)
def test_probabilities_add_up_to_1_and_follow_the_product_rule(seed):
    parents, tables = random_network(seed)
    a, b, c, *_ = parents
    rows = [dict(zip(parents, values, strict=True)) for values in itertools.product((True, False), repeat=5)]
    assert sum(theory.joint_probability(parents, tables, row) for row in rows) == pytest.approx(1)
    known = {c: False}
    both = theory.query(parents, tables, {a: True, b: False}, known)
    first = theory.query(parents, tables, {b: False}, known)
    assert both == pytest.approx(first * theory.query(parents, tables, {a: True}, known | {b: False}))
    assert first + theory.query(parents, tables, {b: True}, known) == pytest.approx(1)


def test_a_query_agrees_with_samples_from_the_roots_to_the_leaves():
    tables, rng = course_tables(), np.random.default_rng(0)
    t, m = rng.random(SAMPLES) < 0.4, rng.random(SAMPLES) < 0.1
    of_s = np.select([t & m, t, m], [1.0, 0.6, 0.8], 0.2)
    s, b = rng.random(SAMPLES) < of_s, rng.random(SAMPLES) < np.where(m, 1.0, 0.1)
    simulated = torch.from_numpy(t[s & ~b]).double()
    assert agrees(simulated, theory.query(PARENTS, tables, {"t": True}, {"s": True, "b": False}))


def test_the_blankets_of_the_course():
    blankets = {name: theory.markov_blanket(PARENTS, name) for name in PARENTS}
    assert blankets == {"t": {"m", "s"}, "m": {"t", "s", "b"}, "s": {"t", "m"}, "b": {"m"}}


@exactly
@given(seeds)
def test_a_blanket_is_all_that_matters_and_all_of_it_does(seed):
    parents, tables = random_network(seed)
    node = sorted(parents)[seed % 5]
    others = [name for name in parents if name != node]

    def probability(values):
        return theory.query(parents, tables, {node: True}, values)

    rows = [dict(zip(others, values, strict=True)) for values in itertools.product((True, False), repeat=4)]
    matter = {
        other
        for other in others
        if any(abs(probability(row) - probability(row | {other: not row[other]})) > 1e-9 for row in rows)
    }
    assert matter == theory.markov_blanket(parents, node)
