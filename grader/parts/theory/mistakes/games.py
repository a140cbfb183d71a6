"""Mistakes in the game of a GAN. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

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
        "Your D* is the probability that x is fake. It should be p / (p + q), which is large where the data is.",
        "optimal_discriminator",
    ),
    mistake(
        "discriminator_likelihood_ratio",
        D_STAR,
        "return torch.where(total > 0, p / q, 0.5)",
        "Your code returns the likelihood ratio p / q, which has no upper bound. It should return the probability D* "
        "= p / (p + q).",
        "optimal_discriminator",
    ),
    mistake(
        "discriminator_divides_zero_by_zero",
        D_STAR,
        "return p / total",
        "Your code computes 0 / 0, which is not a number. D* should be 1/2 where p and q are both 0.",
        "optimal_discriminator",
    ),
    mistake(
        "discriminator_zero_for_unseen",
        D_STAR,
        "return torch.where(total > 0, p / total, 0.0)",
        "Your D* is 0 where p and q are both 0. It should be 1/2 there, because nothing tells real from fake.",
        "optimal_discriminator",
    ),
    mistake(
        "discriminator_decides",
        D_STAR,
        "return torch.where(total > 0, (p > q).to(p.dtype), 0.5)",
        "Your D* only decides which side is likelier. It should be the probability that x is real, p / (p + q).",
        "optimal_discriminator",
    ),
    mistake(
        "jsd_log_base_2",
        JSD,
        "return (kl_p + kl_q) / 2 / math.log(2)",
        "Your logarithm is to base 2. It should be natural, so that the divergence is at most log 2, not 1.",
        "jensen_shannon",
    ),
    mistake(
        "jsd_sum_for_mixture",
        MIXTURE,
        "m = p + q",
        "Your mixture is p + q, which sums to 2. It should be m = (p + q) / 2, so that JSD(p || p) is 0.",
        "jensen_shannon",
    ),
    mistake(
        "jsd_without_half",
        JSD,
        "return kl_p + kl_q",
        "Your divergence is twice as large as it should be. Each of the two KL terms has a factor 1/2.",
        "jensen_shannon",
    ),
    mistake(
        "jsd_one_side",
        JSD,
        "return kl_p",
        "Your code leaves out KL(q || m). It should take the mean of both divergences from the mixture, which is "
        "symmetric in p and q.",
        "jensen_shannon",
    ),
    mistake(
        "jsd_reversed",
        KL_P,
        "kl_p = (torch.xlogy(m, m) - torch.xlogy(m, p)).sum(dim=-1)",
        "Your code computes KL(m || p), which is infinite where p is 0. The expectation should be under p: KL(p || m).",
        "jensen_shannon",
    ),
    mistake(
        "jsd_zero_times_infinity",
        KL_P,
        "kl_p = (p * torch.log(p / m)).sum(dim=-1)",
        "Your code computes 0 log 0, which is not a number in floating point. It should count as 0: leave these terms "
        "out, or use torch.xlogy.",
        "jensen_shannon",
    ),
    mistake(
        "game_without_log_4",
        VALUE,
        "return (real + fake).sum(dim=-1) + math.log(4)",
        "Your value lacks -log 4. It should be -log 4 for p = q, where the discriminator can only guess.",
        "game_value",
    ),
    mistake(
        "game_log_2",
        VALUE,
        "return (real + fake).sum(dim=-1) + math.log(2)",
        "Your value contains -log 2. It should contain -log 4, because both expectations are log(1/2) for p = q.",
        "game_value",
    ),
    mistake(
        "game_jsd_once",
        VALUE,
        "return ((real + fake).sum(dim=-1) - math.log(4)) / 2",
        "Your code counts the divergence once. It should count it twice: V(D*, G) = -log 4 + 2 JSD(p || q).",
        "game_value",
    ),
    mistake(
        "game_sign",
        VALUE,
        "return -(real + fake).sum(dim=-1)",
        "Your code returns the discriminator's loss. The value of the game is the negative of that, at most 0.",
        "game_value",
    ),
    mistake(
        "game_real_only",
        VALUE,
        "return real.sum(dim=-1)",
        "Your code leaves out E_q[log(1 - D*(x))]. It should add it, because recognising fakes counts for the "
        "discriminator too.",
        "game_value",
    ),
    mistake(
        "game_mean",
        VALUE,
        "return (real + fake).mean(dim=-1)",
        "Your code divides by the number of outcomes. It should not: an expectation is a sum weighted with "
        "probabilities.",
        "game_value",
    ),
    mistake(
        "game_zero_times_infinity",
        VALUE,
        "return (p * torch.log(p / (p + q)) + q * torch.log(q / (p + q))).sum(dim=-1)",
        "Your code computes 0 log 0, which is not a number in floating point. It should count as 0: leave these terms "
        "out, or use torch.xlogy.",
        "game_value",
    ),
)
