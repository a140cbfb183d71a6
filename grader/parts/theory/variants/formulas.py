"""Theory with other formulas for the same numbers."""

from grader.course.assignment import Variant
from grader.parts.theory.variants.libraries import FILE, answers

ONE_FROM_ANOTHER = Variant(
    "6.one_from_another",  # functions that call each other
    answers(
        elbo="""    mean, covariance = true_posterior(x, W, b, s2)
    inverse = torch.linalg.inv(covariance)
    apart = torch.einsum("bk,kl,bl->b", m - mean, inverse, m - mean)
    kl = 0.5 * (torch.trace(inverse @ S) + apart - len(S) + torch.logdet(covariance) - torch.logdet(S))
    return log_evidence(x, W, b, s2) - kl""",
        jensen_shannon="""    return (game_value(p, q) + math.log(4)) / 2""",
        game_value="""    D = optimal_discriminator(p, q)
    return (torch.xlogy(p, D) + torch.xlogy(q, 1 - D)).sum(dim=-1)""",
        random_walk_precision="""    return torch.linalg.inv(random_walk_covariance(n, s))""",
        query="""    def probability(known):
        for name in parents:
            if name not in known:
                return probability({**known, name: True}) + probability({**known, name: False})
        return joint_probability(parents, tables, known)

    return probability({**wanted, **evidence}) / probability(evidence)""",
    ),
    file=FILE,
)

STANDARD_DEVIATIONS = Variant(
    "6.standard_deviations",  # divergences from sigma, or as the difference of cross entropy and entropy
    answers(
        gaussian_kl="""    sigma_p, sigma_q = var_p.sqrt(), var_q.sqrt()
    kl = torch.log(sigma_q / sigma_p) + (sigma_p**2 + (mu_p - mu_q).pow(2)) / (2 * sigma_q**2) - 1 / 2
    return kl.sum(-1)""",
        elbo="""    D, K = W.shape
    L = torch.linalg.cholesky(S)
    entropy = K / 2 * math.log(2 * math.pi * math.e) + L.diagonal().log().sum()
    log_prior = -K / 2 * math.log(2 * math.pi) - (m.square().sum(1) + L.square().sum()) / 2
    errors = (x - m @ W.T - b).square().sum(1) + (W @ L).square().sum()
    return -D / 2 * torch.log(2 * math.pi * s2) - errors / (2 * s2) + log_prior + entropy""",
        optimal_discriminator="""    log_odds = torch.where(p + q > 0, p.log() - q.log(), torch.zeros_like(p))
    return torch.sigmoid(log_odds)""",
        jensen_shannon="""    def entropy(p):
        return -(p * torch.where(p > 0, p, torch.ones_like(p)).log()).sum(-1)

    return entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2""",
        game_value="""    return 2 * jensen_shannon(p, q) - 2 * math.log(2)""",
    ),
    file=FILE,
)

PRECISIONS = Variant(
    "6.precisions",  # Bayes' rule with precisions, and the steps of a walk as a matrix
    answers(
        log_evidence="""    D, K = W.shape
    M = s2 * torch.eye(K).to(W) + W.T @ W
    centred = x - b
    projected = centred @ W
    distance = (centred.square().sum(1) - (projected @ torch.linalg.inv(M) * projected).sum(1)) / s2
    logdet = torch.logdet(M) + (D - K) * torch.log(s2)
    return -(D * math.log(2 * math.pi) + logdet + distance) / 2""",
        true_posterior="""    K, D = W.shape[1], W.shape[0]
    joint = torch.cat([torch.cat([torch.eye(K).to(W), W.T], 1), torch.cat([W, W @ W.T + s2 * torch.eye(D).to(W)], 1)])
    gain = torch.linalg.solve(joint[K:, K:], joint[K:, :K]).T
    return (x - b) @ gain.T, joint[:K, :K] - gain @ joint[K:, :K]""",
        posterior="""    bars = torch.cat([torch.ones(1).to(betas), torch.cumprod(1 - betas, dim=0)])
    beta, before = betas[t - 1], bars[t - 1]
    variance = 1 / ((1 - beta) / beta + 1 / (1 - before))
    weights = variance * before.sqrt() / (1 - before), variance * (1 - beta).sqrt() / beta
    shape = [len(t)] + [1] * (x_t.dim() - 1)
    first = (t == 1).view(shape)
    mean = torch.where(first, x_0, weights[0].view(shape) * x_0 + weights[1].view(shape) * x_t)
    return mean, variance""",
        random_walk_covariance="""    steps = torch.tril(torch.ones(n, n))
    return s**2 * steps @ steps.T""",
        random_walk_precision="""    differences = torch.eye(n) - torch.diag(torch.ones(n - 1), -1)
    return differences.T @ differences / s**2""",
    ),
    file=FILE,
)
