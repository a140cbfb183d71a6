"""Part 6's cases: what is said of code that returns nothing, and that their inputs show what they are meant to show."""

import re

import numpy as np
import pytest

from grader.parts.theory.cases import inputs
from grader.parts.theory.oracles.discrete import blankets
from grader.runtime.case import Outcome
from grader.runtime.rng import Streams, case_seed

RETURNS = {
    "6.gaussian_kl": ("return 0.5 * terms.sum(dim=-1)", "gaussian_kl must return a tensor or a number"),
    "6.kl_gradient": ("return 0.5 * terms.sum(dim=-1)", "gaussian_kl must return a tensor or a number"),
    "6.true_posterior": ("return mean, covariance", "true_posterior must return a pair of tensors"),
    "6.conditionally_independent": (
        "return [(i, j) for i, j in itertools.combinations(range(len(precision)), 2) if zero[i, j]]",
        "conditionally_independent must return a list",
    ),
    "6.query": ("return both / given", "query must return a tensor or a number"),
    "6.markov_blanket": (
        "return (set(parents[node]) | children | co_parents) - {node}",
        "markov_blanket must return a set",
    ),
}


@pytest.mark.parametrize("id", RETURNS)
@pytest.mark.parametrize("value", ["None", "'text'"])
def test_a_function_that_returns_something_else_is_told_so(id, value, make_submission, solution_text, verdicts_of):
    old, told = RETURNS[id]
    text = solution_text("theory")
    assert text.count(old) == 1
    verdict = verdicts_of(make_submission(theory=text.replace(old, f"return {value}")), id)[id]
    kind = {"None": "NoneType", "'text'": "str"}[value]
    assert verdict.outcome is Outcome.ERROR
    assert re.search(f"TypeError: {told}, not {kind}", verdict.message), verdict.message


def test_pairs_that_are_none_are_told_so(make_submission, solution_text, verdicts_of):
    text = solution_text("theory").replace("return [(i, j) for", "return [(i, j, 0) for")
    (verdict,) = verdicts_of(make_submission(theory=text), "6.conditionally_independent").values()
    assert "conditionally_independent must return a list of pairs (i, j)" in verdict.message


def test_a_mean_of_the_wrong_shape_is_told_so(make_submission, solution_text, verdicts_of):
    text = solution_text("theory").replace("return factor_0 * x_0 + factor_t * x_t, ", "return factor_0, ")
    (verdict,) = verdicts_of(make_submission(theory=text), "6.posterior").values()
    assert "posterior_mean_variance must return shape (5, 2, 7, 6), not (5, 1, 1, 1)" in verdict.message


def test_a_function_that_is_left_out_costs_its_own_cases_only(make_submission, solution_text, verdicts_of, assignment):
    text = solution_text("theory")
    old = "    # BEGIN ANSWER(6.joint_probability)"
    assert text.count(old) == 1
    left_out = text.replace(old, f"    raise NotImplementedError\n{old}")
    ids = [case.id for case in assignment.cases if case.part == 6]
    verdicts = verdicts_of(make_submission(theory=left_out), *ids)
    lost = {id for id, verdict in verdicts.items() if verdict.outcome is not Outcome.PASSED}
    assert lost == {"6.joint_probability", "6.query"}
    assert {verdicts[id].outcome for id in lost} == {Outcome.NOT_IMPLEMENTED}


def streams(case):
    return [Streams(case_seed(seed, case)) for seed in range(300)]


def test_every_precision_holds_zeros_that_are_exact_and_zeros_that_are_rounded():
    for rng in streams("6.conditionally_independent"):
        matrix, edges = inputs.precision(rng)
        off = np.abs(matrix[np.triu_indices(len(matrix), k=1)])
        assert np.linalg.eigvalsh(matrix).min() > 0
        assert (off > 0.1).sum() == len(edges)
        assert (off == 0).any()
        assert ((off > 0) & (off < 1e-9 * matrix.max())).any()


def test_every_network_tells_blankets_from_neighbours_and_has_parents_in_no_usual_order():
    for rng in streams("6.markov_blanket"):
        parents = inputs.network(rng)
        neighbours = {n: set(parents[n]) | {c for c in parents if n in parents[c]} for n in parents}
        assert any(blankets(parents)[n] > neighbours[n] for n in parents)
        assert any(list(above) != sorted(above) for above in parents.values())


def test_every_pair_of_distributions_has_all_kinds_of_zeros_in_every_row():
    for rng in streams("6.game_value"):
        p, q = inputs.distributions(rng)
        for zeros in ((p == 0) & (q > 0), (p > 0) & (q == 0), (p == 0) & (q == 0)):
            assert (zeros.sum(axis=1) == 1).all()
        np.testing.assert_allclose([p.sum(axis=1), q.sum(axis=1)], 1)


def test_every_schedule_is_asked_for_its_first_and_last_steps():
    for rng in streams("6.posterior"):
        betas, t = inputs.diffusion(rng)
        assert {1, 2, len(betas)} <= set(t)
        assert len(set(t)) == len(t) == 5
