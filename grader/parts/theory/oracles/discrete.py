"""Solves games by search, walks by counting, and networks by tables of all assignments, without the solution."""

import itertools

import numpy as np

from grader.course.assignment import Oracle
from grader.parts.theory.cases import inputs


def _best_discriminator(p, q):
    """The best D in [0, 1] for each x, found by bisection, without the closed form."""
    low, high = np.zeros_like(p), np.ones_like(p)
    for _ in range(200):  # the payoff p log D + q log(1 - D) is concave: its slope p / D - q / (1 - D) has one zero
        middle = (low + high) / 2
        rising = p * (1 - middle) > q * middle
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return (low + high) / 2


def _payoff(p, q):
    """max_D E_p[log D] + E_q[log(1 - D)], where an outcome with probability 0 pays nothing."""
    D = _best_discriminator(p, q)
    total = np.zeros(p.shape)
    total[p > 0] += p[p > 0] * np.log(D[p > 0])
    total[q > 0] += q[q > 0] * np.log1p(-D[q > 0])
    return total.sum(axis=-1)


def _optimal_discriminator(rng):
    p, q = inputs.distributions(rng)
    return {"optimal_discriminator": np.where(p + q > 0, _best_discriminator(p, q), 0.5)}


def _jensen_shannon(rng):
    return {"jensen_shannon": (_payoff(*inputs.distributions(rng)) + np.log(4)) / 2}


def _game_value(rng):
    return {"game_value": _payoff(*inputs.distributions(rng))}


def _random_walk_covariance(rng):
    n, s = inputs.random_walk(rng)
    shared = [[len(set(range(i + 1)) & set(range(j + 1))) for j in range(n)] for i in range(n)]
    return {"covariance": s * s * np.array(shared, dtype=float)}


def _random_walk_precision(rng):
    return {"precision": np.linalg.inv(_random_walk_covariance(rng)["covariance"])}


def _conditionally_independent(rng):
    matrix, edges = inputs.precision(rng)
    return {"pairs": np.array(inputs.pairs_as_text(set(itertools.combinations(range(len(matrix)), 2)) - set(edges)))}


def joint_table(parents, tables):
    """P(assignment) for every assignment: an array with one axis for each variable, where index 1 is True."""
    axis = {name: i for i, name in enumerate(parents)}
    table = np.ones([2] * len(parents))
    for index in np.ndindex(table.shape):
        for name, its_parents in parents.items():
            true = tables[name][tuple(bool(index[axis[parent]]) for parent in its_parents)]
            table[index] *= (1 - true, true)[index[axis[name]]]
    return table


def conditional(table, names, wanted, evidence):
    """P(wanted | evidence) from a table of the joint probabilities, by summing slices."""

    def mass(known):
        return table[tuple(int(known[name]) if name in known else slice(None) for name in names)].sum()

    return mass(wanted | evidence) / mass(evidence)


def _joint_probability(rng):
    parents = inputs.network(rng)
    table = joint_table(parents, inputs.tables(rng, parents))
    values = [tuple(int(drawn[name]) for name in parents) for drawn in inputs.assignments(rng, parents)]
    return {"probabilities": np.array([table[index] for index in values])}


def _query(rng):
    parents = inputs.network(rng)
    table = joint_table(parents, inputs.tables(rng, parents))
    answers = [conditional(table, list(parents), *question) for question in inputs.questions(rng, parents)]
    return {"probabilities": np.array(answers), "evidence_kept": np.array(True)}


def blankets(parents):
    """The neighbours of every variable in the moral graph. Its cliques are the factors: a variable with its parents."""
    cliques = [{name, *its_parents} for name, its_parents in parents.items()]
    return {node: set().union(*(clique for clique in cliques if node in clique)) - {node} for node in parents}


def _markov_blanket(rng):
    return {"blankets": np.array(inputs.listed(blankets(inputs.network(rng))))}


ORACLES = (
    Oracle("6.optimal_discriminator", _optimal_discriminator),
    Oracle("6.jensen_shannon", _jensen_shannon),
    Oracle("6.game_value", _game_value),
    Oracle("6.random_walk_covariance", _random_walk_covariance),
    Oracle("6.random_walk_precision", _random_walk_precision),
    Oracle("6.conditionally_independent", _conditionally_independent),
    Oracle("6.joint_probability", _joint_probability),
    Oracle("6.query", _query),
    Oracle("6.markov_blanket", _markov_blanket),
)
