"""Inputs that the cases and their oracles draw: float64 numpy arrays, and plain Python for networks."""

import itertools
from dataclasses import dataclass

import numpy as np

ZEROS = 3  # outcomes with probability 0: one for p, one for q, one for both


def gaussians(rng, *shapes):
    """(mu_p, var_p, mu_q, var_q) of these shapes; q is wider than p and lies to the right, so nothing cancels."""
    scales = {"mu_p": (-1.5, -0.5), "var_p": (0.3, 0.8), "mu_q": (0.2, 1.2), "var_q": (1.4, 2.5)}
    return [
        _float64(rng.uniform(f"{name} {shape}", *shape, low=low, high=high))
        for (name, (low, high)), shape in zip(scales.items(), shapes, strict=True)
    ]


def pairwise(rng):
    """Shapes of B Gaussians p that share a variance and C isotropic Gaussians q, so that every p meets every q."""
    first, second = rng.choice("counts", range(2, 6), 2)
    dimensions = rng.integer("dimensions", 6, 9)
    return (first, 1, dimensions), (dimensions,), (second, dimensions), (second, 1)


@dataclass(frozen=True)
class LinearGaussian:
    """z ~ N(0, I), x | z ~ N(W z + b, s2 I): B observations in D dimensions, with K latent dimensions."""

    x: np.ndarray
    W: np.ndarray
    b: np.ndarray
    s2: np.ndarray


def linear_gaussian(rng):
    """A model with more observations than latent dimensions, but fewer than dimensions."""
    latent, count, dimensions = rng.integer("K", 2, 4), rng.integer("B", 4, 6), rng.integer("D", 6, 9)
    return LinearGaussian(
        _float64(rng.normal("x", count, dimensions)) + 1,
        _float64(rng.normal("W", dimensions, latent)),
        _float64(rng.uniform("b", dimensions, low=0.5, high=1.5)),
        np.array(rng.number("s2", 1.5, 2.2)),
    )


def approximation(rng, model):
    """(m, S) of q(z) = N(m, S): shapes (B, K) and (K, K), with correlations."""
    count, latent = len(model.x), model.W.shape[1]
    common = _float64(rng.uniform("common", latent, low=0.6, high=1.2))
    return _float64(rng.normal("m", count, latent)), np.outer(common, common) + 0.2 * np.eye(latent)


def diffusion(rng):
    """(betas, t): a schedule of 7 to 12 steps, and timesteps of 5 items, counted from 1, including 1, 2 and T."""
    steps = rng.integer("steps", 7, 13)
    t = [1, 2, *rng.choice("between", range(3, steps), 2), steps]
    return _float64(rng.uniform("betas", steps, low=0.05, high=0.35)), np.array(rng.choice("order", t, len(t)))


def distributions(rng):
    """Probabilities p and q, shape (B, N) each: every row has a place where only p, only q, and both are 0."""
    count, outcomes = rng.integer("count", 3, 6), rng.integer("outcomes", 6, 10)
    p, q = (_float64(rng.uniform(name, count, outcomes, low=0.1)) for name in "pq")
    for row in range(count):
        only_q, only_p, neither = rng.choice(f"zeros of {row}", range(outcomes), ZEROS)
        p[row, [only_q, neither]] = 0
        q[row, [only_p, neither]] = 0
    return p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)


def random_walk(rng):
    """(n, s): the number of positions, and the standard deviation of a step."""
    return rng.integer("n", 4, 9), rng.number("s", 1.4, 2.2)


def precision(rng):
    """(matrix, edges): a precision whose graph is connected but not complete. Every other zero is a rounded one.

    Returns:
        The matrix, shape (n, n), and the pairs i < j that are adjacent.
    """
    n = rng.integer("n", 5, 9)
    walk, pairs = rng.choice("walk", range(n), n), list(itertools.combinations(range(n), 2))
    ends = tuple(sorted((walk[0], walk[-1])))  # never adjacent
    edges = {tuple(sorted(edge)) for edge in itertools.pairwise(walk)}
    others = [pair for pair in pairs if pair not in edges and pair != ends]
    edges |= set(rng.choice("others", others, rng.integer("number of others", 1, 4)))
    matrix = np.zeros((n, n))
    for i, j in edges:
        matrix[i, j] = (-1) ** (i * j) * rng.number(f"strength of {i}, {j}", 0.3, 0.9)
    for i, j in [pair for pair in pairs if pair not in edges][::2]:
        matrix[i, j] = 1e-13
    matrix += matrix.T
    return matrix + np.diag(np.abs(matrix).sum(axis=1) + 0.5), sorted(edges)


# The skeleton of every network, from roots to leaves: 0 and 1 are parents of 2, and so on.
SKELETON = {0: (), 1: (), 2: (0, 1), 3: (2,), 4: (5, 3), 5: (), 6: (3,)}
OPTIONAL = ((0, 5), (1, 5), (2, 6), (5, 6))  # (parent, child): edges that may be added
NAMES = ("alarm", "battery", "cloud", "dew", "engine", "fog", "gale", "hail", "ice", "jam", "key", "leak", "mud")


def network(rng):
    """Parents of each variable of a Bayesian network, {name: names}, in any order; parents are sorted backwards."""
    names = rng.choice("names", NAMES, len(SKELETON))
    more = rng.choice("more", OPTIONAL, rng.integer("number of more", 0, 3))
    parents = {}
    for node in rng.choice("order", list(SKELETON), len(SKELETON)):
        its_parents = [*SKELETON[node], *(parent for parent, child in more if child == node)]
        parents[names[node]] = tuple(sorted((names[parent] for parent in its_parents), reverse=True))
    return parents


def tables(rng, parents):
    """P(True | values of the parents) of each variable, {name: {values: probability}}; no probability is 1/2."""
    return {
        name: {
            values: rng.number(f"{name} {values}", *((0.1, 0.4) if sum(values) % 2 else (0.6, 0.9)))
            for values in itertools.product((True, False), repeat=len(its_parents))
        }
        for name, its_parents in parents.items()
    }


def assignments(rng, parents):
    """Ten assignments of values to all variables: [{name: bool}]."""
    drawn = rng.integers("values", 0, 2, 10, len(parents))
    return [dict(zip(parents, map(bool, row), strict=True)) for row in np.asarray(drawn)]


def questions(rng, parents):
    """Questions to a network, [(wanted, evidence)], from no evidence to evidence on all other variables."""
    asked = []
    for wanted, known in ((1, 0), (1, 1), (1, 3), (2, 2), (1, len(parents) - 1)):
        name = f"{wanted} given {known}"
        chosen = rng.choice(name, list(parents), wanted + known)
        values = [bool(value) for value in rng.integers(f"values of {name}", 0, 2, len(chosen))]
        pairs = list(zip(chosen, values, strict=True))
        asked.append((dict(pairs[:wanted]), dict(pairs[wanted:])))
    return asked


def pairs_as_text(pairs):
    """Pairs of indices as one text, sorted."""
    return ", ".join(f"({i}, {j})" for i, j in sorted((int(i), int(j)) for i, j in pairs))


def listed(blankets):
    """{name: names} as one text for each name, all in alphabetical order."""
    return [f"{node}: {', '.join(sorted({str(name) for name in blankets[node]}))}" for node in sorted(blankets)]


def _float64(drawn):
    return np.asarray(drawn, dtype=float)
