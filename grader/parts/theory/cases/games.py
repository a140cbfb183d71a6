"""Part 6: the game between generator and discriminator, for discrete distributions."""

from grader.parts.theory.cases import calls, inputs
from grader.runtime.case import FLOAT32, case


def _observe(function, rng, name):
    return {name: calls.numbers(function(*calls.tensors(*inputs.distributions(rng))), name)}


@case(
    "6.optimal_discriminator",
    points=0.5,
    equation="D*(x) = p(x) / (p(x) + q(x)) (GAN eq. 2), 1/2 where both are 0",
    look="Work out three pairs by hand: p = q; q = 0; both 0.",
    term="p(x) / (p(x) + q(x)): whose probability is on top, and what does the quotient give for 0 / 0?",
    shows={"optimal_discriminator": "D*(x) for every x, one row for each pair of distributions"},
    **FLOAT32,
)
def optimal_discriminator(code, rng):
    """GAN: the best discriminator for a fixed generator"""
    return _observe(code.theory.optimal_discriminator, rng, "optimal_discriminator")


@case(
    "6.jensen_shannon",
    points=0.5,
    equation="JSD(p || q) = 1/2 KL(p || m) + 1/2 KL(q || m), m = (p + q) / 2, 0 log 0 = 0, in nats",
    look="Try two pairs whose answer you know: p = q gives 0, and distributions that share no outcome give log 2.",
    term="KL(p || m) and KL(q || m): is the order right in each, and does each have its 1/2? Does m sum to 1, and "
    "does 0 log 0 count as 0?",
    shows={"jensen_shannon": "divergence of every pair of distributions"},
    **FLOAT32,
)
def jensen_shannon(code, rng):
    """GAN: the Jensen-Shannon divergence, also where probabilities are 0"""
    return _observe(code.theory.jensen_shannon, rng, "jensen_shannon")


@case(
    "6.game_value",
    points=0.5,
    equation="V(D*, G) = E_p[log D*(x)] + E_q[log(1 - D*(x))] = -log 4 + 2 JSD(p || q) (GAN, theorem 1)",
    look="Try two pairs whose answer you know: p = q gives -log 4, and distributions that share no outcome give 0.",
    term="E_p is a sum weighted with p, and E_q one weighted with q. If you use the divergence instead, check -log 4 "
    "and the factor of JSD.",
    shows={"game_value": "value of the game for every pair of distributions"},
    **FLOAT32,
)
def game_value(code, rng):
    """GAN: the value of the game when the discriminator is the best one"""
    return _observe(code.theory.game_value, rng, "game_value")
