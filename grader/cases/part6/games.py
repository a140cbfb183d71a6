"""Part 6: the game of generator and discriminator, for discrete distributions."""

from grader.case import FLOAT32, case
from grader.cases.part6 import calls, inputs


def _observe(function, rng, name):
    return {name: calls.numbers(function(*calls.tensors(*inputs.distributions(rng))), name)}


@case(
    "6.optimal_discriminator",
    points=0.5,
    equation="D*(x) = p(x) / (p(x) + q(x)) (GAN eq. 2), 1/2 where both are 0",
    look="Three pairs by hand: p = q; q = 0; both 0.",
    term="p(x) / (p(x) + q(x)): whose probability is above, and what does the quotient give for 0 / 0?",
    shows={"optimal_discriminator": "D*(x) of every x, a row for each pair of distributions"},
    **FLOAT32,
)
def optimal_discriminator(code, rng):
    """GAN: the best discriminator of a fixed generator"""
    return _observe(code.theory.optimal_discriminator, rng, "optimal_discriminator")


@case(
    "6.jensen_shannon",
    points=0.5,
    equation="JSD(p || q) = 1/2 KL(p || m) + 1/2 KL(q || m), m = (p + q) / 2, 0 log 0 = 0, in nats",
    look="Two pairs that you know: p = q gives 0, and distributions that share nothing give log 2.",
    term="KL(p || m) and KL(q || m): the order in each, both with their 1/2, an m that sums to 1, and '0 log 0 = 0'.",
    shows={"jensen_shannon": "the divergence of every pair of distributions"},
    **FLOAT32,
)
def jensen_shannon(code, rng):
    """GAN: the Jensen-Shannon divergence, also where probabilities are 0"""
    return _observe(code.theory.jensen_shannon, rng, "jensen_shannon")


@case(
    "6.game_value",
    points=0.5,
    equation="V(D*, G) = E_p[log D*(x)] + E_q[log(1 - D*(x))] = -log 4 + 2 JSD(p || q) (GAN, theorem 1)",
    look="Two pairs that you know: p = q gives -log 4, and distributions that share nothing give 0.",
    term="E_p and E_q: a sum with p as weights, and one with q. On the other way: -log 4, and the factor of JSD.",
    shows={"game_value": "the value of the game for every pair of distributions"},
    **FLOAT32,
)
def game_value(code, rng):
    """GAN: the value of the game when the discriminator is the best one"""
    return _observe(code.theory.game_value, rng, "game_value")
