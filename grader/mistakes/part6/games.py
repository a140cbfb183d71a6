"""Mistakes in the game of GAN. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 6, file="theory.py")

D_STAR = "return torch.where(total > 0, p / total, 0.5)"
MIXTURE = "m = (p + q) / 2"
KL_P = "kl_p = (torch.xlogy(p, p) - torch.xlogy(p, m)).sum(dim=-1)"
KL_Q = "kl_q = (torch.xlogy(q, q) - torch.xlogy(q, m)).sum(dim=-1)"
JSD = "return (kl_p + kl_q) / 2"
VALUE = "return (real + fake).sum(dim=-1)"

GAMES = (
    mistake(
        "discriminator_of_fakes",
        D_STAR,
        "return torch.where(total > 0, q / total, 0.5)",
        "This is the probability that x is fake: D* = p / (p + q), large where the data is.",
        "optimal_discriminator",
    ),
    mistake(
        "discriminator_likelihood_ratio",
        D_STAR,
        "return torch.where(total > 0, p / q, 0.5)",
        "p / q is the likelihood ratio, which has no bound: D* = p / (p + q) is a probability.",
        "optimal_discriminator",
    ),
    mistake(
        "discriminator_divides_zero_by_zero",
        D_STAR,
        "return p / total",
        "0 / 0 is not a number: where p and q are both 0, D* is 1/2.",
        "optimal_discriminator",
    ),
    mistake(
        "discriminator_zero_for_unseen",
        D_STAR,
        "return torch.where(total > 0, p / total, 0.0)",
        "D* is 0 where p and q are both 0: it is 1/2 there, as nothing tells real from fake.",
        "optimal_discriminator",
    ),
    mistake(
        "discriminator_decides",
        D_STAR,
        "return torch.where(total > 0, (p > q).to(p.dtype), 0.5)",
        "This decides for the likelier side: D* = p / (p + q) is how likely it is.",
        "optimal_discriminator",
    ),
    mistake(
        "jsd_log_base_2",
        JSD,
        "return (kl_p + kl_q) / 2 / math.log(2)",
        "The logarithm is natural, not to base 2: the divergence is at most log 2, not 1.",
        "jensen_shannon",
    ),
    mistake(
        "jsd_sum_for_mixture",
        MIXTURE,
        "m = p + q",
        "The mixture is p + q, which sums to 2: m = (p + q) / 2. JSD(p || p) must be 0.",
        "jensen_shannon",
    ),
    mistake(
        "jsd_without_half",
        JSD,
        "return kl_p + kl_q",
        "The divergence is twice too large: each of the two KL terms has a factor 1/2.",
        "jensen_shannon",
    ),
    mistake(
        "jsd_one_side",
        JSD,
        "return kl_p",
        "KL(q || m) is missing: the mean of both divergences from the mixture, which is symmetric in p and q.",
        "jensen_shannon",
    ),
    mistake(
        "jsd_reversed",
        KL_P,
        "kl_p = (torch.xlogy(m, m) - torch.xlogy(m, p)).sum(dim=-1)",
        "This is KL(m || p), infinite where p is 0: the expectation is under p, KL(p || m).",
        "jensen_shannon",
    ),
    mistake(
        "jsd_zero_times_infinity",
        KL_P,
        "kl_p = (p * torch.log(p / m)).sum(dim=-1)",
        "0 log 0 is 0 here, but not a number in floating point: leave these terms out, or use torch.xlogy.",
        "jensen_shannon",
    ),
    mistake(
        "game_without_log_4",
        VALUE,
        "return (real + fake).sum(dim=-1) + math.log(4)",
        "-log 4 is missing: it is the value for p = q, where the discriminator can only guess.",
        "game_value",
    ),
    mistake(
        "game_log_2",
        VALUE,
        "return (real + fake).sum(dim=-1) + math.log(2)",
        "-log 2 stands where -log 4 belongs: both expectations are log(1/2) for p = q.",
        "game_value",
    ),
    mistake(
        "game_jsd_once",
        VALUE,
        "return ((real + fake).sum(dim=-1) - math.log(4)) / 2",
        "The divergence counts twice: V(D*, G) = -log 4 + 2 JSD(p || q).",
        "game_value",
    ),
    mistake(
        "game_sign",
        VALUE,
        "return -(real + fake).sum(dim=-1)",
        "This is the discriminator's loss: the value of the game is its negative, at most 0.",
        "game_value",
    ),
    mistake(
        "game_real_only",
        VALUE,
        "return real.sum(dim=-1)",
        "E_q[log(1 - D*(x))] is missing: the discriminator also earns what it makes of fakes.",
        "game_value",
    ),
    mistake(
        "game_mean",
        VALUE,
        "return (real + fake).mean(dim=-1)",
        "An expectation is a sum weighted with probabilities: do not divide by the number of outcomes as well.",
        "game_value",
    ),
    mistake(
        "game_zero_times_infinity",
        VALUE,
        "return (p * torch.log(p / (p + q)) + q * torch.log(q / (p + q))).sum(dim=-1)",
        "0 log 0 is 0 here, but not a number in floating point: leave these terms out, or use torch.xlogy.",
        "game_value",
    ),
)
